/*
 * One request, as a plugin sees it: read-only data, whatever protocol brought it.
 *
 * Every view lives until the request is answered (respond, finish or abort of struct bask_host) and
 * not a moment longer. Text is what the client sent: bytes, not checked to be in any encoding
 * (PEP 3333 calls for latin-1).
 */
#pragma once

#include <bask/environ_keys.h>
#include <bask/str.h>

#include <stdint.h>

/* A variable of the request. `key` is its CGI name ("HTTP_X_TRACE") and is filled only when
 * `key_id` is BASK_KEY_UNKNOWN; otherwise the number stands for it. */
struct bask_pair {
    bask_str key;
    bask_str value;
    int32_t key_id; /* enum bask_environ_key */
};

enum bask_protocol { BASK_PROTOCOL_OTHER = -1, BASK_PROTOCOL_HTTP_1_0, BASK_PROTOCOL_HTTP_1_1 };

struct bask_request {
    uint32_t size;         /* of this struct, as the host was built */
    int32_t method_id;     /* enum bask_method */
    int32_t protocol_id;   /* enum bask_protocol */
    int32_t listener_id;   /* index of the listening socket: 0, 1, ... */
    bask_str method;       /* "GET" */
    bask_str uri;          /* the request target as sent, not decoded: "/a%20b?c=d" */
    bask_str path;         /* PATH_INFO: decoded, dot segments removed: "/a b" */
    bask_str query;        /* after the first '?', not decoded; empty if there was none */
    bask_str script_name;  /* SCRIPT_NAME, empty unless a gateway in front sent one */
    bask_str protocol;     /* "HTTP/1.1" */
    bask_str scheme;       /* "http" or "https" */
    bask_str server_name;  /* empty: use the listener's */
    bask_str server_port;  /* empty: use the listener's */
    bask_str remote_addr;  /* of the client; empty on a unix socket with no gateway's word for it */
    bask_str remote_port;  /* decimal; may be empty */
    bask_str content_type; /* absent (ptr NULL) if the client sent none */
    bask_str host;         /* HTTP_HOST; absent if the client sent none; never among the pairs */
    int64_t content_length; /* bytes; -1: chunked, the end is known only when it comes */
    int32_t has_length;     /* 1 if the client stated CONTENT_LENGTH (it may state 0) */
    int32_t uri_is_path;    /* 1 if uri and path are the same bytes */
    uint32_t peer_slot;     /* a small number for the connection, reused by later connections */
    int32_t peer_is_new;    /* 1 on the first of a connection that the application gets */
    uint32_t pair_count;
    int32_t is_plain;              /* 1: a method with a number, HTTP/1.1, and no query */
    const struct bask_pair *pairs; /* in the order in which they came; doubled names stay doubled */
    /* The field lines as they came. The same bytes as in the previous request of the connection
     * mean the same pairs, host, content_type and content_length; other bytes may also mean another
     * remote_addr, remote_port, scheme and server_port, where a proxy is in front. Absent where a
     * protocol has none.
     */
    bask_str fields;
    bask_str body;     /* the part of the body that is already in memory, decoded */
    int64_t body_left; /* bytes still to be read beyond `body`; -1: unknown (chunked) */
    /* Not 0: all of the body has come and is in this file, `body` is empty, and body_left is the
     * body's size. Whoever reads it by pread(2) may go back and forth; read_body works, too. */
    int32_t body_fd;
};
