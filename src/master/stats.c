/*
 * uWSGI's stats server (--stats): a desk (desk.h) where whoever connects gets the document of
 * stats_document.c. Nothing is asked, unless it shall look like HTTP.
 */
#include "master/stats.h"

#include "base/err.h"
#include "master/desk.h"
#include "master/private.h"

#include <stdlib.h>

struct stats {
    struct desk desk;
    const struct master *master;
};

#define AT(member) offsetof(struct bask_stats_options, member)

static const struct bask_option rows[] = {
    {"stats", "stats-server", 0, BASK_OPT_STRING, AT(address), 0, 0, NULL, "ADDRESS",
     "whoever connects here gets uWSGI's statistics as JSON, by the master itself",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"stats-http", NULL, 0, BASK_OPT_FLAG, AT(http), 0, 0, NULL, NULL,
     "the statistics are an answer of HTTP, to any request", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"stats-minified", "stats-min", 0, BASK_OPT_FLAG, AT(minified), 0, 0, NULL, NULL,
     "no line breaks and tabs in the statistics", .implies = "master", .flags = BASK_OPT_FIXED},
    {"stats-no-cores", NULL, 0, BASK_OPT_FLAG, AT(no_cores), 0, 0, NULL, NULL,
     "no threads in the statistics", .implies = "master", .flags = BASK_OPT_FIXED},
    {"stats-no-metrics", NULL, 0, BASK_OPT_FLAG, AT(no_metrics), 0, 0, NULL, NULL,
     "no metrics in the statistics", .implies = "master", .flags = BASK_OPT_FIXED},
    {"stats-push", NULL, 0, BASK_OPT_LIST, AT(push), 0, 0, NULL, "KIND:ARGUMENT",
     "send statistics: file:path=FILE,freq=N,separator=TEXT, or metrics: statsd:ADDRESS[,PREFIX], "
     "socket:ADDRESS[,PREFIX]",
     .implies = "master enable-metrics", .flags = BASK_OPT_FIXED},
    {"stats-pusher-default-freq", "stats-pushers-default-freq", 0, BASK_OPT_DURATION,
     AT(push_freq_ms), 100, 86400000, "3", "SECONDS", "how often --stats-push does so",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"statsd-no-workers", NULL, 0, BASK_OPT_FLAG, AT(statsd_no_workers), 0, 0, NULL, NULL,
     "statsd gets no metrics of single workers", .flags = BASK_OPT_FIXED},
    {"statsd-all-gauges", NULL, 0, BASK_OPT_FLAG, AT(statsd_all_gauges), 0, 0, NULL, NULL,
     "statsd gets totals as gauges, instead of what counters have grown by",
     .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_stats_option_table(struct bask_stats_options *values)
{
    return (struct bask_option_table){
        .group = "Statistics",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

/* Of a request that is one only its end is wanted, so that nobody is answered in the middle. */
static bool
is_whole(bask_str request)
{
    return memmem(request.ptr, request.len, "\r\n\r\n", 4) ||
           memmem(request.ptr, request.len, "\n\n", 2);
}

static enum desk_verdict
on_question(struct desk *desk, bask_str question, size_t seen, struct bask_buf *out)
{
    static const bask_str head = BASK_STR("HTTP/1.0 200 OK\r\n"
                                          "Connection: close\r\n"
                                          "Access-Control-Allow-Origin: *\r\n"
                                          "Content-Type: application/json\r\n"
                                          "\r\n");
    const struct master *master = BASK_CONTAINER(desk, struct stats, desk)->master;
    int err = BASK_OK;
    (void)seen;
    if (desk->asks && !is_whole(question))
        return DESK_WAITS;
    if (desk->asks)
        err = bask_buf_append(out, head);
    if (!err)
        err = stats_write(master, out);
    return err ? DESK_REFUSED : DESK_ANSWERED;
}

int
stats_init(struct master *master)
{
    const struct bask_stats_options *options = &master->plan->options->stats;
    if (!options->address.ptr)
        return BASK_OK;
    struct stats *stats = calloc(1, sizeof *stats);
    if (!stats)
        return BASK_E_NOMEM;
    stats->master = master;
    stats->desk.loop = master->loop;
    stats->desk.option = "--stats";
    stats->desk.what = "who wants statistics";
    stats->desk.name = options->address;
    stats->desk.asks = options->http;
    stats->desk.mode = master->plan->socket_mode;
    stats->desk.answer = on_question;
    master->stats = stats;
    return desk_open(&stats->desk, master->heir);
}

void
stats_forget(const struct stats *stats)
{
    if (stats)
        desk_forget(&stats->desk);
}

void
stats_free(struct stats **stats, bool remove)
{
    if (!*stats)
        return;
    desk_close(&(*stats)->desk, remove);
    free(*stats);
    *stats = NULL;
}
