/*
 * One request from its head to the application: what the server settles itself, and the queue of
 * what is left.
 *
 * Knows requests, not connections and not threads.
 */
#pragma once

#include "serve/static.h"

#include <stdatomic.h>

struct bask_pipeline {
    struct bask_link ready;    /* requests that wait for an application thread, oldest first */
    _Atomic unsigned queued;   /* how many; written with the worker's lock, read without */
    struct bask_static *files; /* what is answered with files; NULL: nothing. Another's */
};

/* How many requests wait, for those that do not have the lock. */
static inline unsigned
bask_pipeline_queued(const struct bask_pipeline *pipeline)
{
    return atomic_load_explicit(&pipeline->queued, memory_order_relaxed);
}

void bask_pipeline_init(struct bask_pipeline *pipeline);
/* A request whose head is complete, and its body as far as it is buffered. False: it is answered
 * already, and gone. */
bool bask_pipeline_submit(struct bask_pipeline *pipeline, struct bask_req *req);
/* Takes one out that waits. */
void bask_pipeline_withdraw(struct bask_pipeline *pipeline, struct bask_req *req);
/* The oldest request that waits; NULL if none does. */
struct bask_req *bask_pipeline_take(struct bask_pipeline *pipeline);
