/* Where a cache's memory comes from, and how it is put in order. */
#include "svc/cache_memory.h"

#include "base/err.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char magic[8] = "bask-c2";

uint64_t
cache_longest_value(const struct bask_cache *cache)
{
    const struct bask_cache_shape *shape = &cache->spec.shape;
    uint64_t block = (uint64_t)shape->blocksize;
    return cache->spec.spans ? block * (uint64_t)shape->blocks : block;
}

void
cache_link(struct bask_cache *cache, uint32_t number)
{
    struct cache_head *head = cache->head;
    struct cache_entry *entry = cache_entry(cache, number);
    uint32_t *bucket = cache_bucket(cache, entry->hash);
    entry->next = *bucket;
    *bucket = number;
    entry->newer = 0;
    entry->older = head->newest;
    if (head->newest)
        cache_entry(cache, head->newest)->newer = number;
    else
        head->oldest = number;
    head->newest = number;
    head->used_entries++;
    cache_note_expiry(cache, entry->expires_us);
}

void
cache_note_expiry(struct bask_cache *cache, int64_t expires_us)
{
    struct cache_head *head = cache->head;
    if (expires_us && expires_us < head->soonest_us)
        head->soonest_us = expires_us;
    if (expires_us && expires_us < head->rest_us)
        head->rest_us = expires_us;
}

/* All but what is in entries and blocks. */
static void
forget(struct bask_cache *cache)
{
    struct cache_head *head = cache->head;
    memset(cache->buckets, 0, (size_t)cache->spec.shape.buckets * sizeof *cache->buckets);
    head->free_entry = head->free_block = 0;
    head->used_entries = head->used_blocks = 0;
    head->newest = head->oldest = 0;
    head->sweep_at = 0;
    head->soonest_us = head->rest_us = INT64_MAX;
}

void
cache_reset(struct bask_cache *cache)
{
    for (uint32_t number = 1; number <= cache->head->fresh_entry; number++)
        atomic_store(&cache_entry(cache, number)->used, 0);
    forget(cache);
    cache->head->fresh_entry = cache->head->fresh_block = 0;
}

/* Takes the blocks of an entry for it; false: they are not all there, or another one has them. */
static bool
claim(const struct bask_cache *cache, const struct cache_entry *entry, char *owned)
{
    uint64_t wanted = cache_blocks_of(cache, entry->len), got = 0;
    uint32_t block = entry->first_block;
    for (; got < wanted; got++, block = cache->links[block - 1]) {
        if (block == 0 || block > cache->head->fresh_block || owned[block - 1])
            break;
        owned[block - 1] = 1;
    }
    if (got == wanted)
        return true;
    for (block = entry->first_block; got > 0; got--, block = cache->links[block - 1])
        owned[block - 1] = 0;
    return false;
}

static bool
is_whole(const struct bask_cache *cache, const struct cache_entry *entry, char *owned)
{
    return atomic_load(&entry->used) == 1 && entry->key_len > 0 &&
           entry->key_len <= cache->spec.shape.keysize &&
           entry->len <= cache_longest_value(cache) && claim(cache, entry, owned);
}

static void
repair_with(struct bask_cache *cache, char *owned)
{
    struct cache_head *head = cache->head;
    forget(cache);
    for (uint32_t number = 1; number <= head->fresh_entry; number++) {
        struct cache_entry *entry = cache_entry(cache, number);
        if (is_whole(cache, entry, owned)) {
            entry->hash = cache_hash(cache, cache_key(cache, number));
            cache_link(cache, number);
            continue;
        }
        atomic_store(&entry->used, 0);
        entry->next = head->free_entry;
        head->free_entry = number;
    }
    for (uint32_t block = 1; block <= head->fresh_block; block++) {
        head->used_blocks += owned[block - 1] != 0;
        if (owned[block - 1])
            continue;
        cache->links[block - 1] = head->free_block;
        head->free_block = block;
    }
}

void
cache_repair(struct bask_cache *cache)
{
    struct cache_head *head = cache->head;
    if (head->fresh_entry > cache->spec.shape.items)
        head->fresh_entry = (uint32_t)cache->spec.shape.items;
    if (head->fresh_block > cache->spec.shape.blocks)
        head->fresh_block = (uint32_t)cache->spec.shape.blocks;
    char *owned = calloc((size_t)head->fresh_block + 1, 1);
    if (owned)
        repair_with(cache, owned);
    else
        cache_reset(cache);
    free(owned);
    atomic_store(&head->changing, 0);
}

/* Where the parts are, one behind the other; how much that is. */
static size_t
lay_out(struct bask_cache *cache, char *memory)
{
    const struct bask_cache_shape *shape = &cache->spec.shape;
    const size_t sizes[] = {
        sizeof *cache->head,
        (size_t)shape->buckets * sizeof *cache->buckets,
        (size_t)shape->items * sizeof *cache->entries,
        (size_t)shape->blocks * sizeof *cache->links,
        (size_t)shape->items * (size_t)shape->keysize,
        (size_t)shape->blocks * (size_t)shape->blocksize,
    };
    enum { PARTS = sizeof sizes / sizeof *sizes, ALIGNED = 64 };
    size_t offsets[PARTS + 1] = {0};
    for (size_t i = 0; i < PARTS; i++)
        offsets[i + 1] = (offsets[i] + sizes[i] + ALIGNED - 1) / ALIGNED * ALIGNED;
    if (memory) {
        cache->head = (void *)memory;
        cache->buckets = (void *)(memory + offsets[1]);
        cache->entries = (void *)(memory + offsets[2]);
        cache->links = (void *)(memory + offsets[3]);
        cache->keys = memory + offsets[4];
        cache->blocks = memory + offsets[5];
    }
    return offsets[PARTS];
}

