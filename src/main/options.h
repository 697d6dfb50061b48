/*
 * The options that belong to the server as a whole.
 */
#pragma once

#include "master/options.h"
#include "proc/heritage.h"

struct bask_main_options {
    struct bask_process_options process;
    struct bask_master_options master;
    struct bask_values plugins;
};

/* The tables of these options; `values` is the struct they fill. */
struct bask_option_table bask_process_option_table(struct bask_main_options *values);
struct bask_option_table bask_general_option_table(struct bask_main_options *values);
