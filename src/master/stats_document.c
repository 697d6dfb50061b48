/*
 * uWSGI's statistics: the names and their order are those of its stats server, so that whatever
 * reads them (uwsgitop, exporters) reads these. docs/guide/monitoring.md says what is different.
 */
#include "base/err.h"
#include "master/private.h"
#include "proto/json.h"
#include "svc/shared.h"
#include "sys/sock.h"

#include <stdio.h>
#include <unistd.h>

/* As uWSGI has it: the longest. */
static int64_t
longest_queue(const struct master *master)
{
    int longest = 0;
    for (size_t i = 0; i < master->plan->socket_count; i++) {
        int waiting = bask_sock_waiting(master->plan->sockets[i]);
        longest = waiting > longest ? waiting : longest;
    }
    return longest;
}

static void
put_server(const struct master *master, struct bask_json *json)
{
    struct bask_signal_board *signals = master->plan->signals;
    char folder[4096];
    int64_t queue = longest_queue(master);
    bask_json_text(json, "version", bask_str_of(BASK_VERSION));
    bask_json_number(json, "listen_queue", queue);
    bask_json_number(json, "listen_queue_errors", 0);
    bask_json_count(json, "signal_queue",
                    signals ? bask_signal_waiting_all(bask_signals_raised(signals)) : 0);
    bask_json_number(json, "load", queue);
    bask_json_number(json, "pid", getpid());
    bask_json_number(json, "uid", getuid());
    bask_json_number(json, "gid", getgid());
    bask_json_text(json, "cwd", bask_str_of(getcwd(folder, sizeof folder) ? folder : ""));
}

static void
put_daemons(const struct master *master, struct bask_json *json)
{
    struct daemon_report one;
    if (!daemons_report(master, 0, &one))
        return;
    bask_json_open_list(json, "daemons");
    for (uint32_t i = 0; daemons_report(master, i, &one); i++) {
        bask_json_open_object(json, NULL);
        bask_json_text(json, "cmd", bask_str_of(one.command));
        bask_json_number(json, "pid", one.pid);
        bask_json_count(json, "respawns", one.respawns);
        bask_json_close_object(json);
    }
    bask_json_close_list(json);
}

static void
put_locks(const struct bask_shared *shared, struct bask_json *json)
{
    char name[32];
    uint32_t count = shared ? bask_locks_count(shared->locks) : 0;
    bask_json_open_list(json, "locks");
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "user %u", i);
        bask_json_open_object(json, NULL);
        bask_json_number(json, name, bask_locks_holder(shared->locks, i));
        bask_json_close_object(json);
    }
    bask_json_close_list(json);
}

static void
put_cache(const struct bask_cache *cache, struct bask_json *json)
{
    const struct bask_cache_report report = bask_cache_report(cache);
    const bask_str name = bask_cache_name(cache);
    bask_json_open_object(json, NULL);
    bask_json_text(json, "name", name.len ? name : BASK_STR("default"));
    bask_json_text(json, "hash", BASK_STR("siphash"));
    bask_json_number(json, "hashsize", report.shape.buckets);
    bask_json_number(json, "keysize", report.shape.keysize);
    bask_json_number(json, "max_items", report.shape.items);
    bask_json_number(json, "blocks", report.shape.blocks);
    bask_json_number(json, "blocksize", report.shape.blocksize);
    bask_json_count(json, "items", report.items);
    bask_json_count(json, "hits", report.hits);
    bask_json_count(json, "miss", report.misses);
    bask_json_count(json, "full", report.fulls);
    bask_json_number(json, "last_modified_at", report.changed_at);
    bask_json_close_object(json);
}

static void
put_caches(const struct bask_shared *shared, struct bask_json *json)
{
    if (!shared || !shared->caches.count)
        return;
    bask_json_open_list(json, "caches");
    for (size_t i = 0; i < shared->caches.count; i++)
        put_cache(shared->caches.items[i], json);
    bask_json_close_list(json);
}

static void
put_metric(void *context, const struct bask_metric_view *metric)
{
    struct bask_json *json = context;
    char name[256];
    snprintf(name, sizeof name, "%.*s", BASK_FMT(metric->name));
    bask_json_open_object(json, name);
    bask_json_number(json, "type", metric->type);
    bask_json_text(json, "oid", metric->oid);
    bask_json_number(json, "value", metric->value);
    bask_json_close_object(json);
}

