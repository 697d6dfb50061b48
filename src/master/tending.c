/* Now and then the master looks after what processes share: what has expired goes out of caches. */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"

#include <stdlib.h>

struct tending {
    struct bask_loop *loop;
    struct bask_timer timer;
    const struct bask_shared *shared;
    int64_t interval_us;
    bool reports;
};

static void
on_due(struct bask_timer *timer)
{
    struct tending *tending = BASK_CONTAINER(timer, struct tending, timer);
    uint32_t gone = bask_caches_tend(&tending->shared->caches);
    if (gone && tending->reports)
        bask_log(BASK_LOG_INFO, "freed %u cache items", gone);
    bask_loop_timer_start(tending->loop, timer, tending->interval_us);
}

int
tending_init(struct master *master)
{
    const struct bask_shared *shared = master->plan->shared;
    if (!shared || !shared->caches.count)
        return BASK_OK;
    struct tending *tending = calloc(1, sizeof *tending);
    if (!tending)
        return BASK_E_NOMEM;
    *tending = (struct tending){
        .loop = master->loop,
        .timer.on_due = on_due,
        .shared = shared,
        .interval_us = master->plan->shared_options->cache.expire_freq * 1000000,
        .reports = master->plan->shared_options->cache.report_freed,
    };
    master->tending = tending;
    bask_loop_timer_start(tending->loop, &tending->timer, tending->interval_us);
    return BASK_OK;
}

void
tending_free(struct tending **tending)
{
    if (!*tending)
        return;
    bask_loop_timer_stop(&(*tending)->timer);
    free(*tending);
    *tending = NULL;
}
