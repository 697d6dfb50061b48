/*
 * The server's log: one line, to standard error (outlet.h), and where that leads.
 */
#pragma once

#include <bask/plugin.h>

void bask_log(enum bask_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The beginning of a line: when, who, how grave. How long it is. */
size_t bask_log_begin(enum bask_log_level level, char *line, size_t size);

/* Errors and warnings are also written to this descriptor, which stays the caller's; -1: no more.
 */
void bask_log_also_to(int fd);

/*
 * Sends standard error and output, and so all that this process and its children log, to a file
 * (appended to, made if it is missing) or to "host:port", a UDP address, where each line is a
 * datagram. 0, or a bask_err with one sentence in `error`; the log then stays where it was.
 */
int bask_log_to(const char *target, char *error, size_t error_size);

/* Such a target is a file, not an address. */
bool bask_log_is_file(const char *target);

/* Opens the log file again, after something has moved it. Each process does it for itself. Without
 * a file there is nothing to do. If it fails, the log says so and goes on as before. */
int bask_log_reopen(void);

/* The root of this process is `root` from now on: where the log file is then. */
void bask_log_enter_root(const char *root);

/* Where the log goes, or NULL: to what standard error was at the start. */
const char *bask_log_target(void);
