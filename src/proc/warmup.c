/* Proof, warm-up, and their repetition in a worker. */
#include "proc/warmup.h"

#include "base/err.h"
#include "obs/log.h"
#include "proc/load.h"
#include "proc/program.h"
#include "proc/rehearsal.h"
#include "proc/sources.h"
#include "sys/clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    READY_PAUSE_MS = 100,
    HUNG_US = 30000000, /* how long after the budget's end a request may still take */
    WORKER_BUDGET_US = 1000000,
    WORKER_HUNG_US = 5000000,
    STATUS_GOOD_BELOW = 400,
};

bool
bask_warmup_is_wanted(const struct bask_heritage *heritage)
{
    const struct bask_warmup_options *options = heritage->warmup;
    if (bask_program_is_wanted(heritage->options))
        return false; /* it cannot be asked */
    return options->ready_urls.count || options->paths.count || options->files.count;
}

int64_t
bask_warmup_stage(const struct bask_plugin *plugin, enum bask_stage stage)
{
    size_t needed = offsetof(struct bask_plugin, stage) + sizeof plugin->stage;
    return plugin->size >= needed && plugin->stage ? plugin->stage(stage) : -1;
}

/* The thread is inside the application and cannot be called back. */
static void
on_hung(const struct bask_rehearsal *rehearsal, const struct bask_replay_item *item)
{
    (void)rehearsal;
    bask_log(BASK_LOG_ERROR, "the application hangs: %.*s %.*s was not answered in time",
             BASK_FMT(item->method), BASK_FMT(item->target));
    _exit(BASK_EXIT_FAILED);
}

/* The bytes as they may stand in one line of a log. */
static const char *
printable(const char *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        out[i] = isprint((unsigned char)bytes[i]) ? bytes[i] : '.';
    out[len] = '\0';
    return out;
}

/* A version that is not ready by its time-out is given up; what is to be said of it is said a
 * little before. */
static int64_t
give_up_us(const struct bask_heritage *heritage)
{
    int64_t limit_ms = heritage->options->ready_timeout_ms;
    return limit_ms ? heritage->began_us + limit_ms * 900 : INT64_MAX;
}

static void
report_not_ready(const struct bask_rehearsal *last, const struct bask_replay_item *item,
                 int64_t since_us)
{
    char start[sizeof last->sink.start + 1];
    bask_log(BASK_LOG_ERROR,
             "--ready-url %.*s is not ready after %.1f s: the last status was %u, and the body "
             "begins \"%s\"",
             BASK_FMT(item->target), (double)(bask_clock_us() - since_us) / 1e6, last->sink.status,
             printable(last->sink.start, last->sink.start_len, start));
}

/* One URL, until it answers well. */
static int
prove(struct bask_heritage *heritage, struct bask_replay_item *item, int64_t until_us)
{
    const struct timespec pause = {.tv_nsec = READY_PAUSE_MS * 1000000};
    const struct bask_replay only = {.items = item, .count = 1};
    struct bask_rehearsal rehearsal = {.heritage = heritage,
                                       .replay = &only,
                                       .limit = 1,
                                       .until_us = INT64_MAX,
                                       .hung_us = until_us,
                                       .on_hung = on_hung};
    for (;;) {
        if (bask_rehearsal_run(&rehearsal)) {
            bask_log(BASK_LOG_ERROR, "--ready-url: %s", bask_err_text(BASK_E_NOMEM));
            return BASK_EXIT_FAILED;
        }
        if (!rehearsal.sink.failed && rehearsal.sink.status &&
            rehearsal.sink.status < STATUS_GOOD_BELOW)
            return BASK_EXIT_OK;
        if (bask_clock_us() + READY_PAUSE_MS * 1000 > until_us) {
            report_not_ready(&rehearsal, item, heritage->began_us);
            return BASK_EXIT_FAILED;
        }
        nanosleep(&pause, NULL);
    }
}

static int
prove_all(struct bask_heritage *heritage, struct bask_replay *ready)
{
    int64_t until_us = give_up_us(heritage);
    int code = BASK_EXIT_OK;
    if (!ready->count)
        return code;
    bask_warmup_stage(heritage->plugin, BASK_STAGE_TRYING);
    for (size_t i = 0; i < ready->count && !code; i++)
        code = prove(heritage, &ready->items[i], until_us);
    bask_warmup_stage(heritage->plugin, BASK_STAGE_CALM);
    return code;
}

static void
report(const struct bask_warmup_info *info, size_t skipped)
{
    char traces[64] = "";
    if (info->traces >= 0)
        snprintf(traces, sizeof traces, ", %" PRId64 " traces compiled", info->traces);
    bask_log(BASK_LOG_INFO,
             "warm-up: %" PRIu64 " requests in %.1f s, %.0f us of processor time each at first, "
             "%.0f at last%s%s; status 2xx: %" PRIu64 ", 3xx: %" PRIu64 ", 4xx: %" PRIu64
             ", 5xx: %" PRIu64,
             info->requests, (double)info->elapsed_us / 1e6, (double)info->first_ns / 1e3,
             (double)info->last_ns / 1e3, info->settled ? ", settled" : "", traces,
             info->statuses[2], info->statuses[3], info->statuses[4], info->statuses[5]);
    if (skipped)
        bask_log(BASK_LOG_INFO,
                 "warm-up: %zu requests of the files were left out, see --warmup-methods", skipped);
    if (info->requests && !(info->statuses[1] + info->statuses[2] + info->statuses[3]))
        bask_log(BASK_LOG_WARN,
                 "warm-up: no request was answered with a status below 400: it warmed nothing "
                 "that users will see");
}

