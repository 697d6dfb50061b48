/*
 * FastCGI's records (version 1): the side of an application that answers requests one at a time.
 *
 *   0 u8 version=1 | 1 u8 type | 2 u16be id | 4 u16be length | 6 u8 padding | 7 u8 reserved |
 * content
 *
 * A request is BEGIN, then PARAMS records and an empty one, then STDIN records and an empty one.
 * Records of other requests between them are passed over: one connection carries one at a time.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

enum {
    BASK_FASTCGI_HEADER = 8,
    BASK_FASTCGI_END = 16,      /* bytes of an END_REQUEST record */
    BASK_FASTCGI_MOST = 65528,  /* content of a record, without need for padding */
    BASK_FASTCGI_STRAYS = 4,    /* requests that are begun in vain while another one is read */
    BASK_FASTCGI_ANSWER = 264,  /* bytes of an answer to GET_VALUES at most */
    BASK_FASTCGI_RESPONDER = 1, /* the role of an application */
};

enum bask_fastcgi_type {
    BASK_FASTCGI_BEGIN_REQUEST = 1,
    BASK_FASTCGI_ABORT_REQUEST,
    BASK_FASTCGI_END_REQUEST,
    BASK_FASTCGI_PARAMS,
    BASK_FASTCGI_STDIN,
    BASK_FASTCGI_STDOUT,
    BASK_FASTCGI_STDERR,
    BASK_FASTCGI_DATA,
    BASK_FASTCGI_GET_VALUES,
    BASK_FASTCGI_GET_VALUES_RESULT,
    BASK_FASTCGI_UNKNOWN_TYPE,
};

/* protocolStatus of END_REQUEST */
enum bask_fastcgi_status {
    BASK_FASTCGI_COMPLETE,
    BASK_FASTCGI_CANNOT_MULTIPLEX,
    BASK_FASTCGI_OVERLOADED,
    BASK_FASTCGI_UNKNOWN_ROLE,
};

/* Requests that were begun while another one was read: each is to be told that it cannot be. */
struct bask_fastcgi_strays {
    uint16_t ids[BASK_FASTCGI_STRAYS];
    unsigned count;
};

enum bask_fastcgi_kind {
    BASK_FASTCGI_REQUEST,    /* a request up to its body */
    BASK_FASTCGI_MANAGEMENT, /* a record about the connection: `type` and `params`, its content */
    BASK_FASTCGI_NOTHING,    /* a record of a request that is over */
    BASK_FASTCGI_ABORTED,    /* a request that was taken back before its body */
    BASK_FASTCGI_OTHER_ROLE, /* the begin of a request that is not for a responder */
};

/* What stands at the front of a connection's input. All zero at first; it remembers where parsing
 * goes on. */
struct bask_fastcgi_head {
    enum bask_fastcgi_kind kind;
    uint8_t type;
    uint16_t id;   /* 0: none yet */
    bool keep;     /* the connection stays open after the answer */
    bool no_body;  /* the empty STDIN record follows directly, and is used up */
    size_t next;   /* offset of the record that is looked at next */
    size_t params; /* bytes of PARAMS content */
    bool params_ended;
    struct bask_fastcgi_strays strays;
};

/* > 0: so many bytes are a thing of head->kind; -1: no FastCGI; -2: more is needed, call again with
 * the same head and the same bytes at the front. */
int bask_fastcgi_parse(const char *buf, size_t len, struct bask_fastcgi_head *head);

/* Puts the contents of the PARAMS records of a request of `len` bytes one behind the other; `out`
 * has room for head->params bytes. */
void bask_fastcgi_gather(const char *buf, size_t len, const struct bask_fastcgi_head *head,
                         char *out);

/* Takes the first name and value off *params: 1 one was taken, 0 none is left, -1 malformed. */
int bask_fastcgi_next(bask_str *params, bask_str *ret_name, bask_str *ret_value);

/* The place in a request's body. All zero but `id` at first. */
struct bask_fastcgi_body {
    uint16_t id;
    char header[BASK_FASTCGI_HEADER]; /* of the record, as far as it has come */
    uint8_t have;                     /* bytes of it */
    uint16_t content;                 /* to come */
    uint8_t padding;                  /* to come behind that */
    bool aborted;                     /* the request was taken back */
    int64_t total;                    /* bytes of body so far */
    struct bask_fastcgi_strays strays;
};

/* Decodes in place: buf[0..*ret_data) is body. >= 0: the body has ended after so many bytes of
 * input; -1: malformed, or the request was taken back; -2: more is to come. */
int64_t bask_fastcgi_decode(struct bask_fastcgi_body *body, char *buf, size_t len,
                            size_t *ret_data);

/* The header of a record of `length` bytes, at most BASK_FASTCGI_MOST. */
void bask_fastcgi_header(char out[static BASK_FASTCGI_HEADER], enum bask_fastcgi_type type,
                         uint16_t id, size_t length);
/* A whole END_REQUEST record. */
void bask_fastcgi_end(char out[static BASK_FASTCGI_END], uint16_t id,
                      enum bask_fastcgi_status status);
/* The answer to a management record: its bytes. Of GET_VALUES, to those names that are known. */
size_t bask_fastcgi_answer(char out[static BASK_FASTCGI_ANSWER], uint8_t type, bask_str content,
                           unsigned most_connections);
