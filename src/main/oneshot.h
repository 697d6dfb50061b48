/*
 * Commands to a server that runs, found by its pidfile: --reload, --stop, --pause.
 */
#pragma once

#include <stdbool.h>

/* True, with the exit status, if `action` is such a command; what failed is said on stderr. */
bool bask_oneshot_run(const char *action, const char *pidfile, int *ret_code);
