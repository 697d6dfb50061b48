/*
 * Lines are gathered in one buffer and leave it in one write(2): when it is full, or when the loop
 * has nothing else to do.
 */
#include "obs/access.h"

#include "obs/outlet.h"

#include <stdlib.h>
#include <unistd.h>

enum { GATHERED = 16384 + BASK_LINE_MAX };

struct bask_access_log {
    int fd;
    struct bask_line line;
    size_t used;
    char bytes[GATHERED];
};

struct bask_access_log *
bask_access_new(int fd, const struct bask_line_options *options)
{
    struct bask_access_log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->fd = fd;
    if (!bask_line_init(&log->line, options))
        return log;
    free(log);
    return NULL;
}

void
bask_access_know(struct bask_access_log *log, uint32_t worker_id,
                 int64_t (*metric)(const void *context, bask_str name), const void *context)
{
    struct bask_line_source *source = &log->line.source;
    source->worker_id = worker_id;
    source->metric = metric;
    source->context = context;
}

void
bask_access_free(struct bask_access_log **log)
{
    if (!*log)
        return;
    bask_access_flush(*log);
    bask_line_fini(&(*log)->line);
    free(*log);
    *log = NULL;
}

void
bask_access_flush(struct bask_access_log *log)
{
    if (log->used && log->fd == STDERR_FILENO) {
        bask_outlet_write_requests(log->bytes, log->used);
        log->used = 0;
    }
    for (size_t done = 0; done < log->used;) {
        ssize_t n = write(log->fd, log->bytes + done, log->used - done);
        if (n <= 0)
            break; /* a log that cannot be written must not stop the server */
        done += (size_t)n;
    }
    log->used = 0;
}

void
bask_access_write(struct bask_access_log *log, const struct bask_access_entry *entry)
{
    if (sizeof log->bytes - log->used < BASK_LINE_MAX)
        bask_access_flush(log);
    log->used += bask_line_write(&log->line, entry, log->bytes + log->used);
}