static int
warm(struct bask_heritage *heritage, const struct bask_sources *sources, unsigned generation,
     bool cautious)
{
    const struct bask_warmup_options *options = heritage->warmup;
    int64_t start_us = bask_clock_us();
    struct bask_rehearsal_meter meter = {.windows = 0};
    struct bask_rehearsal rehearsal = {.heritage = heritage,
                                       .replay = &sources->warm,
                                       .limit = (uint64_t)options->requests,
                                       .until_us = start_us + options->budget_ms * 1000,
                                       .meter = &meter,
                                       .on_hung = on_hung};
    if (rehearsal.until_us > give_up_us(heritage))
        rehearsal.until_us = give_up_us(heritage);
    rehearsal.hung_us = rehearsal.until_us + HUNG_US;
    if (cautious)
        bask_log(BASK_LOG_WARN, "warm-up: the last one crashed; this one compiles with the "
                                "parameters for serving");
    bask_warmup_stage(heritage->plugin, cautious ? BASK_STAGE_TRYING : BASK_STAGE_WARMING);
    int err = bask_rehearsal_run(&rehearsal);
    int64_t traces = bask_warmup_stage(heritage->plugin, BASK_STAGE_CALM);
    if (err) {
        bask_log(BASK_LOG_WARN, "warm-up: %s", bask_err_text(err));
        return err;
    }
    struct bask_warmup_info info = {
        .generation = generation,
        .settled = meter.settled,
        .requests = rehearsal.sum.requests,
        .elapsed_us = (uint64_t)(bask_clock_us() - start_us),
        .first_ns = meter.first_ns,
        .last_ns = meter.last_ns,
        .traces = traces,
        .failures = rehearsal.sum.failures,
    };
    memcpy(info.statuses, rehearsal.sum.statuses, sizeof info.statuses);
    bask_board_write_warmup(&heritage->board, &info);
    report(&info, sources->skipped);
    return BASK_OK;
}

int
bask_warmup_run(struct bask_heritage *heritage, unsigned generation, bool cautious)
{
    char error[512];
    if (!bask_warmup_is_wanted(heritage))
        return BASK_EXIT_OK;
    struct bask_sources *sources = malloc(sizeof *sources);
    if (!sources || bask_sources_read(sources, heritage->warmup, error, sizeof error)) {
        bask_log(BASK_LOG_ERROR, "%s", sources ? error : bask_err_text(BASK_E_NOMEM));
        if (sources)
            bask_sources_fini(sources);
        free(sources);
        return BASK_EXIT_FAILED;
    }
    sources->pid = getpid();
    int code = prove_all(heritage, &sources->ready);
    if (!code && sources->warm.count && !warm(heritage, sources, generation, cautious))
        heritage->sources = sources; /* workers make some of them again */
    else if (!code && !sources->warm.count && sources->skipped)
        bask_log(BASK_LOG_WARN, "warm-up: none of the %zu requests has one of the --warmup-methods",
                 sources->skipped);
    if (!heritage->sources) {
        bask_sources_fini(sources);
        free(sources);
    }
    bask_load_host(heritage, NULL, 0);
    return code;
}

/* A path that hangs in a worker, but not in its zygote, would keep every worker from serving what
 * does not hang: the next one does without. */
static void
on_worker_hung(const struct bask_rehearsal *rehearsal, const struct bask_replay_item *item)
{
    atomic_store(&rehearsal->heritage->board.warmup->workers_hang, 1);
    bask_log(BASK_LOG_ERROR,
             "worker %u hangs in its warm-up request %.*s %.*s and ends; new workers make none",
             rehearsal->worker_id, BASK_FMT(item->method), BASK_FMT(item->target));
    _exit(BASK_EXIT_FAILED);
}

void
bask_warmup_worker(struct bask_heritage *heritage, uint32_t id)
{
    const struct bask_sources *sources = heritage->sources;
    uint64_t count = (uint64_t)heritage->warmup->worker_requests;
    if (!sources || sources->pid == getpid() || !count ||
        atomic_load(&heritage->board.warmup->workers_hang))
        return;
    int64_t now = bask_clock_us();
    struct bask_rehearsal rehearsal = {.heritage = heritage,
                                       .replay = &sources->warm,
                                       .first = (size_t)((id - 1) * count),
                                       .limit = count,
                                       .until_us = now + WORKER_BUDGET_US,
                                       .hung_us = now + WORKER_HUNG_US,
                                       .worker_id = id,
                                       .on_hung = on_worker_hung};
    bask_warmup_stage(heritage->plugin, BASK_STAGE_TRYING);
    if (bask_rehearsal_run(&rehearsal))
        bask_log(BASK_LOG_WARN, "worker %u: no memory for its warm-up", id);
    bask_warmup_stage(heritage->plugin, BASK_STAGE_CALM);
}
