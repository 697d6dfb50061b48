/*
 * The zygote: loads the runtime and the application once, then makes workers on command.
 *
 * It is the only process that forks workers, and it forks by the runtime's own means, so that every
 * at-fork hook of the application runs. Workers inherit the loaded application and its machine
 * code.
 */
#pragma once

#include "ipc/orders.h"
#include "proc/heritage.h"

/* Runs a zygote. Returns an enum bask_exit: of the zygote, or, in a process that it forked, of the
 * worker. */
int bask_zygote_run(struct bask_heritage *heritage, const struct bask_zygote_orders *orders);
