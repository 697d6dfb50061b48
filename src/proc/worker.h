/*
 * A worker: the process that answers requests.
 */
#pragma once

#include "proc/heritage.h"

#include <signal.h>

/* Opens the log again if the master has told to since this process last did. */
void bask_worker_follow_log(struct bask_heritage *heritage);

/* Holds the signals that a worker answers back until bask_worker_run can take them. */
void bask_worker_block_signals(sigset_t *ret_before);

/* Signals end the process from now on, those that were held back too: the application has it. */
void bask_worker_let_signals_end(void);

/* Serves in this place until told to stop. With lazy_apps it loads the application first. An enum
 * bask_exit. */
int bask_worker_run(struct bask_heritage *heritage, struct bask_seat seat);
