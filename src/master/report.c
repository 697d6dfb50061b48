/* What a master tells of itself and its workers. */
#include "base/err.h"
#include "master/private.h"
#include "proto/json.h"
#include "sys/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE = 512 };

static const char *const states[] = {
    [PROCESS_NONE] = "down",       [PROCESS_FORKING] = "forking", [PROCESS_STARTING] = "starting",
    [PROCESS_SERVING] = "serving", [PROCESS_ENDING] = "ending",
};

/* Appends one formatted piece, at most LINE bytes; after the first error nothing. */
static __attribute__((format(printf, 3, 4))) void
put(struct bask_buf *text, int *err, const char *format, ...)
{
    char line[LINE];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (!*err)
        *err = bask_buf_append(
            text, bask_str_n(line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1));
}

static const char *
state_of_server(const struct master *master)
{
    if (master->stopping)
        return "stopping";
    if (!master->current)
        return "loading";
    if (master->reload.kind)
        return master->reload.kind == RELOAD_UPGRADE ? "upgrading" : "reloading";
    return master->paused ? "paused" : "serving";
}

static const char *
state_of_worker(const struct master *master, uint32_t id)
{
    if (roster_is_replacing(master, id))
        return "replacing";
    return states[roster_process(master, id)->state];
}

static unsigned
generation_now(const struct master *master)
{
    return master->current ? master->current->number : 0;
}

static void
put_aides(const struct master *master, struct bask_buf *text, int *err)
{
    struct aide_report one;
    for (uint32_t i = 0; aides_report(master, i, &one); i++) {
        if (i == 0)
            put(text, err, "%12s %8s  %-10s %10s %12s\n", "", "pid", "state", "generation", "done");
        put(text, err, "%8s %3u %8d  %-10s %10u %12" PRIu64 "\n",
            bask_aide_kind_name(one.aide->kind), one.aide->id, (int)one.process->pid,
            states[one.process->state], one.process->generation, one.done);
    }
}

static void
put_aides_json(const struct master *master, struct bask_json *json)
{
    struct aide_report one;
    if (!aides_report(master, 0, &one))
        return;
    bask_json_open_list(json, "aides");
    for (uint32_t i = 0; aides_report(master, i, &one); i++) {
        bask_json_open_object(json, NULL);
        bask_json_text(json, "kind", bask_str_of(bask_aide_kind_name(one.aide->kind)));
        bask_json_count(json, "id", one.aide->id);
        bask_json_number(json, "pid", one.process->pid);
        bask_json_text(json, "state", bask_str_of(states[one.process->state]));
        bask_json_count(json, "generation", one.process->generation);
        bask_json_count(json, "done", one.done);
        bask_json_close_object(json);
    }
    bask_json_close_list(json);
}

/* What clients ran into, of all workers; nothing if they did not. */
static void
put_bounds(const struct bask_board *board, struct bask_buf *text, int *err)
{
    const char *before = "clients: ", *after = "";
    for (int bound = 0; bound < BASK_BOUND_COUNT; bound++) {
        uint64_t sum = 0;
        for (uint32_t id = 1; id <= board->worker_count; id++)
            sum += bask_board_bound(board, id, (enum bask_bound)bound);
        if (!sum)
            continue;
        put(text, err, "%s%s %" PRIu64, before, bask_bound_names[bound], sum);
        before = ", ";
        after = "\n";
    }
    put(text, err, "%s", after);
}

/* One line: control characters are not for terminals. */
static void
put_clean(const char *line, struct bask_buf *text, int *err)
{
    for (const char *at = line; *at; at++)
        put(text, err, "%c", (unsigned char)*at < ' ' || *at == 0x7f ? ' ' : *at);
}

static void
put_warning(const struct bask_board *board, struct bask_buf *text, int *err)
{
    char warning[BASK_WARNING_MAX + 1];
    if (!bask_warning_get(board->warning, warning))
        return;
    put(text, err, "the application warns: ");
    put_clean(warning, text, err);
    put(text, err, "\n");
}

static void
put_crons(const struct master *master, struct bask_buf *text, int *err)
{
    const struct cron_report *one;
    for (size_t i = 0; (one = crons_report(master, i)); i++) {
        const int32_t *when = one->spec->when.fields;
        char times[32], last[32] = "-";
        if (i == 0)
            put(text, err, "%-18s %8s %7s %10s %10s  %s\n", "cron", "pid", "running", "times",
                "ended", "command");
        snprintf(times, sizeof times, "%d %d %d %d %d", when[0], when[1], when[2], when[3],
                 when[4]);
        if (one->has_ended)
            snprintf(last, sizeof last, "%s %d", WIFSIGNALED(one->status) ? "signal" : "status",
                     WIFSIGNALED(one->status) ? WTERMSIG(one->status) : WEXITSTATUS(one->status));
        put(text, err, "%-18s %8d %7u %10" PRIu64 " %10s  ", times, (int)one->pid, one->running,
            one->times, last);
        put_clean(one->spec->command, text, err);
        put(text, err, "\n");
    }
}

