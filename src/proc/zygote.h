/*
 * The zygote: loads the runtime and the application once, then makes workers on command.
 *
 * It is the only process that forks workers, and it forks by the runtime's own means, so that every
 * at-fork hook of the application runs. Workers inherit the loaded application and its machine
 * code.
 */
#pragma once

#include "proc/heritage.h"

/* Runs the zygote of generation `generation`; `channel` leads to the master. Returns an enum
 * bask_exit: of the zygote, or, in a process that it forked, of the worker. */
int bask_zygote_run(struct bask_heritage *heritage, int channel, unsigned generation);
