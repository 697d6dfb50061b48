/*
 * Numbers by name: those that applications change, from --metric; and those that the server counts,
 * which are on the scoreboard, and read from there when somebody asks for them.
 */
#pragma once

#include "obs/board.h"

#include <bask/option.h>
#include <bask/service_metric.h>

#include <stddef.h>

/* As uWSGI numbers them. */
enum bask_metric_type {
    BASK_METRIC_COUNTER,
    BASK_METRIC_GAUGE,
    BASK_METRIC_ABSOLUTE,
    BASK_METRIC_ALIAS,
};

/* One that the operator named. */
struct bask_metric {
    bask_str name, oid, alias; /* alias: what it is another name of; absent: a number of its own */
    enum bask_metric_type type;
    int64_t initial;
    bool resets; /* it begins anew whenever it was pushed somewhere */
};

struct bask_metrics {
    struct bask_metric *items; /* [count] */
    _Atomic int64_t *values;   /* [count], shared */
    size_t count;
    const int *sockets; /* the listening ones, [socket_count]; the caller's */
    size_t socket_count;
    bool no_cores; /* threads are not in the list of all */
    bool enabled;  /* else there is none, of the server neither */
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

/* One of all. */
struct bask_metric_view {
    bask_str name, oid; /* for the time of the call */
    enum bask_metric_type type;
    int64_t value;
    const struct bask_metric *own; /* the operator's; NULL: the server's */
};
typedef void bask_metric_visit_f(void *context, const struct bask_metric_view *metric);
/* Those of the server, then those of the operator, which may have the names of the former and then
 * stand for them. */
void bask_metrics_each(const struct bask_metrics *metrics, const struct bask_board *board,
                       bask_metric_visit_f *visit, void *context);

/* metrics_kept.c */
/* Writes a number into the file of its name, for which there is one always. BASK_E_SYSTEM. */
int bask_metrics_keep(int folder, bask_str name, int64_t value);
/* The operator's metrics begin with what their files have; BASK_E_SYSTEM: there is no such folder.
 */
int bask_metrics_restore(struct bask_metrics *metrics, const char *path);

/* metrics_limits.c: what a metric may come to */
struct bask_metric_limit {
    bask_str name;
    int64_t value; /* as soon as it has this */
    bask_str alarm, message;
    int64_t rate_s; /* seconds between two alarms */
    bool resets;
    int64_t reset_to;
};
/* "key=NAME,value=N,alarm=NAME,rate=SECONDS,msg=TEXT,reset=N". 0, or BASK_E_SYNTAX and what is
 * wrong. The texts are views of `text`. */
int bask_metric_limit_parse(bask_str text, struct bask_metric_limit *ret_limit, char *error,
                            size_t error_size);
