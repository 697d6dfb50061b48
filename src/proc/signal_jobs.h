/*
 * The signals of applications in a worker: from its box (svc/signals.h) to jobs in the pipeline.
 *
 * Those that threads can be at are jobs; the others wait in the box, from where the master raises
 * them again should the worker end, in whatever way. All functions are called with the worker's
 * lock held, unless said otherwise.
 */
#pragma once

#include "loop/loop.h"
#include "plugin/host.h"
#include "serve/pipeline.h"
#include "svc/signals.h"

struct bask_signal_jobs;

/* So many are jobs at a time: as many as there are threads. NULL: out of memory. */
struct bask_signal_jobs *bask_signal_jobs_new(struct bask_loop *loop,
                                              struct bask_pipeline *pipeline,
                                              struct bask_signal_box *box, uint32_t most);
/* In a copy of this process that the application has forked: what waits is not the copy's. */
void bask_signal_jobs_forsake(struct bask_signal_jobs *jobs);
/* Numbers whose handlers have not begun go back into the box. `*jobs` may be NULL. */
void bask_signal_jobs_free(struct bask_signal_jobs **jobs);
/* There may be something in the box. `jobs` may be NULL. */
void bask_signal_jobs_look(struct bask_signal_jobs *jobs);

/* For a thread inside a request that waits for a number. While one does, it gets them all, as there
 * may be no other that is idle. `take`: BASK_E_NOTFOUND, there is none yet, and *ret_turn is for
 * `wait`; BASK_E_CLOSED, there will be none. `wait`: until there may be one, not for long at once.
 */
struct bask_host_signals bask_signal_jobs_for_host(struct bask_signal_jobs *jobs);
/* The worker shall end: nobody waits any longer. `jobs` may be NULL. */
void bask_signal_jobs_close(struct bask_signal_jobs *jobs);
