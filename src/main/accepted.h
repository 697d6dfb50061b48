/*
 * Options of uWSGI's that ask for what is so anyway here, or that speak of parts of uWSGI that this
 * server does without: its HTTP router, its locks, the memory of its packets. Files that have them
 * run unchanged. Nobody reads the values.
 */
#pragma once

#include <bask/option.h>

struct bask_accepted_options {
    bool flag;
    int64_t number;
    bask_str text;
};

struct bask_option_table bask_accepted_option_table(struct bask_accepted_options *values);
