/* All caches of a server, by name; from the options that describe them. */
#pragma once

#include "svc/cache.h"

#include <bask/option.h>

struct bask_cache_options {
    int64_t items; /* of the cache "default"; 0: there is none */
    int64_t blocksize;
    bask_str store;
    int64_t store_sync;
    struct bask_values described; /* --cache2 */
    bool no_expire;
    bool report_freed;
    int64_t expire_freq;
};

struct bask_caches {
    struct bask_cache **items;
    size_t count;
};

/* One description ("name=sessions,items=1000"). 0, or BASK_E_SYNTAX and what is wrong. The name and
 * the path are views of `text`. */
int bask_cache_parse(bask_str text, struct bask_cache_spec *ret_spec, char *error,
                     size_t error_size);

/* 0, or a bask_err and one sentence in `error`. */
int bask_caches_open(struct bask_caches *caches, const struct bask_cache_options *options,
                     char *error, size_t error_size);
void bask_caches_close(struct bask_caches *caches);
/* No name: the first; NULL: there is none. */
struct bask_cache *bask_caches_find(const struct bask_caches *caches, bask_str name);
/* For the master, now and then; how many items have gone. */
uint32_t bask_caches_tend(const struct bask_caches *caches);
