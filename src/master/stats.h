/*
 * The options of uWSGI's stats.
 */
#pragma once

#include <bask/option.h>

struct bask_stats_options {
    bask_str address; /* absent: none */
    bool http;        /* an answer of HTTP in front of the document */
    bool minified, no_cores, no_metrics;
    struct bask_values push; /* "KIND:ARGUMENT" */
    int64_t push_freq_ms;
    bool statsd_no_workers, statsd_all_gauges;
};

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_stats_option_table(struct bask_stats_options *values);
