/*
 * The application threads of a worker, and who of them runs the event loop.
 *
 * An idle thread that asks for work leads: it runs the loop until a request is ready and takes that
 * request itself, with no hand-over and no wake-up. Other idle threads wait behind it. When the
 * leader leaves with a request, nobody leads: most requests are over in microseconds, and waking
 * another thread would cost more than it gains. A small C thread, the patrol, looks twice a
 * millisecond whether that was so. If not, it wakes an idle thread to lead, or, where every thread
 * is inside the application, does the loop's work itself, so that uploads, slow clients and
 * time-outs never wait for an application. When the worker is idle the patrol sleeps.
 *
 * The crew's lock guards everything in the worker that is not one thread's own: loop, connections,
 * pipeline. It is free while the leader waits in the kernel.
 */
#pragma once

#include "loop/loop.h"
#include "serve/pipeline.h"

struct bask_crew;

/* What the loop's work is; the first two are called with the lock held. */
struct bask_crew_work {
    bool (*dispatch)(void *context); /* one piece of work; false: none is ready */
    void (*waited)(void *context);   /* the loop has waited: look at signals */
    void *context;
    /* The patrol looked around, and `queued` requests wait for a thread; the last call before it
     * goes to sleep, because the worker is idle, says so. Without the lock. NULL: nobody asks. */
    void (*looked)(void *context, unsigned queued, bool idle);
};

/* NULL: out of memory, or no thread could be started. */
struct bask_crew *bask_crew_new(struct bask_loop *loop, struct bask_pipeline *pipeline,
                                const struct bask_crew_work *work);
/* All application threads have left. */
void bask_crew_free(struct bask_crew **crew);

/* The next request for the calling thread; NULL once the crew was stopped. Where an idle moment was
 * asked for, NULL may also mean that it has come: ret_idle. */
struct bask_req *bask_crew_next(struct bask_crew *crew, bool *ret_idle);
/* Asks for one idle moment: after `requests` more were taken, and then none was inside or waited
 * for `after_ms`. Replaces what was asked before. With the lock held. */
void bask_crew_watch_idle(struct bask_crew *crew, int after_ms, unsigned long requests);
/* A request that bask_crew_next gave has been answered. With the lock held. */
void bask_crew_done(struct bask_crew *crew);
/* No further requests; those that are being answered go on. With the lock held. */
void bask_crew_stop(struct bask_crew *crew);
/* In a copy of the process that the application has forked: nobody leads, nobody looks after the
 * loop, and there are no requests. With the lock held. */
void bask_crew_forsake(struct bask_crew *crew);
/* Threads that are inside the application now. With the lock held. */
unsigned bask_crew_busy(const struct bask_crew *crew);

void bask_crew_lock(struct bask_crew *crew);
void bask_crew_unlock(struct bask_crew *crew);
