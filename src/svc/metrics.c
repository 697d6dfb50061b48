/*
 * Metrics. What the operator named is a number in shared memory that everybody changes at once,
 * without a lock. What the server counts is metrics_server.c's.
 */
#include "base/err.h"
#include "svc/metrics_private.h"
#include "svc/private.h"
#include "sys/proc.h"

#include <stdio.h>
#include <stdlib.h>

static const struct bask_metric *
find(const struct bask_metrics *metrics, bask_str name)
{
    for (size_t i = 0; i < metrics->count; i++)
        if (bask_str_eq(metrics->items[i].name, name))
            return &metrics->items[i];
    return NULL;
}

static int
add(struct bask_metrics *metrics, bask_str text, char *error, size_t error_size)
{
    struct bask_metric metric = {.name = {0}};
    int err = metrics_parse(text, &metric, error, error_size);
    if (err)
        return err;
    if (find(metrics, metric.name)) {
        snprintf(error, error_size, "there is a metric %.*s already", BASK_FMT(metric.name));
        return BASK_E_SYNTAX;
    }
    atomic_init(&metrics->values[metrics->count], metric.initial);
    metrics->items[metrics->count++] = metric;
    return BASK_OK;
}

int
bask_metrics_open(struct bask_metrics *metrics, bool enabled, const struct bask_values *described,
                  char *error, size_t error_size)
{
    char why[256];
    *metrics = (struct bask_metrics){.enabled = enabled || described->count};
    if (!described->count)
        return BASK_OK;
    metrics->items = calloc(described->count, sizeof *metrics->items);
    metrics->values = bask_proc_shared_memory(described->count * sizeof *metrics->values);
    if (!metrics->items || !metrics->values) {
        snprintf(error, error_size, "--metric: %s", bask_err_text(BASK_E_NOMEM));
        return BASK_E_NOMEM;
    }
    for (size_t i = 0; i < described->count; i++) {
        const struct bask_value *value = &described->items[i];
        if (!add(metrics, value->text, why, sizeof why))
            continue;
        snprintf(error, error_size, "%.*s: --metric \"%.*s\": %s", BASK_FMT(value->origin),
                 BASK_FMT(value->text), why);
        return BASK_E_SYNTAX;
    }
    return BASK_OK;
}

void
bask_metrics_close(struct bask_metrics *metrics)
{
    if (metrics->values)
        bask_proc_unshare_memory(metrics->values, metrics->count * sizeof *metrics->values);
    free(metrics->items);
    *metrics = (struct bask_metrics){0};
}

/* Asked for and changed */

int
bask_metrics_get(const struct bask_metrics *metrics, const struct bask_board *board, bask_str name,
                 int64_t *ret_value)
{
    const struct bask_metric *metric = find(metrics, name);
    if (!metrics->enabled)
        return BASK_E_NOTFOUND;
    if (metric && metric->alias.len) { /* an alias of an alias is none */
        name = metric->alias;
        metric = find(metrics, name);
        if (metric && metric->alias.len)
            return BASK_E_NOTFOUND;
    }
    if (!metric)
        return metrics_get_of_server(metrics, board, name, ret_value);
    *ret_value = atomic_load(&metrics->values[metric - metrics->items]);
    return BASK_OK;
}

/* Numbers go round at their ends, as a machine's do. */
static int64_t
result_of(int64_t number, enum bask_metric_operation operation, int64_t operand)
{
    uint64_t a = (uint64_t)number, b = (uint64_t)operand;
    switch (operation) {
    case BASK_METRIC_SET:
        return operand;
    case BASK_METRIC_ADD:
        return (int64_t)(a + b);
    case BASK_METRIC_SUBTRACT:
        return (int64_t)(a - b);
    case BASK_METRIC_MULTIPLY:
        return (int64_t)(a * b);
    case BASK_METRIC_DIVIDE:
        return operand == -1 ? (int64_t)(0 - a) : number / operand;
    case BASK_METRIC_MAX:
        return operand > number ? operand : number;
    case BASK_METRIC_MIN:
        return operand < number ? operand : number;
    }
    return number;
}

int
bask_metrics_change(const struct bask_metrics *metrics, const struct bask_board *board,
                    bask_str name, enum bask_metric_operation operation, int64_t operand)
{
    const struct bask_metric *metric = find(metrics, name);
    int64_t value;
    if (!metric)
        return bask_metrics_get(metrics, board, name, &value) ? BASK_E_NOTFOUND : BASK_E_STATE;
    if (metric->alias.len)
        return BASK_E_STATE;
    if (operation == BASK_METRIC_DIVIDE && operand == 0)
        return BASK_E_RANGE;
    _Atomic int64_t *at = &metrics->values[metric - metrics->items];
    value = atomic_load(at);
    while (!atomic_compare_exchange_weak(at, &value, result_of(value, operation, operand)))
        ;
    return BASK_OK;
}

struct others {
    const struct bask_metrics *metrics;
    bask_metric_visit_f *visit;
    void *context;
};

static void
visit_if_not_named(void *context, const struct bask_metric_view *metric)
{
    const struct others *others = context;
    if (!find(others->metrics, metric->name))
        others->visit(others->context, metric);
}

void
bask_metrics_each(const struct bask_metrics *metrics, const struct bask_board *board,
                  bask_metric_visit_f *visit, void *context)
{
    if (!metrics->enabled)
        return;
    metrics_each_of_server(metrics, board, visit_if_not_named,
                           &(struct others){metrics, visit, context});
    for (size_t i = 0; i < metrics->count; i++) {
        const struct bask_metric *own = &metrics->items[i];
        struct bask_metric_view view = {own->name, own->oid, own->type, 0, own};
        bask_metrics_get(metrics, board, own->name, &view.value);
        visit(context, &view);
    }
}

static int
get(bask_str name, int64_t *ret_value)
{
    return bask_metrics_get(&svc_shared->metrics, svc.board, name, ret_value);
}

static int
change(bask_str name, enum bask_metric_operation operation, int64_t operand)
{
    return bask_metrics_change(&svc_shared->metrics, svc.board, name, operation, operand);
}

const struct bask_service_metric svc_metric = {
    .size = sizeof svc_metric,
    .get = get,
    .change = change,
};
