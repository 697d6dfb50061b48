/*
 * What the server counts, by uWSGI's names: of each worker, of each of its threads, of all
 * together, and of the listening sockets. Rows give a name, the end of uWSGI's OID, the type; how a
 * value comes about is said once, in the functions that fill a row's place.
 */
#include "base/err.h"
#include "base/str.h"
#include "svc/metrics_private.h"
#include "sys/sock.h"

#include <inttypes.h>
#include <stdio.h>

/* symbol, name, OID, type */
#define WORKER_ROWS(X)                                                                             \
    X(REQUESTS, "requests", 1, COUNTER)                                                            \
    X(DELTA, "delta_requests", 2, ABSOLUTE)                                                        \
    X(FAILED, "failed_requests", 13, COUNTER)                                                      \
    X(EXCEPTIONS, "exceptions", 15, COUNTER)                                                       \
    X(RESPAWNS, "respawns", 14, COUNTER)                                                           \
    X(MEAN, "avg_response_time", 8, GAUGE)                                                         \
    X(TX, "total_tx", 9, COUNTER)                                                                  \
    X(RSS, "rss_size", 11, GAUGE)                                                                  \
    X(VSZ, "vsz_size", 12, GAUGE)                                                                  \
    X(BUSY, "running_time", 13, COUNTER)
#define CORE_ROWS(X)                                                                               \
    X(REQUESTS, "requests", 1, COUNTER)                                                            \
    X(WRITE_ERRORS, "write_errors", 3, COUNTER)                                                    \
    X(ROUTED, "routed_requests", 4, COUNTER)                                                       \
    X(STATIC, "static_requests", 5, COUNTER)                                                       \
    X(OFFLOADED, "offloaded_requests", 6, COUNTER)                                                 \
    X(EXCEPTIONS, "exceptions", 7, COUNTER)                                                        \
    X(READ_ERRORS, "read_errors", 8, COUNTER)
#define SERVER_ROWS(X)                                                                             \
    X(ROUTED_SIGNALS, "core.routed_signals", 1, COUNTER)                                           \
    X(UNROUTED_SIGNALS, "core.unrouted_signals", 2, COUNTER)                                       \
    X(BUSY_WORKERS, "core.busy_workers", 3, GAUGE)                                                 \
    X(IDLE_WORKERS, "core.idle_workers", 4, GAUGE)                                                 \
    X(OVERLOADED, "core.overloaded", 5, COUNTER)                                                   \
    X(TX, "core.total_tx", 100, COUNTER)                                                           \
    X(RSS, "core.total_rss", 101, GAUGE)                                                           \
    X(VSZ, "core.total_vsz", 102, GAUGE)                                                           \
    X(MEAN, "core.avg_response_time", 103, GAUGE)                                                  \
    X(BUSY, "core.total_running_time", 104, COUNTER)                                               \
    X(RSS_ALIAS, "rss_size", 101, ALIAS)                                                           \
    X(VSZ_ALIAS, "vsz_size", 102, ALIAS)

struct row {
    const char *name;
    unsigned oid;
    enum bask_metric_type type;
};

#define X(symbol, name, oid, type) WORKER_##symbol,
enum { WORKER_ROWS(X) WORKER_COUNT };
#undef X
#define X(symbol, name, oid, type) CORE_##symbol,
enum { CORE_ROWS(X) CORE_COUNT };
#undef X
#define X(symbol, name, oid, type) SERVER_##symbol,
enum { SERVER_ROWS(X) SERVER_COUNT };
#undef X
#define X(symbol, name, oid, type) {name, oid, BASK_METRIC_##type},
static const struct row worker_rows[] = {WORKER_ROWS(X)};
static const struct row core_rows[] = {CORE_ROWS(X)};
static const struct row server_rows[] = {SERVER_ROWS(X)};
#undef X

static int64_t
mean(int64_t busy_us, int64_t requests)
{
    return requests ? busy_us / requests : 0;
}

