/*
 * Loggers: where lines go that do not just go to standard error.
 *
 * All processes write into two pipes: what goes to standard output and error, and lines about
 * requests. A process of its own, the keeper, reads them line by line and hands each to the loggers
 * that it is for. Lines that wait in a pipe outlive the keeper, since the master has the pipes,
 * too.
 *
 *   new     what the options say
 *   begin   the pipes; from now on everybody writes into them
 *   check   what loggers need can be opened, by whom the server runs as
 *   keep    in a process of its own: until nobody is left who could write
 *   forget  in any other child
 *   finish  the server has ended
 */
#pragma once

#include "base/str.h"

#include <bask/option.h>

#include <stdint.h>
#include <sys/types.h>

struct bask_logs;

struct bask_logs_options {
    struct bask_values loggers, request_loggers; /* "[NAME ]KIND[:ARGUMENT]" */
    struct bask_values sockets;                  /* arguments of loggers of the kind "socket" */
    bask_str syslog;                             /* one of the kind "syslog"; absent: none */
    struct bask_values routes, request_routes;   /* "NAME PATTERN" */
    struct bask_values filters, drains;
    struct bask_values encoders, request_encoders; /* "KIND[:NAME][ ARGUMENT]" */
    bool list;
};

struct bask_option_table bask_logs_option_table(struct bask_logs_options *values);

/* The kinds of loggers that there are, in words. */
extern const char bask_logs_kinds[];

/* `*ret_logs` is NULL if nothing asks for loggers. 0, or a bask_err with one sentence. */
int bask_logs_new(const struct bask_logs_options *options, const char *hostname,
                  struct bask_logs **ret_logs, char *error, size_t error_size);
void bask_logs_free(struct bask_logs **logs);

/* The pipes belong to this user and group; -1: as they are. */
int bask_logs_begin(struct bask_logs *logs, uid_t uid, gid_t gid, char *error, size_t error_size);
/* The file of the log itself begins anew when it is larger; 0: never. `name`: what the old one is
 * called then; empty: NAME.TIME. */
void bask_logs_limit(struct bask_logs *logs, int64_t max_bytes, bask_str name);
int bask_logs_check(struct bask_logs *logs, char *error, size_t error_size);

/* Returns when it is over. All other descriptors of the process are closed. SIGUSR1: files are
 * opened again, SIGUSR2: they are moved and begin anew. */
void bask_logs_keep(struct bask_logs *logs);

void bask_logs_forget(struct bask_logs *logs);

/* Standard output and error are what they were. The keeper reads to the end and is waited for; what
 * none has read goes to standard error. `keeper`: 0, or a child of this process. */
void bask_logs_finish(struct bask_logs *logs, pid_t keeper);
