/* Caches for the tests of svc/cache*: made from a description, and looked at from inside. */
#pragma once

#include "test.h"

#include "base/err.h"
#include "svc/cache_memory.h"
#include "svc/caches.h"

#include <stdio.h>
#include <stdlib.h>

static struct bask_cache *
open_cache(const char *description)
{
    struct bask_cache_spec spec;
    char error[512] = "";
    if (bask_cache_parse(bask_str_of(description), &spec, error, sizeof error))
        fail_msg("%s", error);
    struct bask_cache *cache = bask_cache_open(&spec, error, sizeof error);
    if (!cache)
        fail_msg("%s", error);
    return cache;
}

/* What is in the cache by this key; a text that lasts until the next call, or NULL. */
static const char *
value_of(struct bask_cache *cache, const char *key)
{
    static char text[1 << 16];
    bask_str value;
    if (bask_cache_get(cache, bask_str_of(key), &value))
        return NULL;
    snprintf(text, sizeof text, "%.*s", BASK_FMT(value));
    free((char *)value.ptr);
    return text;
}

static int
set(struct bask_cache *cache, const char *key, const char *value)
{
    return bask_cache_set(cache, bask_str_of(key), bask_str_of(value), 0, false);
}

static int
update(struct bask_cache *cache, const char *key, const char *value)
{
    return bask_cache_set(cache, bask_str_of(key), bask_str_of(value), 0, true);
}

static uint32_t
length_of_list(const uint32_t *next, uint32_t first, uint32_t most)
{
    uint32_t length = 0;
    for (; first && length <= most; first = next[first - 1])
        length++;
    return length;
}

/* All that must hold of the memory while nobody changes it. */
static void
check_order(const struct bask_cache *cache)
{
    const struct cache_head *head = cache->head;
    uint32_t used = 0, in_buckets = 0, in_row = 0, free_entries = 0;
    uint64_t blocks = 0;
    assert_int_equal(atomic_load(&head->changing), 0);
    for (uint32_t number = 1; number <= head->fresh_entry; number++) {
        const struct cache_entry *entry = cache_entry(cache, number);
        used += atomic_load(&entry->used);
        if (!atomic_load(&entry->used))
            continue;
        blocks += cache_blocks_of(cache, entry->len);
        assert_true(!entry->expires_us || head->soonest_us <= entry->expires_us);
        assert_int_equal(entry->hash, cache_hash(cache, cache_key(cache, number)));
    }
    for (int64_t bucket = 0; bucket < cache->spec.shape.buckets; bucket++)
        for (uint32_t at = cache->buckets[bucket]; at; at = cache_entry(cache, at)->next)
            in_buckets++;
    for (uint32_t at = head->newest; at; at = cache_entry(cache, at)->older)
        in_row++;
    for (uint32_t at = head->free_entry; at; at = cache_entry(cache, at)->next)
        free_entries++;
    assert_int_equal(used, head->used_entries);
    assert_int_equal(used, in_buckets);
    assert_int_equal(used, in_row);
    assert_int_equal(used + free_entries, head->fresh_entry);
    assert_int_equal(blocks, head->used_blocks);
    assert_int_equal(head->used_blocks +
                         length_of_list(cache->links, head->free_block, head->fresh_block),
                     head->fresh_block);
}
