/* What applications share: its options, and how it is put together. */
#include "svc/shared.h"

#include "base/err.h"

#include <errno.h>
#include <stdio.h>

#define AT(member) offsetof(struct bask_shared_options, member)

static const struct bask_option rows[] = {
    {"locks", NULL, 0, BASK_OPT_INT, AT(locks), 0, 65535, "0", "N",
     "locks for applications beside number 0, which is always there", .flags = BASK_OPT_FIXED},
    {"cache2", NULL, 0, BASK_OPT_LIST, AT(cache.described), 0, 0, NULL, "KEY=VALUE,...",
     "a cache: name, items, blocksize, keysize, bitmap, blocks, purge_lru, store, math_initial ...",
     .flags = BASK_OPT_FIXED},
    {"cache", NULL, 0, BASK_OPT_INT, AT(cache.items), 0, BASK_CACHE_COUNT_MAX, "0", "N",
     "a cache named \"default\" with so many items", .flags = BASK_OPT_FIXED},
    {"cache-blocksize", NULL, 0, BASK_OPT_SIZE, AT(cache.blocksize), BASK_CACHE_BLOCK_MIN, 1 << 30,
     "64k", "BYTES", "the longest value of --cache", .flags = BASK_OPT_FIXED},
    {"cache-store", NULL, 0, BASK_OPT_STRING, AT(cache.store), 0, 0, NULL, "FILE",
     "a file that keeps what is in --cache while no server runs", .flags = BASK_OPT_FIXED},
    {"cache-store-sync", NULL, 0, BASK_OPT_INT, AT(cache.store_sync), 0, 86400, "0", "SECONDS",
     "write files of caches to the disk so often; 0: when the system likes",
     .flags = BASK_OPT_FIXED},
    {"cache-expire-freq", NULL, 0, BASK_OPT_INT, AT(cache.expire_freq), 1, 86400, "1", "SECONDS",
     "how often the master takes what has expired out of caches", .flags = BASK_OPT_FIXED},
    {"cache-no-expire", NULL, 0, BASK_OPT_FLAG, AT(cache.no_expire), 0, 0, NULL, NULL,
     "the master does not: what has expired goes when it is in the way", .flags = BASK_OPT_FIXED},
    {"cache-report-freed-items", NULL, 0, BASK_OPT_FLAG, AT(cache.report_freed), 0, 0, NULL, NULL,
     "the master says in the log how many it took out", .flags = BASK_OPT_FIXED},
    {"queue", NULL, 0, BASK_OPT_INT, AT(queue), 0, 1 << 24, "0", "N",
     "a queue for messages between workers, with so many slots", .flags = BASK_OPT_FIXED},
    {"queue-blocksize", NULL, 0, BASK_OPT_SIZE, AT(queue_blocksize), 1, 1 << 30, "8k", "BYTES",
     "the longest message of the queue", .flags = BASK_OPT_FIXED},
    {"sharedarea", NULL, 'A', BASK_OPT_LIST, AT(areas), 0, 0, NULL, "PAGES|KEY=VALUE,...",
     "memory for applications: a number of pages, or size, file, offset", .flags = BASK_OPT_FIXED},
    {"enable-metrics", NULL, 0, BASK_OPT_FLAG, AT(enable_metrics), 0, 0, NULL, NULL,
     "uwsgi.metric_get has what the server counts", .flags = BASK_OPT_FIXED},
    {"metrics-no-cores", NULL, 0, BASK_OPT_FLAG, AT(metrics_no_cores), 0, 0, NULL, NULL,
     "no single threads among the metrics in statistics", .implies = "enable-metrics",
     .flags = BASK_OPT_FIXED},
    {"metric", NULL, 0, BASK_OPT_LIST, AT(metrics), 0, 0, NULL, "NAME|KEY=VALUE,...",
     "a number for applications: a name, or name, initial_value, type, alias, oid, "
     "reset_after_push",
     .implies = "enable-metrics", .flags = BASK_OPT_FIXED},
    {"metrics-dir", "metric-dir", 0, BASK_OPT_STRING, AT(metrics_dir), 0, 0, NULL, "FOLDER",
     "every metric is a file here, with a number that is at most a second old",
     .implies = "master enable-metrics", .flags = BASK_OPT_FIXED},
    {"metrics-dir-restore", "metric-dir-restore", 0, BASK_OPT_FLAG, AT(metrics_dir_restore), 0, 0,
     NULL, NULL, "those of --metric begin with what their files have", .flags = BASK_OPT_FIXED},
    {"metric-threshold", "metric-alarm alarm-metric", 0, BASK_OPT_LIST, AT(metric_limits), 0, 0,
     NULL, "KEY=VALUE,...",
     "an alarm when a metric is large: key, value, alarm, rate, msg; reset makes it small again",
     .implies = "master enable-metrics", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_shared_option_table(struct bask_shared_options *values)
{
    return (struct bask_option_table){
        .group = "Shared between workers",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

static int
complain(const char *option, char *error, size_t error_size)
{
    snprintf(error, error_size, "%s: %s", option, bask_err_text(BASK_E_NOMEM));
    return BASK_E_NOMEM;
}

int
bask_shared_open(struct bask_shared *shared, const struct bask_shared_options *options, char *error,
                 size_t error_size)
{
    *shared = (struct bask_shared){.locks = bask_locks_new((uint32_t)options->locks + 1)};
    if (!shared->locks)
        return complain("--locks", error, error_size);
    if (options->queue)
        shared->queue =
            bask_queue_new((uint32_t)options->queue, (uint32_t)options->queue_blocksize);
    if (options->queue && !shared->queue)
        return complain("--queue", error, error_size);
    int err = bask_areas_open(&shared->areas, &options->areas, error, error_size);
    if (!err)
        err = bask_metrics_open(&shared->metrics, options->enable_metrics, &options->metrics, error,
                                error_size);
    shared->metrics.no_cores = options->metrics_no_cores;
    if (!err && options->metrics_dir.len && options->metrics_dir_restore &&
        (err = bask_metrics_restore(&shared->metrics, options->metrics_dir.ptr)))
        snprintf(error, error_size, "--metrics-dir %.*s: %s", BASK_FMT(options->metrics_dir),
                 strerror(errno));
    return err ? err : bask_caches_open(&shared->caches, &options->cache, error, error_size);
}

void
bask_shared_close(struct bask_shared *shared)
{
    bask_caches_close(&shared->caches);
    bask_metrics_close(&shared->metrics);
    bask_areas_close(&shared->areas);
    bask_queue_free(&shared->queue);
    bask_locks_free(&shared->locks);
}
