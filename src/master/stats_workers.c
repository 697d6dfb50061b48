/* The workers of uWSGI's statistics, their applications and their threads, from the scoreboard. */
#include "base/err.h"
#include "master/private.h"
#include "proto/json.h"
#include "sys/clock.h"

#include <stdio.h>

static bool
is_busy_with_signal(const struct bask_board *board, uint32_t id, uint32_t *ret_number)
{
    for (uint32_t i = 0; i < board->thread_count; i++) {
        struct bask_board_core core;
        bask_board_read_core(board, id, i, &core);
        if (core.busy_since_us && core.signal) {
            *ret_number = core.signal - 1;
            return true;
        }
    }
    return false;
}

static void
put_status(const struct master *master, const struct bask_worker_info *info, struct bask_json *json)
{
    char text[16] = "idle";
    uint32_t number;
    if (!info->pid && (!roster_wants(master, info->id) || scaling_is_cheap(master)))
        snprintf(text, sizeof text, "cheap");
    else if (master->paused && !info->threads_busy)
        snprintf(text, sizeof text, "pause");
    else if (is_busy_with_signal(master->plan->board, info->id, &number))
        snprintf(text, sizeof text, "sig%u", number);
    else if (info->threads_busy)
        snprintf(text, sizeof text, "busy");
    bask_json_text(json, "status", bask_str_of(text));
}

static uint64_t
signal_queue(const struct master *master, uint32_t id)
{
    const struct bask_board *board = master->plan->board;
    struct bask_seat seat = {id, atomic_load(&bask_board_worker(board, id)->side)};
    if (!master->plan->signals)
        return 0;
    return bask_signal_waiting_all(bask_signals_box(master->plan->signals, bask_board_index(seat)));
}

static void
put_apps(const struct master *master, uint32_t worker_id, struct bask_json *json)
{
    struct bask_app_info app = {.size = sizeof app};
    bask_json_open_list(json, "apps");
    for (uint32_t id = 0;
         !bask_apps_read(master->plan->apps, master->plan->board, worker_id, id, &app); id++) {
        bask_json_open_object(json, NULL);
        bask_json_count(json, "id", id);
        bask_json_number(json, "modifier1", 0);
        bask_json_text(json, "mountpoint", bask_str_of(app.mountpoint));
        bask_json_number(json, "startup_time", app.load_ms / 1000);
        bask_json_count(json, "requests", app.requests);
        bask_json_count(json, "exceptions", app.exceptions);
        bask_json_text(json, "chdir", bask_str_of(app.folder));
        bask_json_close_object(json);
    }
    bask_json_close_list(json);
}

static void
put_variable(struct bask_json *json, const char *name, bask_str value)
{
    char text[BASK_BOARD_LINE + 32];
    int n = snprintf(text, sizeof text, "%s=%.*s", name, BASK_FMT(value));
    bask_json_text(json, NULL, bask_str_n(text, (size_t)n));
}

/* Of the variables of a request the board has the first line, cut off. uWSGI's list ends with an
 * empty text. */
static void
put_variables(const struct bask_board_core *core, struct bask_json *json)
{
    bask_str line = bask_str_of(core->line), method, uri, path, query = {"", 0};
    bask_json_open_list(json, "vars");
    bool is_request = core->busy_since_us && !core->signal;
    if (is_request && bask_str_cut(line, ' ', &method, &uri) && method.len) {
        bask_str_cut(uri, '?', &path, &query);
        put_variable(json, "REQUEST_METHOD", method);
        put_variable(json, "REQUEST_URI", uri);
        put_variable(json, "QUERY_STRING", query);
        bask_json_text(json, NULL, BASK_STR(""));
    }
    bask_json_close_list(json);
}

static void
put_core(const struct bask_board_core *core, uint32_t id, struct bask_json *json)
{
    bask_json_open_object(json, NULL);
    bask_json_count(json, "id", id);
    bask_json_count(json, "requests", core->requests);
    bask_json_count(json, "static_requests", core->files);
    bask_json_number(json, "routed_requests", 0);
    bask_json_number(json, "offloaded_requests", 0);
    bask_json_count(json, "write_errors", core->write_errors);
    bask_json_count(json, "read_errors", core->read_errors);
    bask_json_number(json, "in_request", core->busy_since_us != 0);
    put_variables(core, json);
    bask_json_open_object(json, "req_info");
    if (core->busy_since_us)
        bask_json_number(json, "request_start",
                         bask_clock_wall() - (bask_clock_us() - core->busy_since_us) / 1000000);
    bask_json_close_object(json);
    bask_json_close_object(json);
}

static void
put_cores(const struct bask_board *board, uint32_t worker_id, struct bask_json *json)
{
    bask_json_open_list(json, "cores");
    for (uint32_t i = 0; i < board->thread_count; i++) {
        struct bask_board_core core;
        bask_board_read_core(board, worker_id, i, &core);
        put_core(&core, i, json);
    }
    bask_json_close_list(json);
}

static void
put_worker(const struct master *master, const struct bask_worker_info *info, struct bask_json *json)
{
    uint64_t mean_us = info->requests ? info->busy_us / info->requests : 0;
    bask_json_open_object(json, NULL);
    bask_json_count(json, "id", info->id);
    bask_json_number(json, "pid", info->pid);
    bask_json_count(json, "accepting", info->accepting);
    bask_json_count(json, "requests", info->requests);
    bask_json_count(json, "delta_requests", bask_board_since_begin(master->plan->board, info->id));
    bask_json_count(json, "exceptions", info->exceptions);
    bask_json_count(json, "harakiri_count", info->harakiris);
    bask_json_count(json, "signals", info->signals);
    bask_json_count(json, "signal_queue", signal_queue(master, info->id));
    put_status(master, info, json);
    bask_json_count(json, "rss", info->rss_bytes);
    bask_json_count(json, "vsz", info->vsz_bytes);
    bask_json_count(json, "running_time", info->busy_us);
    bask_json_number(json, "last_spawn", info->started_at);
    bask_json_count(json, "respawn_count", info->respawns + (info->started_at != 0));
    bask_json_count(json, "tx", info->tx_bytes);
    bask_json_count(json, "avg_rt", mean_us);
    put_apps(master, info->id, json);
    if (!master->plan->options->stats.no_cores)
        put_cores(master->plan->board, info->id, json);
    bask_json_close_object(json);
}

void
stats_put_workers(const struct master *master, struct bask_json *json)
{
    const struct bask_board *board = master->plan->board;
    struct bask_worker_info info;
    bask_json_open_list(json, "workers");
    for (uint32_t id = 1; !bask_board_read(board, id, &info); id++)
        put_worker(master, &info, json);
    bask_json_close_list(json);
}
