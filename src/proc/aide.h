/*
 * A mule or a spooler: a process that has the application and answers no requests. What it does is
 * the plugin's; here is what comes before and after.
 */
#pragma once

#include "proc/heritage.h"

/* Runs as this one (from 0) of heritage->aides, in this of its places. An exit status. */
int bask_aide_run(struct bask_heritage *heritage, uint32_t index, uint32_t side);
