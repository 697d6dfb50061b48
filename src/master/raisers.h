/*
 * The options that raise signals of applications: timers and files of the server, not of a version
 * of the application.
 */
#pragma once

#include <bask/option.h>

#include <stdbool.h>

struct bask_raise_options {
    struct bask_values timers, rb_timers; /* "SIGNAL SECONDS", "SIGNAL SECONDS [TIMES]" */
    struct bask_values touch, fs;         /* "FILE SIGNAL", "PATH SIGNAL" */
    int64_t ignored_size;
};

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_raise_option_table(struct bask_raise_options *values);
/* Whether all can be understood: 0, or a bask_err and one sentence. */
int bask_raise_check(const struct bask_raise_options *options, char *error, size_t error_size);
