/*
 * --worker-exec: workers are another program, which gets the listening sockets. The server binds
 * them, starts as many as it shall, replaces those that end, and reloads; what the program does
 * with requests it neither knows nor limits.
 */
#pragma once

#include "proc/heritage.h"

/* Stands for the application where there is none. */
extern const struct bask_plugin bask_program_plugin;

bool bask_program_is_wanted(const struct bask_process_options *options);

/* The calling process, a worker, becomes the program. Returns, an enum bask_exit, only if it
 * cannot.
 */
int bask_program_run(struct bask_heritage *heritage, struct bask_seat seat);