static void
put_metrics(const struct master *master, struct bask_json *json)
{
    const struct bask_shared *shared = master->plan->shared;
    if (!shared || !shared->metrics.enabled || master->plan->options->stats.no_metrics)
        return;
    bask_json_open_object(json, "metrics");
    bask_metrics_each(&shared->metrics, master->plan->board, put_metric, json);
    bask_json_close_object(json);
}

static void
put_sockets(const struct master *master, struct bask_json *json)
{
    bask_json_open_list(json, "sockets");
    for (size_t i = 0; i < master->plan->socket_count; i++) {
        struct bask_sock_queue queue = {0};
        bask_sock_queue(master->plan->sockets[i], &queue);
        bask_json_open_object(json, NULL);
        bask_json_text(json, "name", master->plan->socket_names[i].name);
        bask_json_text(json, "proto", bask_str_of(master->plan->socket_names[i].protocol));
        bask_json_number(json, "queue", queue.waiting);
        bask_json_number(json, "max_queue", queue.limit);
        bask_json_number(json, "shared", 0);
        bask_json_number(json, "can_offload", 0);
        bask_json_close_object(json);
    }
    bask_json_close_list(json);
}

static void
put_spooler(const struct aide_report *one, struct bask_json *json)
{
    bask_json_text(json, "dir", one->aide->work);
    bask_json_number(json, "pid", one->process->pid);
    bask_json_count(json, "tasks", one->done);
    bask_json_count(json, "respawns", one->respawns);
    bask_json_number(json, "running", atomic_load(&one->place->busy) != 0);
}

/* uWSGI says nothing of mules. */
static void
put_mule(const struct aide_report *one, struct bask_json *json)
{
    bask_json_number(json, "id", one->aide->id);
    bask_json_number(json, "pid", one->process->pid);
    bask_json_count(json, "messages", one->done);
    bask_json_count(json, "respawns", one->respawns);
    bask_json_number(json, "running", atomic_load(&one->place->busy) != 0);
}

static void
put_aides(const struct master *master, enum bask_aide_kind kind, struct bask_json *json)
{
    struct aide_report one;
    bool some = false;
    for (uint32_t i = 0; aides_report(master, i, &one); i++) {
        if (one.aide->kind != kind)
            continue;
        if (!some)
            bask_json_open_list(json, kind == BASK_AIDE_MULE ? "mules" : "spoolers");
        some = true;
        bask_json_open_object(json, NULL);
        (kind == BASK_AIDE_MULE ? put_mule : put_spooler)(&one, json);
        bask_json_close_object(json);
    }
    if (some)
        bask_json_close_list(json);
}

/* uWSGI has -1 for a command that does not run, and forgets when it was started. */
static void
put_cron(const struct cron_report *one, struct bask_json *json)
{
    const int32_t *when = one->spec->when.fields;
    for (int i = 0; i < BASK_CRON_FIELDS; i++)
        bask_json_number(json, bask_cron_ranges[i].name, when[i]);
    bask_json_text(json, "command", bask_str_of(one->spec->command));
    bask_json_number(json, "unique", one->spec->is_unique);
    bask_json_text(json, "legion", BASK_STR(""));
    bask_json_number(json, "pid", one->pid ? one->pid : -1);
    bask_json_number(json, "started_at", one->pid ? one->started_at : 0);
}

static void
put_crons(const struct master *master, struct bask_json *json)
{
    const struct cron_report *one;
    if (!crons_report(master, 0))
        return;
    bask_json_open_list(json, "crons");
    for (size_t i = 0; (one = crons_report(master, i)); i++) {
        bask_json_open_object(json, NULL);
        put_cron(one, json);
        bask_json_close_object(json);
    }
    bask_json_close_list(json);
}

int
stats_write(const struct master *master, struct bask_buf *out)
{
    struct bask_json json = {.out = out, .minified = master->plan->options->stats.minified};
    const struct bask_shared *shared = master->plan->shared;
    bask_json_open_object(&json, NULL);
    put_server(master, &json);
    put_daemons(master, &json);
    put_locks(shared, &json);
    put_caches(shared, &json);
    put_metrics(master, &json);
    put_sockets(master, &json);
    stats_put_workers(master, &json);
    put_aides(master, BASK_AIDE_SPOOLER, &json);
    put_crons(master, &json);
    put_aides(master, BASK_AIDE_MULE, &json);
    bask_json_close_object(&json);
    return json.err;
}
