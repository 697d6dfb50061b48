/*
 * What applications share between processes: made once, by whoever makes the processes, before the
 * first of them; then all of a server have it, whatever their generation.
 */
#pragma once

#include "svc/areas.h"
#include "svc/caches.h"
#include "svc/locks.h"
#include "svc/metrics.h"
#include "svc/queue.h"

#include <bask/option.h>

#include <stddef.h>

struct bask_shared_options {
    int64_t locks;
    struct bask_cache_options cache;
    int64_t queue, queue_blocksize;
    struct bask_values areas;
    bool enable_metrics, metrics_no_cores;
    struct bask_values metrics;
    bask_str metrics_dir; /* absent: none */
    bool metrics_dir_restore;
    struct bask_values metric_limits;
};

struct bask_option_table bask_shared_option_table(struct bask_shared_options *values);

/* What was not asked for is empty. */
struct bask_shared {
    struct bask_locks *locks;
    struct bask_caches caches;
    struct bask_queue *queue;
    struct bask_areas areas;
    struct bask_metrics metrics;
};

/* 0, or a bask_err and one sentence in `error`. */
int bask_shared_open(struct bask_shared *shared, const struct bask_shared_options *options,
                     char *error, size_t error_size);
void bask_shared_close(struct bask_shared *shared);
