/*
 * The access log: a line a request (line.h), gathered and written in batches.
 */
#pragma once

#include "obs/line.h"

struct bask_access_log;

/* Which requests have a line although --disable-logging says that none has. */
struct bask_access_rules {
    bool zero, client_errors, server_errors, sendfile, broken;
    int64_t slow_ms, big_bytes; /* 0: no rule */
};

struct bask_option_table bask_access_option_table(struct bask_access_rules *values);
/* Whether there is a rule at all. */
bool bask_access_has_rules(const struct bask_access_rules *rules);
/* Whether a rule wants a line for it. */
bool bask_access_is_wanted(const struct bask_access_rules *rules,
                           const struct bask_access_entry *entry);

/* `options` NULL: the built-in line. NULL: out of memory. */
struct bask_access_log *bask_access_new(int fd, const struct bask_line_options *options);
/* What lines may ask for beside the request. `metric` NULL: there are none. */
void bask_access_know(struct bask_access_log *log, uint32_t worker_id,
                      int64_t (*metric)(const void *context, bask_str name), const void *context);
void bask_access_free(struct bask_access_log **log);
void bask_access_write(struct bask_access_log *log, const struct bask_access_entry *entry);
/* Writes what was gathered. Called when the server is about to be idle. */
void bask_access_flush(struct bask_access_log *log);
