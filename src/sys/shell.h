/*
 * Commands for the shell that run beside the server.
 */
#pragma once

#include "base/str.h"

#include <sys/types.h>

struct bask_shell_command {
    const char *command; /* for /bin/sh */
    const char *folder;  /* NULL: the present one */
    bool keep_stdin;     /* else it is /dev/null */
};

/* Starts it in a session of its own, with default signals and standard output and error as they
 * are. 0, or BASK_E_SYSTEM with errno. */
int bask_shell_start(const struct bask_shell_command *how, pid_t *ret_pid);
