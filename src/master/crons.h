/*
 * The options of commands that the master runs at their times.
 */
#pragma once

#include <bask/option.h>

struct bask_cron_options {
    struct bask_values plain, unique; /* MINUTE HOUR DAY MONTH WEEKDAY COMMAND */
    struct bask_values described;     /* [KEY=VALUE,...] COMMAND */
    int64_t limit_ms;                 /* 0: none */
};

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_cron_option_table(struct bask_cron_options *values);
/* Whether all can be understood: 0, or a bask_err and one sentence. */
int bask_crons_check(const struct bask_cron_options *options, char *error, size_t error_size);
