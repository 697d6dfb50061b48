/*
 * Requests of the server's own making, through the path of real ones: the same glue, and memory
 * instead of a socket. In a process that has loaded the application and does not serve yet.
 *
 *   proof     --ready-url has to answer, or this version does not take over
 *   warm-up   the application's requests in turn, until their cost has settled or the budget is
 *             spent, with the runtime told to compile eagerly
 *   worker    some of them again in a new worker, which takes the page faults after a fork on it
 */
#pragma once

#include "proc/heritage.h"

/* Whether bask_warmup_run has anything to do. */
bool bask_warmup_is_wanted(const struct bask_heritage *heritage);

/* Proof and warm-up, in the thread that loaded the application. `cautious`: an earlier try of the
 * same crashed, compile as for serving. An enum bask_exit; what is wrong was logged. */
int bask_warmup_run(struct bask_heritage *heritage, unsigned generation, bool cautious);

/* In worker `id`, after post_fork and before it accepts. Does nothing in a process that warmed up
 * itself. */
void bask_warmup_worker(struct bask_heritage *heritage, uint32_t id);

/* Tells the application host, if it wants to know. What bask_plugin.stage says. */
int64_t bask_warmup_stage(const struct bask_plugin *plugin, enum bask_stage stage);
