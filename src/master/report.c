/* What a master tells of itself and its workers. */
#include "base/err.h"
#include "master/private.h"
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
put_aides_json(const struct master *master, struct bask_buf *text, int *err)
{
    struct aide_report one;
    for (uint32_t i = 0; aides_report(master, i, &one); i++)
        put(text, err,
            "%s{\"kind\":\"%s\",\"id\":%u,\"pid\":%d,\"state\":\"%s\",\"generation\":%u,"
            "\"done\":%" PRIu64 "}",
            i ? "," : ",\"aides\":[", bask_aide_kind_name(one.aide->kind), one.aide->id,
            (int)one.process->pid, states[one.process->state], one.process->generation, one.done);
    if (aides_report(master, 0, &one))
        put(text, err, "]");
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

static void
put_bounds_json(const struct bask_board *board, uint32_t id, struct bask_buf *text, int *err)
{
    for (int bound = 0; bound < BASK_BOUND_COUNT; bound++)
        put(text, err, "%s\"%s\":%" PRIu64, bound ? "," : "", bask_bound_names[bound],
            bask_board_bound(board, id, (enum bask_bound)bound));
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

/* What is between the quotes. */
static void
put_escaped(const char *words, struct bask_buf *text, int *err)
{
    for (const char *at = words; *at; at++) {
        bool is_plain = (unsigned char)*at >= ' ' && *at != '"' && *at != '\\' && *at != 0x7f;
        put(text, err, is_plain ? "%c" : "\\u%04x", (unsigned char)*at);
    }
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
put_crons_json(const struct master *master, struct bask_buf *text, int *err)
{
    const struct cron_report *one;
    size_t i = 0;
    for (; (one = crons_report(master, i)); i++) {
        const int32_t *when = one->spec->when.fields;
        put(text, err,
            "%s{\"minute\":%d,\"hour\":%d,\"day\":%d,\"month\":%d,\"week\":%d,\"unique\":%s,"
            "\"pid\":%d,\"running\":%u,\"times\":%" PRIu64 ",\"started\":%" PRId64
            ",\"command\":\"",
            i ? "," : ",\"crons\":[", when[0], when[1], when[2], when[3], when[4],
            one->spec->is_unique ? "true" : "false", (int)one->pid, one->running, one->times,
            one->started_at);
        put_escaped(one->spec->command, text, err);
        put(text, err, "\"}");
    }
    put(text, err, i ? "]" : "");
}

static void
put_warning_json(const struct bask_board *board, struct bask_buf *text, int *err)
{
    char warning[BASK_WARNING_MAX + 1];
    bask_warning_get(board->warning, warning);
    put(text, err, ",\"warning\":\"");
    put_escaped(warning, text, err);
    put(text, err, "\"");
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
    int err = BASK_OK;
    put(text, &err,
        "{\"version\":\"" BASK_VERSION "\",\"pid\":%d,\"started\":%" PRId64
        ",\"generation\":%u,\"state\":\"%s\",\"threads\":%u,\"workers\":[",
        (int)getpid(), master->started_at, generation_now(master), state_of_server(master),
        board->thread_count);
    for (uint32_t id = 1; id <= board->worker_count; id++) {
        const struct process *process = roster_process(master, id);
        struct bask_worker_info info;
        if (bask_board_read(board, id, &info))
            continue;
        put(text, &err,
            "%s{\"id\":%u,\"pid\":%d,\"state\":\"%s\",\"generation\":%u,\"requests\":%" PRIu64
            ",\"exceptions\":%" PRIu64 ",\"respawns\":%" PRIu64 ",\"busy\":%u,\"rss\":%" PRIu64
            ",\"started\":%" PRId64 ",\"clients\":{",
            id > 1 ? "," : "", id, (int)process->pid, state_of_worker(master, id),
            process->generation, info.requests, info.exceptions, info.respawns, info.threads_busy,
            info.rss_bytes, info.started_at);
        put_bounds_json(board, id, text, &err);
        put(text, &err, "}}");
    }
    put(text, &err, "]");
    put_warning_json(board, text, &err);
    put_aides_json(master, text, &err);
    put_crons_json(master, text, &err);
    put(text, &err, "}\n");
    return err;
}
