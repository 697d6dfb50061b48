/*
 * What a cache looks like in memory, for the files cache*.c.
 *
 *   head | buckets | entries | links (one a block) | keys (one a entry) | blocks
 *
 * Entries and blocks are numbered from 1; 0 is none. What lies behind `fresh_*` was never used. An
 * entry is `used` as long as it, its key and its chain of blocks are whole: all else can be made
 * anew from that (bask_cache_repair), and is, when a process has died while `changing` was set.
 */
#pragma once

#include "base/hash.h"
#include "svc/cache.h"
#include "sys/proc.h"
#include "sys/robust.h"
#include "sys/shared_file.h"

#include <stdatomic.h>

struct cache_entry {
    _Atomic uint32_t used;
    uint32_t hash;
    uint32_t next;         /* in its bucket, or of the free ones */
    uint32_t newer, older; /* by their last use */
    uint32_t first_block;
    uint32_t key_len;
    uint32_t reserved;
    uint64_t len;
    int64_t expires_us; /* wall time; 0: never */
};

struct cache_head {
    char magic[8];
    struct bask_cache_shape shape;
    char realm[BASK_PROC_REALM]; /* who uses it now: to others the lock's holder means nobody */
    struct bask_hash_seed seed;
    pthread_mutex_t lock;
    _Atomic uint32_t changing;
    uint32_t fresh_entry, fresh_block;
    uint32_t free_entry, free_block; /* the first of those that are free again */
    uint32_t used_entries, used_blocks;
    uint32_t newest, oldest;
    uint32_t sweep_at;     /* the entry where the present sweep goes on */
    int64_t soonest_us;    /* nothing expires before; INT64_MAX: nothing does */
    int64_t rest_us;       /* the same of what the present sweep leaves */
    int64_t complained_us; /* when the log was last told that it is full */
};

/* Beside it, in memory that the processes of this server share, and no file keeps. */
struct cache_counts {
    _Atomic uint64_t hits, misses, fulls;
    _Atomic int64_t changed_at; /* Unix time */
};

struct bask_cache {
    struct bask_cache_spec spec;
    struct cache_counts *counts;
    struct cache_head *head;
    uint32_t *buckets;
    struct cache_entry *entries;
    uint32_t *links;
    char *keys, *blocks;
    struct bask_shared_file memory; /* fd -1: it is no file's */
    int64_t synced_us;
};

static inline struct cache_entry *
cache_entry(const struct bask_cache *cache, uint32_t number)
{
    return &cache->entries[number - 1];
}

static inline bask_str
cache_key(const struct bask_cache *cache, uint32_t number)
{
    return bask_str_n(cache->keys + (size_t)(number - 1) * (size_t)cache->spec.shape.keysize,
                      cache_entry(cache, number)->key_len);
}

static inline uint32_t
cache_hash(const struct bask_cache *cache, bask_str key)
{
    return (uint32_t)bask_hash(&cache->head->seed, key);
}

static inline uint32_t *
cache_bucket(const struct bask_cache *cache, uint32_t hash)
{
    return &cache->buckets[hash % (uint32_t)cache->spec.shape.buckets];
}

/* How many blocks a value needs. */
static inline uint64_t
cache_blocks_of(const struct bask_cache *cache, uint64_t len)
{
    uint64_t size = (uint64_t)cache->spec.shape.blocksize;
    return (len + size - 1) / size;
}

uint64_t cache_longest_value(const struct bask_cache *cache);
/* Puts an entry that is whole where it is found, as the newest. */
void cache_link(struct bask_cache *cache, uint32_t number);
/* An entry expires then: sweeps have to know. */
void cache_note_expiry(struct bask_cache *cache, int64_t expires_us);
/* Makes everything anew from the entries that are whole. */
void cache_repair(struct bask_cache *cache);
/* Empty, as at the beginning. */
void cache_reset(struct bask_cache *cache);