static bool
has_shape(const struct bask_cache *cache)
{
    const struct cache_head *head = cache->head;
    return memcmp(head->magic, magic, sizeof magic) == 0 &&
           memcmp(&head->shape, &cache->spec.shape, sizeof head->shape) == 0;
}

/* Nobody else uses the memory. What a server before left in it stays. */
static int
begin(struct bask_cache *cache)
{
    static const char nothing[sizeof magic];
    struct cache_head *head = cache->head;
    bool is_new = memcmp(head->magic, nothing, sizeof nothing) == 0;
    if (!is_new && !has_shape(cache)) {
        if (!cache->spec.store_delete)
            return BASK_E_STATE;
        is_new = true;
    }
    if (is_new) {
        memset(head, 0, sizeof *head);
        bask_random(&head->seed, sizeof head->seed);
    }
    bask_robust_init(&head->lock, false);
    bask_proc_realm(head->realm);
    head->complained_us = 0;
    cache_repair(cache);
    head->shape = cache->spec.shape;
    memcpy(head->magic, magic, sizeof magic);
    return BASK_OK;
}

/* Others use the memory. */
static int
join(const struct bask_cache *cache)
{
    char realm[BASK_PROC_REALM];
    bask_proc_realm(realm);
    if (!has_shape(cache))
        return BASK_E_STATE;
    return memcmp(realm, cache->head->realm, sizeof realm) == 0 ? BASK_OK : BASK_E_AGAIN;
}

static int
open_file(struct bask_cache *cache, size_t size)
{
    int how = bask_shared_file_open(&cache->memory, cache->spec.store.ptr, size,
                                    cache->spec.store_delete);
    if (how < 0)
        return how;
    lay_out(cache, cache->memory.memory);
    int err = how == BASK_SHARED_FILE_JOINED ? join(cache) : begin(cache);
    if (err)
        bask_shared_file_close(&cache->memory);
    else
        bask_shared_file_ready(&cache->memory);
    return err;
}

static int
open_memory(struct bask_cache *cache, size_t size)
{
    char *memory = bask_proc_shared_memory(size);
    cache->memory = (struct bask_shared_file){memory, size, -1};
    if (!memory)
        return BASK_E_NOMEM;
    lay_out(cache, memory);
    return begin(cache);
}

static void
explain(const struct bask_cache_spec *spec, int err, size_t size, char *error, size_t error_size)
{
    int number = errno;
    if (err == BASK_E_NOMEM)
        snprintf(error, error_size, "the cache %.*s needs %zu MiB, more than there is",
                 BASK_FMT(spec->name), (size >> 20) + 1);
    else if (err == BASK_E_STATE)
        snprintf(
            error, error_size,
            "the cache %.*s: %.*s is no store of such a cache: remove it, or let store_delete=1 "
            "do it",
            BASK_FMT(spec->name), BASK_FMT(spec->store));
    else if (err == BASK_E_AGAIN)
        snprintf(error, error_size,
                 "the cache %.*s: %.*s is in use by a server in another container, or on another "
                 "machine: each of them needs a file of its own",
                 BASK_FMT(spec->name), BASK_FMT(spec->store));
    else
        snprintf(error, error_size, "the cache %.*s: %.*s: %s", BASK_FMT(spec->name),
                 BASK_FMT(spec->store), strerror(number));
}

struct bask_cache *
bask_cache_open(const struct bask_cache_spec *spec, char *error, size_t error_size)
{
    struct bask_cache *cache = calloc(1, sizeof *cache);
    char *path = strndup(spec->store.len ? spec->store.ptr : "", spec->store.len);
    size_t size = 0;
    int err = cache && path ? BASK_OK : BASK_E_NOMEM;
    if (!err && !(cache->counts = bask_proc_shared_memory(sizeof *cache->counts)))
        err = BASK_E_NOMEM;
    if (!err) {
        cache->spec = *spec;
        cache->spec.store = bask_str_of(path);
        cache->synced_us = bask_clock_us();
        size = lay_out(cache, NULL);
        err = spec->store.len ? open_file(cache, size) : open_memory(cache, size);
    }
    if (!err)
        return cache;
    explain(spec, err, size, error, error_size);
    if (cache && cache->counts)
        bask_proc_unshare_memory(cache->counts, sizeof *cache->counts);
    free(path);
    free(cache);
    return NULL;
}

void
bask_cache_close(struct bask_cache **cache)
{
    if (!*cache)
        return;
    if ((*cache)->memory.fd >= 0)
        bask_shared_file_close(&(*cache)->memory);
    else
        bask_proc_unshare_memory((*cache)->memory.memory, (*cache)->memory.size);
    bask_proc_unshare_memory((*cache)->counts, sizeof *(*cache)->counts);
    free((char *)(*cache)->spec.store.ptr);
    free(*cache);
    *cache = NULL;
}
