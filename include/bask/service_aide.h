/*
 * The service "aide": what the calling process is if it answers no requests, and what it waits for.
 *
 * A mule runs a program of its own or waits for messages; a spooler does the tasks of a folder.
 * Both are made by the zygote and begin with bask_plugin.aide, with all signals as the system has
 * them. The plugin takes the signals by which such a process is told something:
 *
 *   SIGHUP                    end when what is being done is done
 *   SIGINT, SIGQUIT, SIGTERM  end at once
 *   SIGTSTP, SIGURG           call look(), and take_signal() before the next wait
 *   SIGUSR1                   a spooler: look for tasks
 */
#pragma once

#include <bask/str.h>

#include <stddef.h>
#include <stdint.h>

enum bask_role { BASK_ROLE_NONE, BASK_ROLE_MULE, BASK_ROLE_SPOOLER };

/* For receive. */
enum { BASK_FROM_OWN = 1, BASK_FROM_FARMS = 2 };

struct bask_service_aide {
    uint32_t size;
    int (*role)(void);    /* enum bask_role */
    uint32_t (*id)(void); /* from 1, among its kind; 0: it is none */
    /* A mule's program, empty if it has none; a spooler's folder. */
    bask_str (*work)(void);

    /* Waits for a message: to this process or to any mule, to its farms, or both. 0: it is in
     * `buffer`, cut to `size`; BASK_E_AGAIN: the descriptor `wake` (-1: none) is readable, or a
     * signal came; BASK_E_TIMEOUT (`timeout_ms` < 0: never); BASK_E_STATE: this process is none. */
    int (*receive)(unsigned from, int wake, int timeout_ms, char *buffer, size_t size,
                   size_t *ret_len);

    /* Something is being done from now on, within the limit that options give; it is done, and
     * counts. */
    void (*begin)(void);
    void (*done)(void);
    /* It has to be done `ms` from now; 0: no limit. BASK_E_STATE: this process is none. */
    int (*limit)(int64_t ms);
    /* Does what the master wants; 1: this process shall end, because there is no master any more.
     */
    int (*look)(void);
    /* A signal of applications (service_signal.h) that was raised for this process, which SIGTSTP
     * tells of: its number, or BASK_E_NOTFOUND. */
    int (*take_signal)(void);
    /* Waits for one: its number; BASK_E_AGAIN: the descriptor `wake` is readable, or a signal of
     * the system came; BASK_E_STATE: this process is none. */
    int (*wait_signal)(int wake);
};
