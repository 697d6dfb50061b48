/*
 * How many workers there should be: the algorithms of --cheaper-algo.
 *
 * Pure: a sample of what the workers do goes in, how many to add or to take away comes out. Nothing
 * here knows a process or a clock.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct algo_limits {
    uint32_t min, max; /* workers */
    uint32_t step;     /* workers that are added together */
    int64_t overload;  /* --cheaper-overload: seconds, or waiting requests */
    int64_t idle_us;   /* spare2: how long there must have been too many idle ones */
    /* busyness, in percent of the workers' time */
    int64_t busy_max, busy_min;
    int64_t multiplier;         /* calm windows before a worker is taken away */
    int64_t penalty;            /* more of them after one was missed at once */
    int64_t backlog_alert;      /* waiting requests that are an emergency */
    int64_t backlog_multiplier; /* with more than backlog_alert * this, all workers are added */
    int64_t backlog_step;       /* workers that are added in an emergency */
    int64_t backlog_nonzero_us; /* requests that wait so long are one too */
};

/* What the workers do now. */
struct algo_sample {
    int64_t now_us;
    uint32_t active;  /* workers that shall run */
    uint32_t coming;  /* of them, those that do not accept yet */
    uint32_t busy;    /* of them, those without an idle thread */
    uint64_t waiting; /* requests and connections that wait for one */
    uint64_t busy_us; /* what all threads have spent in requests since ever */
    uint32_t threads; /* of a worker */
};

/* What an algorithm remembers. All zero at first. */
struct algo_memory {
    int64_t full_since_us, spare_since_us, waiting_since_us; /* 0: it is not so */
    int64_t window_at_us;                                    /* when the busyness window began */
    uint64_t window_busy_us;
    int64_t busyness;      /* percent, of the last window; for the log */
    int64_t calm;          /* windows in a row below busy_min */
    int64_t patience;      /* of them before a worker goes; 0: as the limits say */
    int64_t since_removal; /* windows; 0: none was removed lately */
};

/* Workers to add, or -1: one to take away, or 0. `memory` is the algorithm's own. */
typedef int algo_f(const struct algo_limits *limits, struct algo_memory *memory,
                   const struct algo_sample *sample);

/* By its name: spare, spare2, backlog, backlog2, busyness, manual; NULL if there is none. */
algo_f *algo_named(bask_str name);
/* The names, for messages. */
const char *algo_names(void);
