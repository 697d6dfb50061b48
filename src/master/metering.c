/*
 * Each second the master looks at the metrics, if somebody wants that: it writes those that have
 * changed into files (--metrics-dir), and raises alarms for those that are too large
 * (--metric-threshold).
 */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"
#include "svc/alarms.h"
#include "svc/shared.h"
#include "sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECOND_US = 1000000 };

struct limit {
    struct bask_metric_limit said;
    uint64_t whom;
    int64_t told_us; /* 0: never */
};

struct metering {
    struct master *master;
    struct bask_timer timer;
    int folder;      /* -1: no files */
    bool failing;    /* writing one of them, and that was logged */
    bool failed;     /* the same in the present look */
    int64_t *before; /* [known], what the files have, in the order of all metrics */
    size_t known, index;
    size_t count;
    struct limit limits[];
};

static const struct bask_metrics *
metrics_of(const struct metering *metering)
{
    return &metering->master->plan->shared->metrics;
}

/* Whether the file of the present metric has another number; it has this one then. What there is no
 * memory for is written each time: `before` has no holes, and nothing is read that is not there. */
static bool
has_changed(struct metering *metering, int64_t value)
{
    size_t index = metering->index++;
    bool is_new = index >= metering->known;
    if (is_new) {
        int64_t *grown = index == metering->known
                             ? realloc(metering->before, (index + 1) * sizeof *grown)
                             : NULL;
        if (!grown)
            return true;
        metering->before = grown;
        metering->known = index + 1;
    }
    bool changed = is_new || metering->before[index] != value;
    metering->before[index] = value;
    return changed;
}

static void
keep(struct metering *metering, const struct bask_metric_view *metric)
{
    if (metering->folder < 0 || !has_changed(metering, metric->value))
        return;
    bool failed = bask_metrics_keep(metering->folder, metric->name, metric->value) != 0;
    if (failed && !metering->failing && !metering->failed)
        bask_log(BASK_LOG_WARN, "--metrics-dir: %.*s: %s", BASK_FMT(metric->name), strerror(errno));
    if (failed && metering->index <= metering->known)
        metering->before[metering->index - 1] = ~metric->value; /* it is tried again */
    metering->failed |= failed;
}

static void
reach(struct metering *metering, struct limit *limit)
{
    const struct bask_metric_limit *said = &limit->said;
    int64_t now = bask_clock_us();
    if (said->resets)
        bask_metrics_change(metrics_of(metering), NULL, said->name, BASK_METRIC_SET,
                            said->reset_to);
    if (!limit->whom || (limit->told_us && now - limit->told_us < said->rate_s * SECOND_US))
        return;
    limit->told_us = now;
    bask_alarms_raise(metering->master->plan->alarms, limit->whom,
                      said->message.len ? said->message : said->name);
}

static void
look_at(void *context, const struct bask_metric_view *metric)
{
    struct metering *metering = context;
    keep(metering, metric);
    for (size_t i = 0; i < metering->count; i++)
        if (metric->value >= metering->limits[i].said.value &&
            bask_str_eq(metric->name, metering->limits[i].said.name))
            reach(metering, &metering->limits[i]);
}

static void
look(struct metering *metering)
{
    metering->index = 0;
    metering->failed = false;
    if (!metering->master->heir) /* else the one that serves does it */
        bask_metrics_each(metrics_of(metering), metering->master->plan->board, look_at, metering);
    metering->failing = metering->failed;
}

static void
on_due(struct bask_timer *timer)
{
    struct metering *metering = BASK_CONTAINER(timer, struct metering, timer);
    bask_loop_timer_start(metering->master->loop, timer, SECOND_US);
    look(metering);
}

static int
read_limit(struct metering *metering, bask_str text, char *error, size_t error_size)
{
    const struct bask_master_plan *plan = metering->master->plan;
    struct limit *limit = &metering->limits[metering->count++];
    const struct bask_metric_limit *said = &limit->said;
    int64_t value;
    int err = bask_metric_limit_parse(text, &limit->said, error, error_size);
    if (err)
        return err;
    if (bask_metrics_get(metrics_of(metering), plan->board, said->name, &value))
        err = snprintf(error, error_size, "there is no metric %.*s", BASK_FMT(said->name));
    else if (said->resets &&
             bask_metrics_change(metrics_of(metering), plan->board, said->name, BASK_METRIC_ADD, 0))
        err = snprintf(error, error_size, "the metric %.*s is the server's, and cannot be reset",
                       BASK_FMT(said->name));
    if (said->alarm.len && plan->alarms)
        limit->whom = bask_alarms_find(plan->alarms, said->alarm);
    if (!err && said->alarm.len && !limit->whom)
        err =
            snprintf(error, error_size, "there is no alarm %.*s (--alarm)", BASK_FMT(said->alarm));
    return err ? BASK_E_SYNTAX : BASK_OK;
}

static int
read_limits(struct metering *metering, const struct bask_values *said)
{
    char error[256];
    for (size_t i = 0; i < said->count; i++) {
        const struct bask_value *value = &said->items[i];
        if (!read_limit(metering, value->text, error, sizeof error))
            continue;
        bask_log(BASK_LOG_ERROR, "%.*s: --metric-threshold %.*s: %s", BASK_FMT(value->origin),
                 BASK_FMT(value->text), error);
        return BASK_E_SYNTAX;
    }
    return BASK_OK;
}

int
metering_init(struct master *master)
{
    const struct bask_shared_options *options = master->plan->shared_options;
    if (!master->plan->shared || (!options->metrics_dir.len && !options->metric_limits.count))
        return BASK_OK;
    struct metering *metering =
        calloc(1, sizeof *metering + options->metric_limits.count * sizeof *metering->limits);
    if (!metering)
        return BASK_E_NOMEM;
    metering->master = master;
    metering->timer.on_due = on_due;
    metering->folder = -1;
    master->metering = metering;
    if (options->metrics_dir.len) {
        metering->folder = open(options->metrics_dir.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (metering->folder < 0) {
            bask_log(BASK_LOG_ERROR, "--metrics-dir %s: %s", options->metrics_dir.ptr,
                     strerror(errno));
            return BASK_E_SYSTEM;
        }
    }
    int err = read_limits(metering, &options->metric_limits);
    if (!err)
        bask_loop_timer_start(master->loop, &metering->timer, 1);
    return err;
}

void
metering_forget(const struct metering *metering)
{
    if (metering && metering->folder >= 0)
        close(metering->folder);
}

void
metering_free(struct metering **metering)
{
    if (!*metering)
        return;
    if ((*metering)->folder >= 0 && !(*metering)->master->replaced)
        look(*metering); /* files have the last numbers, unless they are a successor's */
    bask_loop_timer_stop(&(*metering)->timer);
    metering_forget(*metering);
    free((*metering)->before);
    free(*metering);
    *metering = NULL;
}