/* Worker 0 is uWSGI's master: it has the sum of the requests. BASK_E_NOTFOUND. */
static int
fill_worker(const struct bask_board *board, uint32_t id, int64_t values[WORKER_COUNT])
{
    struct bask_worker_info info;
    memset(values, 0, WORKER_COUNT * sizeof *values);
    for (uint32_t i = 1; id == 0 && !bask_board_read(board, i, &info); i++)
        values[WORKER_REQUESTS] += (int64_t)info.requests;
    if (id == 0)
        return BASK_OK;
    if (bask_board_read(board, id, &info))
        return BASK_E_NOTFOUND;
    values[WORKER_REQUESTS] = (int64_t)info.requests;
    values[WORKER_DELTA] = (int64_t)bask_board_since_begin(board, id);
    values[WORKER_FAILED] = values[WORKER_EXCEPTIONS] = (int64_t)info.exceptions;
    values[WORKER_RESPAWNS] = (int64_t)info.respawns + (info.started_at != 0);
    values[WORKER_MEAN] = mean((int64_t)info.busy_us, (int64_t)info.requests);
    values[WORKER_TX] = (int64_t)info.tx_bytes;
    values[WORKER_RSS] = (int64_t)info.rss_bytes;
    values[WORKER_VSZ] = (int64_t)info.vsz_bytes;
    values[WORKER_BUSY] = (int64_t)info.busy_us;
    return BASK_OK;
}

static void
fill_core(const struct bask_board *board, uint32_t id, uint32_t thread, int64_t values[CORE_COUNT])
{
    struct bask_board_core core;
    bask_board_read_core(board, id, thread, &core);
    memset(values, 0, CORE_COUNT * sizeof *values);
    values[CORE_REQUESTS] = (int64_t)core.requests;
    values[CORE_WRITE_ERRORS] = (int64_t)core.write_errors;
    values[CORE_STATIC] = (int64_t)core.files;
    values[CORE_EXCEPTIONS] = (int64_t)core.exceptions;
    values[CORE_READ_ERRORS] = (int64_t)core.read_errors;
}

static void
fill_server(const struct bask_board *board, int64_t values[SERVER_COUNT])
{
    struct bask_worker_info info;
    int64_t requests = 0;
    memset(values, 0, SERVER_COUNT * sizeof *values);
    for (uint32_t id = 1; !bask_board_read(board, id, &info); id++) {
        values[SERVER_BUSY_WORKERS] += info.accepting && info.threads_busy;
        values[SERVER_IDLE_WORKERS] += info.accepting && !info.threads_busy;
        values[SERVER_TX] += (int64_t)info.tx_bytes;
        values[SERVER_RSS] += (int64_t)info.rss_bytes;
        values[SERVER_VSZ] += (int64_t)info.vsz_bytes;
        values[SERVER_BUSY] += (int64_t)info.busy_us;
        requests += (int64_t)info.requests;
    }
    values[SERVER_ROUTED_SIGNALS] = (int64_t)atomic_load(&board->server->routed_signals);
    values[SERVER_UNROUTED_SIGNALS] = (int64_t)atomic_load(&board->server->unrouted_signals);
    values[SERVER_MEAN] = mean(values[SERVER_BUSY], requests);
    values[SERVER_RSS_ALIAS] = values[SERVER_RSS];
    values[SERVER_VSZ_ALIAS] = values[SERVER_VSZ];
}

/* One, by its name */

static int
pick(const struct row *rows, const int64_t *values, size_t count, bask_str name, int64_t *ret_value)
{
    for (size_t i = 0; i < count; i++)
        if (bask_str_eq(name, bask_str_of(rows[i].name))) {
            *ret_value = values[i];
            return BASK_OK;
        }
    return BASK_E_NOTFOUND;
}

/* "12.rest" */
static int
cut_number(bask_str text, uint32_t *ret_number, bask_str *ret_rest)
{
    bask_str digits;
    long long number;
    if (!bask_str_cut(text, '.', &digits, ret_rest) || bask_str_to_i64(digits, &number) ||
        number > UINT32_MAX)
        return BASK_E_NOTFOUND;
    *ret_number = (uint32_t)number;
    return BASK_OK;
}

static bask_str
behind(bask_str text, bask_str prefix)
{
    return bask_str_n(text.ptr + prefix.len, text.len - prefix.len);
}

static int
get_of_worker(const struct bask_board *board, bask_str name, int64_t *ret_value)
{
    const bask_str of_core = BASK_STR("core.");
    int64_t values[WORKER_COUNT], core_values[CORE_COUNT];
    uint32_t id, thread;
    if (cut_number(name, &id, &name))
        return BASK_E_NOTFOUND;
    if (!bask_str_starts(name, of_core))
        return fill_worker(board, id, values)
                   ? BASK_E_NOTFOUND
                   : pick(worker_rows, values, WORKER_COUNT, name, ret_value);
    if (cut_number(behind(name, of_core), &thread, &name) || id < 1 || id > board->worker_count ||
        thread >= board->thread_count)
        return BASK_E_NOTFOUND;
    fill_core(board, id, thread, core_values);
    return pick(core_rows, core_values, CORE_COUNT, name, ret_value);
}

