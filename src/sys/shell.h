/*
 * Commands for the shell that run beside the server.
 */
#pragma once

#include "base/str.h"
#include "sys/priv.h"

#include <sys/types.h>

struct bask_shell_command {
    const char *command; /* for /bin/sh */
    const char *folder;  /* NULL: the present one */
    bool keep_stdin;     /* else it is /dev/null */
    int input;           /* or this is what it reads; 0: no. Not with `priv` and `new_pids` */
    const struct bask_priv *priv; /* as whom; NULL: the present user */
    bool new_pids;                /* in a namespace where it is process 1 */
};

/* Starts it in a session of its own, with default signals and standard output and error as they
 * are. 0, or BASK_E_SYSTEM with one sentence. Where `priv` or `new_pids` is asked for, the calling
 * process must have one thread only. */
int bask_shell_start(const struct bask_shell_command *how, pid_t *ret_pid, char *error,
                     size_t error_size);

/* What it uses for the two; others need it not. */
int bask_shell_start_apart(const struct bask_shell_command *how, pid_t *ret_pid, char *error,
                           size_t error_size);
