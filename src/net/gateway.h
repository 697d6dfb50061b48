/*
 * Variables that a gateway sends in place of a request line and fields: the uwsgi protocol, FastCGI
 * and SCGI have them in common. Private to net/.
 */
#pragma once

#include "net/conn.h"

/* What a gateway's administrator says counts more than what the gateway sees, wherever among the
 * variables it stands: behind a proxy that ends TLS, REQUEST_SCHEME is http. */
enum bask_scheme_rank {
    BASK_SCHEME_NONE,
    BASK_SCHEME_OF_REQUEST,
    BASK_SCHEME_OF_HTTPS,
    BASK_SCHEME_OF_USER,
};

/* One variable becomes a part of the request. `rank` is BASK_SCHEME_NONE before the first. 0 or a
 * bask_err: BASK_E_SYNTAX is a malformed CONTENT_LENGTH. */
int bask_gateway_take(struct bask_req *req, bask_str key, bask_str value,
                      enum bask_scheme_rank *rank);
/* Behind the last one: numbers for names, and what the connection knows. */
void bask_gateway_complete(struct bask_conn *conn, struct bask_req *req);
/* A gateway that knows nothing of the place of an application sends no PATH_INFO: then it is the
 * path of the target. 0, BASK_E_SYNTAX (the target), BASK_E_NOMEM. */
int bask_gateway_find_path(struct bask_req *req);

/* The connection ends, with a word about it in the log. Both are literals. -1. */
#define BASK_GATEWAY_DROP(conn, protocol, why)                                                     \
    bask_gateway_drop(conn, protocol ": " why "; the connection is closed")
int bask_gateway_drop(struct bask_conn *conn, const char *sentence);
