/* Rows of how many workers run, and whether they fit together. */
#include "master/scaling.h"

#include "base/err.h"
#include "base/str.h"
#include "master/algo.h"

#include <stdio.h>

#define AT(member) offsetof(struct bask_scaling_options, member)

enum { DAY_MS = 86400000, WORKERS_MAX = 1024, MANY = 1000000 };

static const struct bask_option rows[] = {
    {"cheaper", NULL, 0, BASK_OPT_INT, AT(cheaper), 0, WORKERS_MAX, "0", "N",
     "run at least N workers, and up to --processes when they are needed", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"cheaper-initial", NULL, 0, BASK_OPT_INT, AT(initial), 0, WORKERS_MAX, "0", "N",
     "workers at the start; 0: as many as --cheaper", .flags = BASK_OPT_FIXED},
    {"cheaper-step", NULL, 0, BASK_OPT_INT, AT(step), 1, WORKERS_MAX, "1", "N",
     "workers that are added together", .flags = BASK_OPT_FIXED},
    {"cheaper-algo", NULL, 0, BASK_OPT_STRING, AT(algo), 0, 0, "spare", "NAME",
     "how to tell that they are needed: spare, spare2, backlog, backlog2, busyness, manual",
     .flags = BASK_OPT_FIXED},
    {"cheaper-overload", NULL, 0, BASK_OPT_INT, AT(overload), 1, MANY, "3", "N",
     "spare: seconds without an idle worker; busyness: seconds of a window; backlog: requests "
     "that wait",
     .flags = BASK_OPT_FIXED},
    {"cheaper-idle", NULL, 0, BASK_OPT_DURATION, AT(spare_idle_ms), 1, DAY_MS, "10", "SECONDS",
     "spare2: how long there must be too many idle workers before one ends",
     .flags = BASK_OPT_FIXED},
    {"cheaper-busyness-max", NULL, 0, BASK_OPT_INT, AT(busy_max), 1, 100, "50", "PERCENT",
     "busyness: add workers when they are busy for more of their time", .flags = BASK_OPT_FIXED},
    {"cheaper-busyness-min", NULL, 0, BASK_OPT_INT, AT(busy_min), 0, 100, "25", "PERCENT",
     "busyness: a worker may end when they are busy for less of their time",
     .flags = BASK_OPT_FIXED},
    {"cheaper-busyness-multiplier", NULL, 0, BASK_OPT_INT, AT(multiplier), 1, MANY, "10", "N",
     "busyness: windows in a row that must be below the minimum before a worker ends",
     .flags = BASK_OPT_FIXED},
    {"cheaper-busyness-penalty", NULL, 0, BASK_OPT_INT, AT(penalty), 0, MANY, "2", "N",
     "busyness: windows more, after one ended that was needed again", .flags = BASK_OPT_FIXED},
    {"cheaper-busyness-verbose", NULL, 0, BASK_OPT_FLAG, AT(verbose), 0, 0, NULL, NULL,
     "log the busyness of every window", .flags = BASK_OPT_FIXED},
    {"cheaper-busyness-backlog-alert", NULL, 0, BASK_OPT_INT, AT(backlog_alert), 0, MANY, "33", "N",
     "busyness: add workers at once when more requests wait", .flags = BASK_OPT_FIXED},
    {"cheaper-busyness-backlog-multiplier", NULL, 0, BASK_OPT_INT, AT(backlog_multiplier), 1, MANY,
     "3", "N", "busyness: add all workers when so many times more wait", .flags = BASK_OPT_FIXED},
    {"cheaper-busyness-backlog-step", NULL, 0, BASK_OPT_INT, AT(backlog_step), 1, WORKERS_MAX, "1",
     "N", "busyness: workers that are added when requests wait", .flags = BASK_OPT_FIXED},
    {"cheaper-busyness-backlog-nonzero", NULL, 0, BASK_OPT_DURATION, AT(backlog_nonzero_ms), 0,
     DAY_MS, "60", "SECONDS",
     "busyness: add workers when requests have waited for so long; 0: never",
     .flags = BASK_OPT_FIXED},
    {"cheap", NULL, 0, BASK_OPT_FLAG, AT(cheap), 0, 0, NULL, NULL,
     "fork no worker before the first connection", .implies = "master", .flags = BASK_OPT_FIXED},
    {"idle", NULL, 0, BASK_OPT_DURATION, AT(idle_ms), 0, 365LL * DAY_MS, "0", "SECONDS",
     "end all workers after so long without a request, until the next connection; 0: never",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"die-on-idle", NULL, 0, BASK_OPT_FLAG, AT(die_on_idle), 0, 0, NULL, NULL,
     "stop the server when --idle has passed", .flags = BASK_OPT_FIXED},
    {"thunder-lock", NULL, 0, BASK_OPT_FLAG, AT(thunder_lock), 0, 0, NULL, NULL,
     "accepted, needless: the kernel wakes one worker for a connection, each in its turn"},
};

struct bask_option_table
bask_scaling_option_table(struct bask_scaling_options *values)
{
    return (struct bask_option_table){
        .group = "Scaling",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

bool
bask_scaling_is_on(const struct bask_scaling_options *options)
{
    return options->cheaper || options->cheap || options->idle_ms;
}

int
bask_scaling_check(const struct bask_scaling_options *options, int64_t workers, char *error,
                   size_t error_size)
{
    int n = 0;
    if (options->cheaper && options->cheaper >= workers)
        n = snprintf(error, error_size,
                     "--cheaper %lld must be less than --processes, which is %lld",
                     (long long)options->cheaper, (long long)workers);
    else if (!algo_named(options->algo))
        n = snprintf(error, error_size, "--cheaper-algo \"%.*s\": expected %s",
                     BASK_FMT(options->algo), algo_names());
    else if (options->busy_min >= options->busy_max)
        n = snprintf(error, error_size,
                     "--cheaper-busyness-min %lld must be less than --cheaper-busyness-max %lld",
                     (long long)options->busy_min, (long long)options->busy_max);
    else if (options->die_on_idle && !options->idle_ms)
        n = snprintf(error, error_size, "--die-on-idle needs --idle SECONDS");
    return n ? BASK_E_RANGE : BASK_OK;
}
