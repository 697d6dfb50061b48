/*
 * Into the background: --daemonize and --daemonize2.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Goes on in a new process, in a session of its own that can get no terminal, with standard input
 * closed and the log in `log`; `late`: the log stays where it is until bask_daemon_log(). 0, or a
 * bask_err with one sentence.
 *
 * The calling process does not return: it waits until the server serves and exits with 0, or, if
 * the server ends first, with its status. `make_process`: as fork(2).
 */
int bask_daemon_start(const char *log, bool late, pid_t (*make_process)(void), char *error,
                      size_t error_size);

/* Where the application is loaded, and in the master: the log moves now if it was late. */
void bask_daemon_log(void);

/* The server serves: who started it may go. */
void bask_daemon_serving(void);
