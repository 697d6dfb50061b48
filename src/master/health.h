/*
 * The options of probes.
 */
#pragma once

#include <bask/option.h>

struct bask_health_options {
    bask_str socket; /* absent: none */
    int64_t stuck_ms;
};

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_health_option_table(struct bask_health_options *values);
