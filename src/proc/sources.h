/*
 * The requests that warm-up and the proof of readiness make, from the words of the options.
 */
#pragma once

#include "proc/warmup_options.h"
#include "req/replay.h"

#include <sys/types.h>

struct bask_sources {
    struct bask_replay ready, warm;
    size_t skipped; /* of the files, because of their methods */
    char **texts;   /* of the files: the requests' bodies lie in them */
    size_t text_count;
    pid_t pid; /* of the process that warmed up with them */
};

/* Reads everything the options name. 0, or a bask_err with one sentence in `error`. Either way
 * bask_sources_fini is called. */
int bask_sources_read(struct bask_sources *sources, const struct bask_warmup_options *options,
                      char *error, size_t error_size);
void bask_sources_fini(struct bask_sources *sources);
