/*
 * The options of how many workers run.
 */
#pragma once

#include <bask/option.h>

struct bask_scaling_options {
    int64_t cheaper; /* the fewest workers; 0: always all of them */
    int64_t initial; /* 0: as many as `cheaper` */
    int64_t step;
    int64_t overload;
    int64_t spare_idle_ms;
    bask_str algo;
    int64_t busy_max, busy_min, multiplier, penalty;
    int64_t backlog_alert, backlog_multiplier, backlog_step, backlog_nonzero_ms;
    bool verbose;
    bool cheap;
    int64_t idle_ms; /* 0: never */
    bool die_on_idle;
    bool thunder_lock;
};

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_scaling_option_table(struct bask_scaling_options *values);
/* Whether any of them needs a master. */
bool bask_scaling_is_on(const struct bask_scaling_options *options);
/* Whether they fit together and to the number of workers: 0, or BASK_E_RANGE and one sentence. */
int bask_scaling_check(const struct bask_scaling_options *options, int64_t workers, char *error,
                       size_t error_size);
