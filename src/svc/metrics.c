/*
 * Metrics. What the operator named is a number in shared memory that everybody changes at once,
 * without a lock. What the server counts is on the scoreboard, and read from there when it is asked
 * for; the names are uWSGI's.
 */
#include "svc/metrics.h"

#include "base/err.h"
#include "base/str.h"
#include "svc/private.h"
#include "sys/proc.h"

#include <stdio.h>
#include <stdlib.h>

struct bask_metric {
    bask_str name, alias; /* alias: what it is another name of; absent: a number of its own */
    int64_t initial;
};

/* Descriptions */

static int
complain(char *error, size_t error_size, const char *format, bask_str text)
{
    snprintf(error, error_size, format, BASK_FMT(text));
    return BASK_E_SYNTAX;
}

static int
read_initial(bask_str text, int64_t *ret_number)
{
    bool is_negative = bask_str_starts(text, BASK_STR("-"));
    long long number;
    if (is_negative)
        text = bask_str_n(text.ptr + 1, text.len - 1);
    int err = bask_str_to_i64(text, &number);
    if (!err)
        *ret_number = is_negative ? -number : number;
    return err;
}

static int
read_pair(bask_str pair, struct bask_metric *metric, char *error, size_t error_size)
{
    bask_str name = pair, value = {"", 0};
    bask_str_cut(pair, '=', &name, &value);
    name = bask_str_trim(name);
    value = bask_str_trim(value);
    if (bask_str_eq(name, BASK_STR("name")))
        metric->name = value;
    else if (bask_str_eq(name, BASK_STR("alias")))
        metric->alias = value;
    else if (bask_str_eq(name, BASK_STR("initial_value"))) {
        if (read_initial(value, &metric->initial))
            return complain(error, error_size, "\"initial_value\": expected a number, not \"%.*s\"",
                            value);
    } else if (bask_str_eq(name, BASK_STR("type"))) {
        static const bask_str types[] = {
            {"counter", 7}, {"gauge", 5}, {"absolute", 8}, {"alias", 5}};
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            if (bask_str_eq(value, types[i]))
                return BASK_OK; /* all are numbers; who draws them makes the difference */
        return complain(error, error_size,
                        "\"type\": expected counter, gauge, absolute or alias, not \"%.*s\"",
                        value);
    } else if (!bask_str_eq(name, BASK_STR("oid")))
        return complain(error, error_size,
                        "expected name, type, initial_value, alias or oid, not \"%.*s\"", name);
    return BASK_OK;
}

static int
parse(bask_str text, struct bask_metric *metric, char *error, size_t error_size)
{
    if (!memchr(text.len ? text.ptr : "", '=', text.len)) {
        metric->name = text;
        text.len = 0;
    }
    while (text.len) {
        bask_str pair = text, rest = {"", 0};
        bask_str_cut(text, ',', &pair, &rest);
        text = rest;
        int err = read_pair(pair, metric, error, error_size);
        if (err)
            return err;
    }
    return metric->name.len ? BASK_OK : complain(error, error_size, "it needs a name%.*s", text);
}

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
    int err = parse(text, &metric, error, error_size);
    if (!err && find(metrics, metric.name))
        err = complain(error, error_size, "there is a metric %.*s already", metric.name);
    if (err)
        return err;
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

/* What the server counts */

enum { FIELDS_OF_WORKER = 8 };

/* Of a worker, worker.N.NAME; with a total, all of them together. */
static const struct {
    bask_str name, total, other;
    size_t offset;
} fields[FIELDS_OF_WORKER] = {
#define FIELD(member) offsetof(struct bask_worker_info, member)
    {{"requests", 8}, {NULL, 0}, {NULL, 0}, FIELD(requests)},
    {{"delta_requests", 14}, {NULL, 0}, {NULL, 0}, FIELD(requests)},
    {{"exceptions", 10}, {NULL, 0}, {NULL, 0}, FIELD(exceptions)},
    {{"respawns", 8}, {NULL, 0}, {NULL, 0}, FIELD(respawns)},
    {{"total_tx", 8}, {"core.total_tx", 13}, {NULL, 0}, FIELD(tx_bytes)},
    {{"rss_size", 8}, {"core.total_rss", 14}, {"rss_size", 8}, FIELD(rss_bytes)},
    {{"vsz_size", 8}, {"core.total_vsz", 14}, {"vsz_size", 8}, FIELD(vsz_bytes)},
    {{"running_time", 12}, {"core.total_running_time", 23}, {NULL, 0}, FIELD(busy_us)},
};

static int64_t
field_of(const struct bask_worker_info *info, size_t i)
{
    uint64_t value;
    memcpy(&value, (const char *)info + fields[i].offset, sizeof value);
    return (int64_t)value;
}

static int64_t
mean(uint64_t busy_us, uint64_t requests)
{
    return requests ? (int64_t)(busy_us / requests) : 0;
}

static int
get_of_worker(const struct bask_board *board, bask_str name, int64_t *ret_value)
{
    bask_str number, rest;
    long long id;
    struct bask_worker_info info;
    if (!bask_str_cut(name, '.', &number, &rest) || bask_str_to_i64(number, &id) ||
        id > UINT32_MAX || bask_board_read(board, (uint32_t)id, &info))
        return BASK_E_NOTFOUND;
    if (bask_str_eq(rest, BASK_STR("avg_response_time"))) {
        *ret_value = mean(info.busy_us, info.requests);
        return BASK_OK;
    }
    for (size_t i = 0; i < FIELDS_OF_WORKER; i++)
        if (bask_str_eq(rest, fields[i].name)) {
            *ret_value = field_of(&info, i);
            return BASK_OK;
        }
    return BASK_E_NOTFOUND;
}

struct totals {
    int64_t fields[FIELDS_OF_WORKER];
    int64_t busy, idle;
    uint64_t busy_us, requests;
};

static void
add_up(const struct bask_board *board, struct totals *totals)
{
    struct bask_worker_info info;
    *totals = (struct totals){0};
    for (uint32_t id = 1; !bask_board_read(board, id, &info); id++) {
        for (size_t i = 0; i < FIELDS_OF_WORKER; i++)
            totals->fields[i] += field_of(&info, i);
        totals->busy += info.accepting && info.threads_busy;
        totals->idle += info.accepting && !info.threads_busy;
        totals->busy_us += info.busy_us;
        totals->requests += info.requests;
    }
}

static int
get_of_server(const struct bask_board *board, bask_str name, int64_t *ret_value)
{
    const bask_str of_worker = BASK_STR("worker.");
    struct totals totals;
    if (!board)
        return BASK_E_NOTFOUND;
    if (bask_str_starts(name, of_worker))
        return get_of_worker(board, bask_str_n(name.ptr + of_worker.len, name.len - of_worker.len),
                             ret_value);
    add_up(board, &totals);
    for (size_t i = 0; i < FIELDS_OF_WORKER; i++)
        if (name.len &&
            (bask_str_eq(name, fields[i].total) || bask_str_eq(name, fields[i].other))) {
            *ret_value = totals.fields[i];
            return BASK_OK;
        }
    const struct {
        bask_str name;
        int64_t value;
    } others[] = {{BASK_STR("core.busy_workers"), totals.busy},
                  {BASK_STR("core.idle_workers"), totals.idle},
                  {BASK_STR("core.avg_response_time"), mean(totals.busy_us, totals.requests)}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (bask_str_eq(name, others[i].name)) {
            *ret_value = others[i].value;
            return BASK_OK;
        }
    return BASK_E_NOTFOUND;
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
        return get_of_server(board, name, ret_value);
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
