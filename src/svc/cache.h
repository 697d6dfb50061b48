/*
 * A cache in memory that processes share: values by key, which may expire, in chains of blocks.
 *
 * Whoever is killed while it changes a cache loses the one item that it changed; the next one who
 * comes puts the rest in order. The same is done with what a file has kept.
 */
#pragma once

#include "base/str.h"

#include <bask/service_cache.h>

#include <stdint.h>

enum {
    BASK_CACHE_KEY_MAX = 65535,
    BASK_CACHE_BLOCK_MIN = 8, /* a number is in one */
    BASK_CACHE_COUNT_MAX = 1 << 30,
};

/* What the memory looks like. A file of another shape is another cache's. */
struct bask_cache_shape {
    int64_t items, blocks, blocksize, keysize, buckets;
};

struct bask_cache_spec {
    bask_str name;
    struct bask_cache_shape shape;
    int64_t math_initial;
    bool spans; /* a value may have several blocks */
    bool purge_lru;
    bool clear_on_full;
    bool ignore_full;   /* the log does not say that it is full */
    bool lazy;          /* nobody sweeps: what has expired goes when it is in the way */
    bask_str store;     /* the file; absent: memory alone */
    int64_t store_sync; /* seconds between writes to the disk; 0: when the system likes */
    bool store_delete;  /* a file that does not fit is made anew */
};

struct bask_cache;

/* The name in `spec` stays the caller's and must last. NULL, and one sentence in `error`. */
struct bask_cache *bask_cache_open(const struct bask_cache_spec *spec, char *error,
                                   size_t error_size);
void bask_cache_close(struct bask_cache **cache);
bask_str bask_cache_name(const struct bask_cache *cache);
uint32_t bask_cache_count(struct bask_cache *cache);

/* What a cache is like and what became of it since this server began. */
struct bask_cache_report {
    struct bask_cache_shape shape;
    uint64_t items, hits, misses;
    uint64_t fulls;     /* values that there was no room for */
    int64_t changed_at; /* Unix time; 0: never */
};
/* Waits for nobody who has the cache just now. */
struct bask_cache_report bask_cache_report(const struct bask_cache *cache);

/* As the functions of the service (bask/service_cache.h). */
int bask_cache_get(struct bask_cache *cache, bask_str key, bask_str *ret_value);
int bask_cache_exists(struct bask_cache *cache, bask_str key);
int bask_cache_set(struct bask_cache *cache, bask_str key, bask_str value, int64_t expires,
                   bool update);
int bask_cache_calculate(struct bask_cache *cache, bask_str key,
                         enum bask_cache_operation operation, int64_t operand, int64_t expires);
int bask_cache_remove(struct bask_cache *cache, bask_str key);
void bask_cache_clear(struct bask_cache *cache);
int bask_cache_next_key(struct bask_cache *cache, uint32_t *cursor, char *key, size_t size,
                        size_t *ret_len);

/* For the master, now and then: takes out what has expired, unless somebody has the cache just
 * now; how much that was. Writes to the disk where that is due. */
uint32_t bask_cache_tend(struct bask_cache *cache);
