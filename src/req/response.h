/*
 * A response as data: what the application's head says, and how its body will be framed
 * (RFC 9112 6). No I/O: the connection asks what to send and sends it.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

/* How the end of the body is told. */
enum bask_framing {
    BASK_FRAMING_NONE,    /* there is no body: HEAD, 1xx, 204, 304 */
    BASK_FRAMING_LENGTH,  /* Content-Length */
    BASK_FRAMING_CHUNKED, /* HTTP/1.1, length unknown */
    BASK_FRAMING_CLOSE,   /* the connection ends with it */
};

/* What the request and its connection allow. */
struct bask_response_traits {
    bool is_head;    /* the method was HEAD */
    bool http_1_0;   /* the client speaks 1.0 */
    bool keep_alive; /* the connection could go on */
    bool chunked;    /* the connection's protocol knows the chunked coding */
    bool own_date;   /* Date is ours to add */
    bool tells_end;  /* not by a field: the end of a body, and what becomes of the connection */
};

/* What a head says, apart from any request. */
struct bask_head_facts {
    unsigned status;
    bool has_length; /* it states Content-Length */
    bool has_date;
    bool has_connection;
    bool says_close; /* "Connection: close" */
    int64_t length;  /* of Content-Length; -1 without one */
};

struct bask_response {
    bask_str head; /* as the application gave it: "200 OK\r\n" and lines */
    unsigned header_count;
    struct bask_head_facts facts;
    enum bask_framing framing;
    bool keep_alive;
    bool begun;     /* plan was made */
    bool head_sent; /* bytes of the head were handed to the network */
    int64_t length; /* bytes of body that will go out; -1: unknown */
    int64_t taken;  /* bytes of body that the application has given so far */
};

/*
 * Reads the application's head. `known_length`: the size of the whole body, -1 if it comes in
 * pieces. 0, or BASK_E_SYNTAX: not "DDD reason\r\n" and then exactly `count` lines "name:
 * value\r\n" of legal bytes (a value with a line break in it changes the count: no header can be
 * smuggled in), a Content-Length that is no number or stands twice, or a Transfer-Encoding, which
 * is the server's.
 */
int bask_response_plan(struct bask_response *response, const struct bask_response_traits *traits,
                       bask_str head, unsigned count, int64_t known_length);

/* Heads that were read before, and what they say: most responses of an application repeat one of a
 * few heads to the byte, and comparing is several times cheaper than reading. All zero at first. */
struct bask_head_memo {
    struct {
        char bytes[256];
        size_t len;
        unsigned count;
        struct bask_head_facts facts;
    } entries[8];
};

/* The same, remembering heads in `memo`. */
int bask_response_plan_memo(struct bask_response *response,
                            const struct bask_response_traits *traits, bask_str head,
                            unsigned count, int64_t known_length, struct bask_head_memo *memo);

/* Room that bask_response_finish_head needs. */
#define BASK_RESPONSE_TAIL 160

/* Writes the lines that the server adds, and the empty line. `date` is "Date: ...\r\n". */
size_t bask_response_finish_head(const struct bask_response *response,
                                 const struct bask_response_traits *traits, bask_str date,
                                 char out[static BASK_RESPONSE_TAIL]);

/* The part of `data` that may still go out: nothing of it if there is no body, not more than
 * Content-Length allows. Counts the whole of it as taken. */
bask_str bask_response_take(struct bask_response *response, bask_str data);

/* True if the application gave fewer bytes than Content-Length promised. */
bool bask_response_is_short(const struct bask_response *response);
