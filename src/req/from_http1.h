/*
 * From the head of an HTTP/1 request to a request. What is not in the head (the listening socket,
 * the client's address, which connection it is) is the caller's to fill in.
 */
#pragma once

#include "proto/http1.h"
#include "req/request.h"

/* A field name with an underscore becomes the variable that the same name with a dash becomes. */
enum bask_underscores {
    BASK_UNDERSCORES_DROP,   /* the field */
    BASK_UNDERSCORES_REFUSE, /* the request */
    BASK_UNDERSCORES_ALLOW,  /* the field, but refuse the request if two fields collide */
};

/* `end` is the first byte after the head. The request's views point where the head's do, or into
 * its arena. 0, BASK_E_SYNTAX, with the reason in *head, or BASK_E_NOMEM. */
int bask_req_from_http1(struct bask_req *req, struct bask_http1_head *head, const char *end,
                        enum bask_underscores underscores);
