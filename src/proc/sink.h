/*
 * Where answers to requests of the server's own making go: memory instead of a socket. Reads an
 * application's head as a connection does, keeps the status and how the body begins, and forgets
 * the rest.
 */
#pragma once

#include "req/request.h"

struct bask_sink {
    bool open;       /* a request is being answered */
    bool failed;     /* the application raised */
    unsigned status; /* of the last answer; 0: none that could be read */
    char start[120]; /* how its body begins */
    size_t start_len;
    struct bask_head_memo heads;
};

/* Lets the sink take the answer to `req`. */
void bask_sink_attach(struct bask_sink *sink, struct bask_req *req);
