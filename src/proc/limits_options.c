/* Rows of the limits, what contradicts what, and what they come to for one worker. */
#include "base/err.h"
#include "base/str.h"
#include "proc/limits.h"

#include <stddef.h>
#include <stdio.h>

#define AT(member) offsetof(struct bask_limits_options, member)

enum {
    MS = 1000,
    DAYS_MS = 2000000000, /* 23 days */
    COUNT_MAX = 2000000000,
    MB_MAX = 1 << 30,
    STAGGER = 4, /* workers without a delta are stopped up to 1/STAGGER before the limit */
};

static const struct bask_option rows[] = {
    {"harakiri", NULL, 't', BASK_OPT_DURATION, AT(harakiri.limit_ms), 0, DAYS_MS, "0", "SECONDS",
     "a request that takes longer is answered with 504; 0: no limit", .flags = BASK_OPT_FIXED},
    {"harakiri-graceful-timeout", NULL, 0, BASK_OPT_DURATION, AT(harakiri.grace_ms), 0, DAYS_MS,
     "3", "SECONDS", "its thread may come back so much later, else the worker is replaced",
     .flags = BASK_OPT_FIXED},
    {"harakiri-graceful-signal", NULL, 0, BASK_OPT_INT, AT(harakiri.signal), 0, 64, "0", "NUMBER",
     "send the worker this signal then, if the application handles it: it may end what hangs"},
    {"harakiri-verbose", NULL, 0, BASK_OPT_FLAG, AT(harakiri.verbose), 0, 0, NULL, NULL,
     "log too where in the kernel each thread is when a request is over its time"},
    {"harakiri-queue-threshold", NULL, 0, BASK_OPT_INT, AT(harakiri.queue_threshold), 0, COUNT_MAX,
     "0", "N", "let requests take longer while fewer than N others wait"},
    {"harakiri-no-arh", "no-harakiri-arh no-harakiri-after-req-hook", 0, BASK_OPT_FLAG,
     AT(harakiri.no_after_request_hook), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: the time of a request ends with its response"},
    {"max-requests", NULL, 'R', BASK_OPT_INT, AT(max_requests), 0, COUNT_MAX, "0", "N",
     "replace a worker after N requests; several workers at different times"},
    {"max-requests-delta", NULL, 0, BASK_OPT_INT, AT(max_requests_delta), 0, COUNT_MAX, "0", "N",
     "worker 1 may have N requests more, worker 2 twice as many more, and so on"},
    {"max-worker-lifetime", NULL, 0, BASK_OPT_DURATION, AT(max_lifetime_ms), 0, DAYS_MS, "0",
     "SECONDS", "replace a worker after so long; several workers at different times"},
    {"max-worker-lifetime-delta", NULL, 0, BASK_OPT_DURATION, AT(max_lifetime_delta_ms), 0, DAYS_MS,
     "0", "SECONDS", "worker 2 may live so much longer, worker 3 twice as much longer, and so on"},
    {"min-worker-lifetime", NULL, 0, BASK_OPT_DURATION, AT(min_lifetime_ms), 0, DAYS_MS, "10",
     "SECONDS", "no worker is replaced for its requests, memory or exceptions before"},
    {"reload-on-rss", NULL, 0, BASK_OPT_INT, AT(reload_on_rss_mb), 0, MB_MAX, "0", "MB",
     "replace a worker that has more resident memory"},
    {"reload-on-as", NULL, 0, BASK_OPT_INT, AT(reload_on_as_mb), 0, MB_MAX, "0", "MB",
     "replace a worker that has more address space"},
    {"evil-reload-on-rss", NULL, 0, BASK_OPT_INT, AT(evil_rss_mb), 0, MB_MAX, "0", "MB",
     "end a worker that has more resident memory at once, requests or not"},
    {"evil-reload-on-as", NULL, 0, BASK_OPT_INT, AT(evil_as_mb), 0, MB_MAX, "0", "MB",
     "end a worker that has more address space at once, requests or not"},
    {"mem-collector-freq", NULL, 0, BASK_OPT_DURATION, AT(sample_ms), 10, DAYS_MS, "3", "SECONDS",
     "how often the memory of a worker is looked at"},
    {"reload-on-exception", NULL, 0, BASK_OPT_FLAG, AT(reload_on_exception), 0, 0, NULL, NULL,
     "replace a worker whose application raised"},
    {"reload-on-exception-type", NULL, 0, BASK_OPT_LIST, AT(exception_types), 0, 0, NULL, "NAME",
     "replace a worker whose application raised an exception of this class"},
    {"reload-on-exception-value", NULL, 0, BASK_OPT_LIST, AT(exception_values), 0, 0, NULL, "TEXT",
     "replace a worker whose application raised an exception with this text"},
    {"reload-on-exception-repr", NULL, 0, BASK_OPT_LIST, AT(exception_reprs), 0, 0, NULL, "TEXT",
     "replace a worker whose application raised an exception with this repr"},
};

struct bask_option_table
bask_limits_option_table(struct bask_limits_options *values)
{
    return (struct bask_option_table){
        .group = "Limits and recycling",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

int
bask_limits_check(struct bask_limits_options *options, const struct bask_conf *conf, char *error,
                  size_t error_size)
{
    bask_str origin = bask_conf_origin(conf, BASK_STR("min-worker-lifetime"));
    if (!options->max_lifetime_ms || options->min_lifetime_ms <= options->max_lifetime_ms)
        return BASK_OK;
    if (bask_str_eq(origin, BASK_STR("default"))) {
        options->min_lifetime_ms = options->max_lifetime_ms;
        return BASK_OK;
    }
    snprintf(
        error, error_size,
        "%.*s: --min-worker-lifetime of %.3g s is longer than --max-worker-lifetime of %.3g s; "
        "expected at most that",
        BASK_FMT(origin), (double)options->min_lifetime_ms / MS,
        (double)options->max_lifetime_ms / MS);
    return BASK_E_RANGE;
}

/* How much before `limit` worker `id` is stopped. */
static int64_t
stagger(int64_t limit, uint32_t id, uint32_t workers)
{
    return limit / STAGGER * (id - 1) / workers;
}

uint64_t
bask_limits_requests(const struct bask_limits_options *options, uint32_t id, uint32_t workers)
{
    int64_t limit = options->max_requests, delta = options->max_requests_delta;
    return (uint64_t)(delta && limit ? limit + delta * id : limit - stagger(limit, id, workers));
}

int64_t
bask_limits_lifetime_ms(const struct bask_limits_options *options, uint32_t id, uint32_t workers)
{
    int64_t limit = options->max_lifetime_ms, delta = options->max_lifetime_delta_ms;
    int64_t lifetime =
        delta && limit ? limit + delta * (id - 1) : limit - stagger(limit, id, workers);
    return lifetime && lifetime < options->min_lifetime_ms ? options->min_lifetime_ms : lifetime;
}
