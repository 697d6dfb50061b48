/* Numbers by name, which applications change: from --metric; and those that the scoreboard has. */
#pragma once

#include "obs/board.h"

#include <bask/option.h>
#include <bask/service_metric.h>

#include <stddef.h>

struct bask_metric;

struct bask_metrics {
    struct bask_metric *items; /* [count] */
    _Atomic int64_t *values;   /* [count], shared */
    size_t count;
    bool enabled; /* else there is none, of the server neither */
};

/* 0, or a bask_err and one sentence in `error`. The names stay those of `described`. */
int bask_metrics_open(struct bask_metrics *metrics, bool enabled,
                      const struct bask_values *described, char *error, size_t error_size);
void bask_metrics_close(struct bask_metrics *metrics);

/* As the functions of the service (bask/service_metric.h); `board` NULL: there is none. */
int bask_metrics_get(const struct bask_metrics *metrics, const struct bask_board *board,
                     bask_str name, int64_t *ret_value);
int bask_metrics_change(const struct bask_metrics *metrics, const struct bask_board *board,
                        bask_str name, enum bask_metric_operation operation, int64_t operand);
