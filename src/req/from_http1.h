/*
 * From the head of an HTTP/1 request to a request. What is not in the head (the listening socket,
 * the client's address, which connection it is) is the caller's to fill in.
 */
#pragma once

#include "proto/http1.h"
#include "req/request.h"

/* `end` is the first byte after the head. The request's views point where the head's do, or into
 * its arena. 0, BASK_E_SYNTAX (the target), BASK_E_LIMIT (too many fields) or BASK_E_NOMEM. */
int bask_req_from_http1(struct bask_req *req, const struct bask_http1_head *head, const char *end);
