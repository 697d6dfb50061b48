/*
 * The master: keeps the listening sockets open, a zygote alive and every worker running.
 *
 * Small on purpose: it serves no request and never loads an interpreter. It speaks to zygotes by
 * ipc/channel.h and to workers by signals.
 *
 *   SIGINT, SIGQUIT            stop at once: requests get a second to end
 *   SIGTERM                    the same with die_on_term, else a reload that cuts requests off
 *   SIGHUP                     a reload that lets requests end
 *   SIGUSR1, SIGUSR2           nothing
 *
 * A reload starts a new zygote; only when that has loaded the application are the workers replaced,
 * one after the other. A new version that does not load changes nothing.
 */
#pragma once

#include "obs/board.h"

struct bask_master_plan {
    const struct bask_board *board;
    uint32_t workers;
    bool die_on_term;
    /* Becomes the zygote of this generation in the calling (new) process; does not return. */
    void (*run_zygote)(void *context, int channel, unsigned generation);
    void *context;
};

/* Runs until told to stop. The exit status of the server: 0 after a stop, else what the first
 * zygote said. */
int bask_master_run(const struct bask_master_plan *plan);
