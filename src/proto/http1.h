/*
 * HTTP/1.x request heads (RFC 9112 2-7, RFC 9110): bytes in, views out.
 *
 * Strict: what RFC 9112 calls an error is one, and what it lets a server repair is refused too.
 * The parser never reads a socket, allocates nothing and keeps nothing between calls. The same
 * function serves production, unit tests, fuzzers and benchmarks.
 */
#pragma once

#include "base/str.h"

#include <bask/environ_keys.h>

#include <stdint.h>

#define BASK_HTTP1_MAX_HEADERS 128

/* Why a head was refused: symbol, status to answer, sentence for the log, RFC paragraph. */
#define BASK_HTTP1_REASONS(X)                                                                      \
    X(METHOD, 400, "malformed method", "RFC 9112 3.1")                                             \
    X(TARGET, 400, "malformed request target", "RFC 9112 3.2")                                     \
    X(VERSION, 400, "malformed version", "RFC 9112 2.3")                                           \
    X(VERSION_UNSUPPORTED, 505, "unsupported HTTP version", "RFC 9110 15.6.6")                     \
    X(LINE_END, 400, "line does not end in CRLF", "RFC 9112 2.2")                                  \
    X(FIELD_NAME, 400, "malformed field name", "RFC 9112 5.1")                                     \
    X(FIELD_VALUE, 400, "control byte in a field value", "RFC 9110 5.5")                           \
    X(FOLDED, 400, "folded header line", "RFC 9112 5.2")                                           \
    X(HOST_MISSING, 400, "no Host", "RFC 9112 3.2")                                                \
    X(HOST_DOUBLED, 400, "more than one Host", "RFC 9112 3.2")                                     \
    X(HOST_MALFORMED, 400, "malformed Host", "RFC 9110 7.2")                                       \
    X(LENGTH_MALFORMED, 400, "malformed Content-Length", "RFC 9112 6.3")                           \
    X(LENGTH_DOUBLED, 400, "more than one Content-Length", "RFC 9112 6.3")                         \
    X(LENGTH_AND_CODING, 400, "Content-Length and Transfer-Encoding", "RFC 9112 6.1")              \
    X(CODING_MALFORMED, 400, "Transfer-Encoding does not end in chunked", "RFC 9112 6.3")          \
    X(CODING_UNSUPPORTED, 501, "unsupported transfer coding", "RFC 9112 6.1")                      \
    X(CODING_IN_1_0, 400, "Transfer-Encoding in HTTP/1.0", "RFC 9112 6.1")                         \
    X(EXPECTATION, 417, "unknown expectation", "RFC 9110 10.1.1")                                  \
    X(TOO_MANY_FIELDS, 431, "too many header fields", "RFC 6585 5")                                \
    X(HEAD_TOO_LARGE, 431, "request head too large", "RFC 6585 5")                                 \
    X(CONNECT, 405, "CONNECT is for proxies", "RFC 9110 9.3.6")                                    \
    X(UNDERSCORE, 400, "field name with an underscore", "RFC 3875 4.1.18")                         \
    X(LENGTH_REQUIRED, 411, "a body without Content-Length", "RFC 9110 15.5.12")                   \
    X(TARGET_TOO_LONG, 414, "request target too long", "RFC 9110 15.5.15")

enum bask_http1_reason {
    BASK_HTTP1_OK = 0,
#define X(symbol, status, text, rfc) BASK_HTTP1_##symbol,
    BASK_HTTP1_REASONS(X)
#undef X
};

int bask_http1_reason_status(enum bask_http1_reason reason);
/* "malformed Host (RFC 9110 7.2)" */
const char *bask_http1_reason_text(enum bask_http1_reason reason);

struct bask_http1_field {
    bask_str name;
    bask_str value; /* without white space at the ends */
    int key_id;     /* enum bask_environ_key */
};

struct bask_http1_head {
    bask_str method;
    int method_id;   /* enum bask_method */
    bask_str target; /* as sent */
    bask_str path;  /* of the target, not decoded; "*" for OPTIONS *, "" for CONNECT, else it starts
                       with '/'; never absent */
    bask_str query; /* after the first '?'; {NULL, 0} if there is none */
    bask_str authority; /* of absolute- and authority-form: it overrides Host (RFC 9112 3.2.2) */
    int minor;          /* HTTP/1.minor, 0 or 1; a higher minor is treated as 1 (RFC 9110 2.5) */
    bool keep_alive;
    bool chunked;
    bool has_length;
    bool expects_continue;
    bool upgrade;           /* "Connection: upgrade" and an Upgrade field */
    int64_t content_length; /* 0 if not stated */
    uint32_t count;
    unsigned leniency;             /* with which it was parsed */
    enum bask_http1_reason reason; /* why -1 was returned */
    struct bask_http1_field fields[BASK_HTTP1_MAX_HEADERS];
};

/*
 * Parses one request head at the start of buf.
 *
 * > 0  its length, up to and with the empty line; *ret_head is filled, its views point into buf
 * -1   refused; ret_head->reason says why, the rest of *ret_head is undefined
 * -2   not complete yet; call again with more. `seen` is the len of the previous call with the same
 *      bytes (0 at first), so that a head that comes byte by byte is not parsed from its start
 *      each time. A defect before the end of the head may be reported at once or at the end.
 *
 * Empty lines (CRLF) before the request line are skipped (RFC 9112 2.2) and counted in the length.
 */
int bask_http1_parse_as(const char *buf, size_t len, size_t seen, unsigned leniency,
                        struct bask_http1_head *ret_head);

/* What RFC 9112 lets a server repair, for clients that cannot be. */
enum {
    BASK_HTTP1_BARE_LF = 1, /* a line may end in LF (2.2); chunks and trailers may not */
    BASK_HTTP1_NO_HOST = 2, /* HTTP/1.1 without Host (3.2) */
};

static inline int
bask_http1_parse(const char *buf, size_t len, size_t seen, struct bask_http1_head *ret_head)
{
    return bask_http1_parse_as(buf, len, seen, 0, ret_head);
}

/*
 * Replaces the line ends of folded header lines in a head by spaces (RFC 9112 5.2), so that a head
 * that was refused as FOLDED can be parsed again, from its start. A first header line that begins
 * with white space stays, and is refused (2.2). False: nothing was folded.
 */
bool bask_http1_unfold(char *buf, size_t len);