static int64_t
queue_of(int fd)
{
    int waiting = bask_sock_waiting(fd);
    return waiting > 0 ? waiting : 0;
}

static int
get_of_socket(const struct bask_metrics *metrics, bask_str name, int64_t *ret_value)
{
    uint32_t index;
    if (cut_number(name, &index, &name) || index >= metrics->socket_count ||
        !bask_str_eq(name, BASK_STR("listen_queue")))
        return BASK_E_NOTFOUND;
    *ret_value = queue_of(metrics->sockets[index]);
    return BASK_OK;
}

int
metrics_get_of_server(const struct bask_metrics *metrics, const struct bask_board *board,
                      bask_str name, int64_t *ret_value)
{
    const bask_str of_worker = BASK_STR("worker."), of_socket = BASK_STR("socket.");
    int64_t values[SERVER_COUNT];
    if (!board)
        return BASK_E_NOTFOUND;
    if (bask_str_starts(name, of_worker))
        return get_of_worker(board, behind(name, of_worker), ret_value);
    if (bask_str_starts(name, of_socket))
        return get_of_socket(metrics, behind(name, of_socket), ret_value);
    fill_server(board, values);
    return pick(server_rows, values, SERVER_COUNT, name, ret_value);
}

/* All of them */

struct visitor {
    bask_metric_visit_f *visit;
    void *context;
};

static void
show(const struct visitor *visitor, const char *name, const char *oid, enum bask_metric_type type,
     int64_t value)
{
    visitor->visit(visitor->context, &(struct bask_metric_view){bask_str_of(name), bask_str_of(oid),
                                                                type, value, NULL});
}

static void
show_worker(const struct bask_board *board, uint32_t id, const struct visitor *visitor)
{
    int64_t values[WORKER_COUNT];
    char name[64], oid[64];
    if (fill_worker(board, id, values))
        return;
    for (size_t i = 0; i < WORKER_COUNT; i++) {
        snprintf(name, sizeof name, "worker.%" PRIu32 ".%s", id, worker_rows[i].name);
        snprintf(oid, sizeof oid, "3.%" PRIu32 ".%u", id, worker_rows[i].oid);
        show(visitor, name, oid, worker_rows[i].type, values[i]);
    }
}

static void
show_core(const struct bask_board *board, uint32_t id, uint32_t thread,
          const struct visitor *visitor)
{
    int64_t values[CORE_COUNT];
    char name[96], oid[96];
    fill_core(board, id, thread, values);
    for (size_t i = 0; i < CORE_COUNT; i++) {
        snprintf(name, sizeof name, "worker.%" PRIu32 ".core.%" PRIu32 ".%s", id, thread,
                 core_rows[i].name);
        snprintf(oid, sizeof oid, "3.%" PRIu32 ".2.%" PRIu32 ".%u", id, thread, core_rows[i].oid);
        show(visitor, name, oid, core_rows[i].type, values[i]);
    }
}

static void
show_server(const struct bask_metrics *metrics, const struct bask_board *board,
            const struct visitor *visitor)
{
    int64_t values[SERVER_COUNT];
    char name[64], oid[64];
    fill_server(board, values);
    for (size_t i = 0; i < SERVER_COUNT; i++) {
        snprintf(oid, sizeof oid, "5.%u", server_rows[i].oid);
        show(visitor, server_rows[i].name, oid, server_rows[i].type, values[i]);
    }
    for (size_t i = 0; i < metrics->socket_count; i++) {
        snprintf(name, sizeof name, "socket.%zu.listen_queue", i);
        snprintf(oid, sizeof oid, "7.%zu.1", i);
        show(visitor, name, oid, BASK_METRIC_GAUGE, queue_of(metrics->sockets[i]));
    }
}

void
metrics_each_of_server(const struct bask_metrics *metrics, const struct bask_board *board,
                       bask_metric_visit_f *visit, void *context)
{
    const struct visitor visitor = {visit, context};
    if (!board)
        return;
    for (uint32_t id = 0; id <= board->worker_count; id++) {
        show_worker(board, id, &visitor);
        for (uint32_t i = 0; id > 0 && !metrics->no_cores && i < board->thread_count; i++)
            show_core(board, id, i, &visitor);
    }
    show_server(metrics, board, &visitor);
}
