/*
 * Starting another program: with no signal blocked or ignored, and none of this process's
 * descriptors but those that it shall have.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct bask_spawn {
    const char *program; /* a path */
    char *const *argv;
    char *const *env;
    const char *folder; /* to start in; NULL: the present one */
    const int *keep; /* close-on-exec descriptors that it gets nevertheless; ended by -1, or NULL */
    int output, errors; /* its standard output and error; 0: they are this process's */
    bool search;        /* a program without a slash is looked for in PATH */
};

/* The process; BASK_E_SYSTEM, with errno, if the program cannot be started. */
pid_t bask_spawn(const struct bask_spawn *what);
