/*
 * Writes down what kinds of requests are served, as req/replay.h reads them: each method, path and
 * set of query names once, whichever worker it comes to and however often the server was started.
 *
 * What could be a credential stays out (cookies, tokens, keys, in fields as well as in queries),
 * and so do clients' addresses and bodies, unless all is asked for.
 */
#pragma once

#include "req/request.h"

struct bask_recorder;

struct bask_recorder_options {
    bask_str path; /* ends in NUL */
    uint32_t max;  /* kinds of requests, those in the file included */
    bool all;
};

/* Opens the file, which only its owner can read if it is new, and learns what it holds. To be
 * called before workers are forked, who share what is known. NULL with one sentence in `error`. */
struct bask_recorder *bask_recorder_open(const struct bask_recorder_options *options, char *error,
                                         size_t error_size);
/* A request on its way to the application. */
void bask_recorder_note(struct bask_recorder *recorder, const struct bask_req *req);
void bask_recorder_close(struct bask_recorder **recorder);
