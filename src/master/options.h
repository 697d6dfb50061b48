/*
 * The options of the master.
 */
#pragma once

#include <bask/option.h>

#include <stdbool.h>

struct bask_master_options {
    bool die_on_term;
    bool graceful_on_term;
    bool exit_on_reload;
    bool lazy; /* a reload makes new workers from the present zygote */
    int64_t worker_reload_mercy_ms;
    int64_t forkbomb_delay_ms;
};

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_master_option_table(struct bask_master_options *values);
