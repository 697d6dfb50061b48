/*
 * The access log: a line a request, in uWSGI's built-in format, gathered and written in batches.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct bask_access_log;

/* What a line tells. */
struct bask_access_entry {
    bask_str remote_addr, remote_user, method, uri, protocol;
    unsigned status;
    unsigned variables, variable_bytes;  /* of the request */
    unsigned header_count, header_bytes; /* of the response */
    uint64_t body_bytes;
    int64_t elapsed_us;
    uint64_t requests; /* of this worker so far */
    uint32_t thread;
    int app;          /* which application answered; -1: none */
    const char *note; /* " via sendfile()" or "" */
};

/* NULL: out of memory. */
struct bask_access_log *bask_access_new(int fd);
void bask_access_free(struct bask_access_log **log);
void bask_access_write(struct bask_access_log *log, const struct bask_access_entry *entry);
/* Writes what was gathered. Called when the server is about to be idle. */
void bask_access_flush(struct bask_access_log *log);
