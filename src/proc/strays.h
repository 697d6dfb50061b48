/*
 * Processes that the application forks: os.fork(), multiprocessing.
 *
 * Such a child is a copy of the worker, or of the zygote, in the middle of its work. It gets none
 * of the server's: listening sockets and connections are closed in it, so that clients and
 * successors do not wait for it; signals are again as they were, so that it can be ended; requests
 * answer as if their clients had left, and there are no more of them. The parent never notices.
 */
#pragma once

#include "loop/loop.h"
#include "plugin/crew.h"
#include "proc/heritage.h"

/* What the process has besides its listening sockets; NULL, 0: nothing of the kind. */
struct bask_strays_parts {
    struct bask_crew *crew;
    struct bask_net *net;
    void (*forsake)(void *context); /* with the crew's lock, between fork(2) and its return */
    void *context;
};

/* Once in a process that will load an application. */
int bask_strays_set_up(struct bask_listeners *listeners);
/* From now on the process has these; what they point to lives until the next call. */
void bask_strays_have(struct bask_strays_parts parts);
/* Forks from now on are the server's own (true), or the application's again. */
void bask_strays_ours(bool ours);