static void
put_crons_json(const struct master *master, struct bask_json *json)
{
    const struct cron_report *one;
    if (!crons_report(master, 0))
        return;
    bask_json_open_list(json, "crons");
    for (size_t i = 0; (one = crons_report(master, i)); i++) {
        bask_json_open_object(json, NULL);
        for (int field = 0; field < BASK_CRON_FIELDS; field++)
            bask_json_number(json, bask_cron_ranges[field].name, one->spec->when.fields[field]);
        bask_json_bool(json, "unique", one->spec->is_unique);
        bask_json_number(json, "pid", one->pid);
        bask_json_count(json, "running", one->running);
        bask_json_count(json, "times", one->times);
        bask_json_number(json, "started", one->started_at);
        bask_json_text(json, "command", bask_str_of(one->spec->command));
        bask_json_close_object(json);
    }
    bask_json_close_list(json);
}

static void
put_worker_json(const struct master *master, uint32_t id, const struct bask_worker_info *info,
                struct bask_json *json)
{
    const struct bask_board *board = master->plan->board;
    const struct process *process = roster_process(master, id);
    bask_json_open_object(json, NULL);
    bask_json_count(json, "id", id);
    bask_json_number(json, "pid", process->pid);
    bask_json_text(json, "state", bask_str_of(state_of_worker(master, id)));
    bask_json_count(json, "generation", process->generation);
    bask_json_count(json, "requests", info->requests);
    bask_json_count(json, "exceptions", info->exceptions);
    bask_json_count(json, "respawns", info->respawns);
    bask_json_count(json, "busy", info->threads_busy);
    bask_json_count(json, "rss", info->rss_bytes);
    bask_json_number(json, "started", info->started_at);
    bask_json_open_object(json, "clients");
    for (int bound = 0; bound < BASK_BOUND_COUNT; bound++)
        bask_json_count(json, bask_bound_names[bound],
                        bask_board_bound(board, id, (enum bask_bound)bound));
    bask_json_close_object(json);
    bask_json_close_object(json);
}

int
report_table(const struct master *master, struct bask_buf *text)
{
    const struct bask_board *board = master->plan->board;
    int64_t now = bask_clock_wall();
    int err = BASK_OK;
    put(text, &err, "Bask " BASK_VERSION ", master %d, generation %u, %s for %" PRId64 " s\n",
        (int)getpid(), generation_now(master), state_of_server(master), now - master->started_at);
    put(text, &err, "%6s %8s  %-10s %10s %12s %9s %10s %10s\n", "worker", "pid", "state",
        "generation", "requests", "busy", "rss KiB", "up s");
    for (uint32_t id = 1; id <= board->worker_count; id++) {
        const struct process *process = roster_process(master, id);
        struct bask_worker_info info;
        if (bask_board_read(board, id, &info))
            continue;
        put(text, &err, "%6u %8d  %-10s %10u %12" PRIu64 " %4u/%-4u %10" PRIu64 " %10" PRId64 "\n",
            id, (int)process->pid, state_of_worker(master, id), process->generation, info.requests,
            info.threads_busy, board->thread_count, info.rss_bytes / 1024,
            info.pid && info.started_at ? now - info.started_at : 0);
    }
    put_aides(master, text, &err);
    put_crons(master, text, &err);
    put_bounds(board, text, &err);
    put_warning(board, text, &err);
    return err;
}

int
report_json(const struct master *master, struct bask_buf *text)
{
    const struct bask_board *board = master->plan->board;
    struct bask_json json = {.out = text, .minified = true};
    struct bask_worker_info info;
    char warning[BASK_WARNING_MAX + 1];
    bask_json_open_object(&json, NULL);
    bask_json_text(&json, "version", bask_str_of(BASK_VERSION));
    bask_json_number(&json, "pid", getpid());
    bask_json_number(&json, "started", master->started_at);
    bask_json_count(&json, "generation", generation_now(master));
    bask_json_text(&json, "state", bask_str_of(state_of_server(master)));
    bask_json_count(&json, "threads", board->thread_count);
    bask_json_open_list(&json, "workers");
    for (uint32_t id = 1; id <= board->worker_count; id++)
        if (!bask_board_read(board, id, &info))
            put_worker_json(master, id, &info, &json);
    bask_json_close_list(&json);
    bask_warning_get(board->warning, warning);
    bask_json_text(&json, "warning", bask_str_of(warning));
    put_aides_json(master, &json);
    put_crons_json(master, &json);
    bask_json_close_object(&json);
    return json.err ? json.err : bask_buf_append(text, BASK_STR("\n"));
}
