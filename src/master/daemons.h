/*
 * The options of programs that the master runs beside the server.
 */
#pragma once

#include <bask/option.h>

struct bask_daemon_options {
    struct bask_values plain, control; /* COMMAND */
    struct bask_values smart, smart2;  /* PIDFILE COMMAND */
    struct bask_values described;      /* key=value,... */
    bool honour_stdin;
    int64_t mercy_ms;
};

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_daemon_option_table(struct bask_daemon_options *values);
/* Whether there is any. */
bool bask_daemons_are_on(const struct bask_daemon_options *options);
/* Whether all can be understood: 0, or a bask_err and one sentence. */
int bask_daemons_check(const struct bask_daemon_options *options, char *error, size_t error_size);
