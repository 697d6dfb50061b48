/*
 * The server's log: one line, to standard error (outlet.h), and where that leads.
 */
#pragma once

#include <bask/plugin.h>

void bask_log(enum bask_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Lines begin with this date, as strftime(3) has it, which lives as long as the process; NULL: with
 * the usual one. */
void bask_log_date(const char *format);

/* The beginning of a line: when, who, how grave. How long it is. */
size_t bask_log_begin(enum bask_log_level level, char *line, size_t size);

/* What stands in a line behind its date and its process; all of what has none. */
bask_str bask_log_behind_stamp(bask_str line);

/* Errors and warnings are also written to this descriptor, which stays the caller's; -1: no more.
 */
void bask_log_also_to(int fd);

/*
 * Sends standard error and output, and so all that this process and its children log, to a file
 * (appended to, made if it is missing) or to "host:port", a UDP address, where each line is a
 * datagram. 0, or a bask_err with one sentence in `error`; the log then stays where it was.
 */
int bask_log_to(const char *target, char *error, size_t error_size);

/* The permissions that files of the log get when they are opened from now on; 0: those that the
 * umask leaves. */
void bask_log_set_mode(unsigned mode);

/* A file that such a target names is empty, if it is there. */
void bask_log_truncate(const char *target);

/* Such a target is a file, not an address. */
bool bask_log_is_file(const char *target);

/* Opens the log file again, after something has moved it. Each process does it for itself. Without
 * a file there is nothing to do. If it fails, the log says so and goes on as before. */
int bask_log_reopen(void);

/* The file of the log, if it is one of this server's, gets another name, as bask_file_put_aside
 * gives it, and a new one begins. 0, or a bask_err that was logged: it stays. */
int bask_log_move(const char *to);

/* The file of the log has lost its name to another one, or altogether. */
bool bask_log_has_moved(void);

/* The root of this process is `root` from now on: where the log file is then. */
void bask_log_enter_root(const char *root);

/* Standard output and error lead into `fd` from now on; where they led is kept, and is what
 * bask_log_to and bask_log_reopen are about until bask_log_come_back. 0 or BASK_E_SYSTEM. */
int bask_log_divert(int fd);
/* They lead where they did. Nothing to do without a diversion. */
void bask_log_come_back(void);
bool bask_log_is_diverted(void);
/* Standard output and error as they are without the diversion, if there is one. */
int bask_log_plain_output(void);
int bask_log_plain_error(void);

/* Where the log goes, or NULL: to what standard error was at the start. */
const char *bask_log_target(void);
