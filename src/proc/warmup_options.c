/* Rows of warm-up. */
#include "proc/warmup_options.h"

#define WARMUP(member) offsetof(struct bask_warmup_options, member)

enum { DAY_MS = 86400000 };

static const struct bask_option rows[] = {
    {"ready-url", NULL, 0, BASK_OPT_LIST, WARMUP(ready_urls), 0, 0, NULL, "/PATH[,/PATH...]",
     "a new version takes over only when these answer with a status below 400"},
    {"warmup", NULL, 0, BASK_OPT_LIST, WARMUP(paths), 0, 0, NULL, "/PATH[,/PATH...]",
     "request these in turn before the workers start, until their cost has settled"},
    {"warmup-file", NULL, 0, BASK_OPT_LIST, WARMUP(files), 0, 0, NULL, "FILE",
     "the same with raw HTTP/1.1 requests from a file, as --warmup-record writes it"},
    {"warmup-requests", NULL, 0, BASK_OPT_INT, WARMUP(requests), 0, INT64_MAX, "0", "N",
     "at most so many warm-up requests; 0: as many as --warmup-seconds allows"},
    {"warmup-seconds", NULL, 0, BASK_OPT_DURATION, WARMUP(budget_ms), 0, DAY_MS, "30", "DURATION",
     "the longest that warm-up may take"},
    {"warmup-methods", NULL, 0, BASK_OPT_STRING, WARMUP(methods), 0, 0, "GET,HEAD,OPTIONS",
     "METHOD[,METHOD...]", "requests of a --warmup-file with other methods are left out"},
    {"warmup-worker", NULL, 0, BASK_OPT_INT, WARMUP(worker_requests), 0, 1000000, "100", "N",
     "warm-up requests that each new worker makes before it accepts, if there is a warm-up"},
    {"warmup-record", NULL, 0, BASK_OPT_STRING, WARMUP(record), 0, 0, NULL, "FILE",
     "append the requests that are served to a --warmup-file, each kind once, without "
     "credentials",
     .flags = BASK_OPT_FIXED},
    {"warmup-record-max", NULL, 0, BASK_OPT_INT, WARMUP(record_max), 1, 1000000, "1000", "N",
     "how many requests --warmup-record keeps", .flags = BASK_OPT_FIXED},
    {"warmup-record-all", NULL, 0, BASK_OPT_FLAG, WARMUP(record_all), 0, 0, NULL, NULL,
     "record cookies, credentials, clients' addresses and bodies, too", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_warmup_option_table(struct bask_warmup_options *values)
{
    return (struct bask_option_table){
        .group = "Warm-up",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}
