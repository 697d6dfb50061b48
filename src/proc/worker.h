/*
 * A worker: the process that answers requests.
 */
#pragma once

#include "proc/heritage.h"

#include <signal.h>

/* Makes the plugin's functions usable in this process before it is a worker: logging, options,
 * information, no requests. Then loads the runtime and the application. `replaces`: another
 * generation is serving, and one whose application fails to load must not take over from it. An
 * enum bask_exit. */
int bask_worker_prepare(struct bask_heritage *heritage, bool replaces);

/* Holds the signals that a worker answers back until bask_worker_run can take them. */
void bask_worker_block_signals(sigset_t *ret_before);

/* Serves as worker `id` until told to stop. An enum bask_exit. */
int bask_worker_run(struct bask_heritage *heritage, uint32_t id);
