/*
 * Makes requests from a list, in turn, one at a time, and lets the application answer them: the
 * application threads' own crew, with the list where the network would be.
 */
#pragma once

#include "proc/heritage.h"
#include "proc/sink.h"
#include "proc/steady.h"
#include "req/replay.h"

/* What was answered. */
struct bask_rehearsal_sum {
    uint64_t requests;
    uint64_t statuses[6]; /* by their hundreds; [0]: none */
    uint64_t failures;    /* the application raised */
};

/* What the requests cost, window by window. */
struct bask_rehearsal_meter {
    struct bask_steady steady;
    uint64_t windows, first_ns, last_ns; /* processor time of a request */
    bool settled;
};

struct bask_rehearsal {
    struct bask_heritage *heritage;
    const struct bask_replay *replay;
    size_t first;       /* the item to begin with */
    uint64_t limit;     /* requests; 0: none */
    int64_t until_us;   /* no request begins after this; monotonic */
    int64_t hung_us;    /* a request that is not done by then never will be: on_hung */
    uint32_t worker_id; /* 0 in a zygote */
    struct bask_rehearsal_meter *meter; /* NULL: do not measure, do not look for an end */
    void (*on_hung)(const struct bask_rehearsal *rehearsal, const struct bask_replay_item *item);

    struct bask_rehearsal_sum sum; /* of this run */
    struct bask_sink sink;         /* the last answer */
};

/* Runs it in the calling thread, which is the one that loaded the application. The host is the
 * rehearsal's while it runs; the caller sets it up anew. 0 or BASK_E_NOMEM. */
int bask_rehearsal_run(struct bask_rehearsal *rehearsal);
