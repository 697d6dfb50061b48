/*
 * What can be done with a cache. Everything between lock() and unlock() is done by one thread of
 * one process; what it does between begin_change() and end_change() may break off anywhere.
 */
#include "svc/cache.h"

#include "base/err.h"
#include "obs/log.h"
#include "svc/cache_memory.h"
#include "sys/clock.h"

#include <stdlib.h>

enum { SECOND = 1000000, COMPLAIN_US = 10 * SECOND, SWEEP_STEP = 4096 };

static void
begin_change(struct bask_cache *cache)
{
    atomic_exchange(&cache->head->changing, 1); /* nothing that follows is done before */
}

static void
end_change(struct bask_cache *cache)
{
    atomic_store(&cache->head->changing, 0);
}

/* What the one before left half done is put in order. */
static int
settle(struct bask_cache *cache, int got)
{
    if (got == BASK_ROBUST_INHERITED && atomic_load(&cache->head->changing)) {
        cache_repair(cache);
        bask_log(BASK_LOG_WARN,
                 "the cache %.*s: a process died while it changed it; it was put in order, with %u "
                 "items",
                 BASK_FMT(cache->spec.name), cache->head->used_entries);
    }
    return got;
}

static void
lock(struct bask_cache *cache)
{
    settle(cache, bask_robust_lock(&cache->head->lock));
}

static void
unlock(struct bask_cache *cache)
{
    bask_robust_unlock(&cache->head->lock);
}

bask_str
bask_cache_name(const struct bask_cache *cache)
{
    return cache->spec.name;
}

uint32_t
bask_cache_count(struct bask_cache *cache)
{
    lock(cache);
    uint32_t count = cache->head->used_entries;
    unlock(cache);
    return count;
}

struct bask_cache_report
bask_cache_report(const struct bask_cache *cache)
{
    const struct cache_counts *counts = cache->counts;
    return (struct bask_cache_report){
        .shape = cache->spec.shape,
        .items = __atomic_load_n(&cache->head->used_entries, __ATOMIC_RELAXED),
        .hits = atomic_load(&counts->hits),
        .misses = atomic_load(&counts->misses),
        .fulls = atomic_load(&counts->fulls),
        .changed_at = atomic_load(&counts->changed_at),
    };
}

static void
count_look(struct bask_cache *cache, bool found)
{
    atomic_fetch_add_explicit(found ? &cache->counts->hits : &cache->counts->misses, 1,
                              memory_order_relaxed);
}

static void
note_change(struct bask_cache *cache)
{
    atomic_store_explicit(&cache->counts->changed_at, bask_clock_wall(), memory_order_relaxed);
}

static bool
has_expired(const struct cache_entry *entry, int64_t now_us)
{
    return entry->expires_us && entry->expires_us <= now_us;
}

/* An entry by its age: out of the row, and into it as the newest. */
static void
leave_row(struct bask_cache *cache, const struct cache_entry *entry)
{
    struct cache_head *head = cache->head;
    uint32_t *newer = entry->newer ? &cache_entry(cache, entry->newer)->older : &head->newest;
    uint32_t *older = entry->older ? &cache_entry(cache, entry->older)->newer : &head->oldest;
    *newer = entry->older;
    *older = entry->newer;
}

static void
unlink_entry(struct bask_cache *cache, uint32_t number)
{
    struct cache_entry *entry = cache_entry(cache, number);
    uint32_t *at = cache_bucket(cache, entry->hash);
    while (*at != number)
        at = &cache_entry(cache, *at)->next;
    *at = entry->next;
    leave_row(cache, entry);
    cache->head->used_entries--;
}

static void
free_blocks(struct bask_cache *cache, const struct cache_entry *entry)
{
    uint64_t count = cache_blocks_of(cache, entry->len);
    uint32_t block = entry->first_block;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t next = cache->links[block - 1];
        cache->links[block - 1] = cache->head->free_block;
        cache->head->free_block = block;
        block = next;
    }
    cache->head->used_blocks -= (uint32_t)count;
}

static void
drop(struct bask_cache *cache, uint32_t number)
{
    struct cache_entry *entry = cache_entry(cache, number);
    begin_change(cache);
    atomic_exchange(&entry->used, 0); /* before its chain is another's */
    unlink_entry(cache, number);
    free_blocks(cache, entry);
    entry->next = cache->head->free_entry;
    cache->head->free_entry = number;
    end_change(cache);
}

static void
touch(struct bask_cache *cache, uint32_t number)
{
    if (!cache->spec.purge_lru || cache->head->newest == number)
        return;
    begin_change(cache);
    unlink_entry(cache, number);
    cache_link(cache, number);
    end_change(cache);
}

/* The entry of a key; 0: there is none. One that has expired is gone by that. */
static uint32_t
find(struct bask_cache *cache, bask_str key, uint32_t hash)
{
    for (uint32_t number = *cache_bucket(cache, hash); number;) {
        const struct cache_entry *entry = cache_entry(cache, number);
        if (entry->hash == hash && bask_str_eq(cache_key(cache, number), key)) {
            if (!entry->expires_us || !has_expired(entry, bask_clock_wall_us()))
                return number;
            drop(cache, number);
            return 0;
        }
        number = entry->next;
    }
    return 0;
}

static bool
is_key(const struct bask_cache *cache, bask_str key)
{
    return key.len > 0 && key.len <= (size_t)cache->spec.shape.keysize;
}

static char *
block_at(const struct bask_cache *cache, uint32_t block)
{
    return cache->blocks + (size_t)(block - 1) * (size_t)cache->spec.shape.blocksize;
}

static void
copy_out(const struct bask_cache *cache, const struct cache_entry *entry, char *to)
{
    size_t size = (size_t)cache->spec.shape.blocksize, left = entry->len;
    for (uint32_t block = entry->first_block; left; block = cache->links[block - 1]) {
        size_t piece = left < size ? left : size;
        memcpy(to, block_at(cache, block), piece);
        to += piece;
        left -= piece;
    }
}

int
bask_cache_get(struct bask_cache *cache, bask_str key, bask_str *ret_value)
{
    if (!is_key(cache, key))
        return BASK_E_NOTFOUND;
    int err = BASK_E_NOTFOUND;
    uint32_t hash = cache_hash(cache, key);
    lock(cache);
    uint32_t number = find(cache, key, hash);
    if (number) {
        const struct cache_entry *entry = cache_entry(cache, number);
        char *copy = malloc(entry->len + 1);
        err = copy ? BASK_OK : BASK_E_NOMEM;
        if (copy) {
            copy_out(cache, entry, copy);
            *ret_value = bask_str_n(copy, entry->len);
        }
        touch(cache, number);
    }
    unlock(cache);
    count_look(cache, number != 0);
    return err;
}

int
bask_cache_exists(struct bask_cache *cache, bask_str key)
{
    if (!is_key(cache, key))
        return BASK_E_NOTFOUND;
    uint32_t hash = cache_hash(cache, key);
    lock(cache);
    uint32_t number = find(cache, key, hash);
    unlock(cache);
    return number ? BASK_OK : BASK_E_NOTFOUND;
}

static uint32_t
take_entry(struct bask_cache *cache)
{
    struct cache_head *head = cache->head;
    uint32_t number = head->free_entry;
    if (!number) { /* in a file anything may be there */
        atomic_exchange(&cache_entry(cache, head->fresh_entry + 1)->used, 0);
        return ++head->fresh_entry;
    }
    head->free_entry = cache_entry(cache, number)->next;
    return number;
}

static uint32_t
take_block(struct bask_cache *cache)
{
    struct cache_head *head = cache->head;
    uint32_t block = head->free_block;
    head->used_blocks++;
    if (!block)
        return ++head->fresh_block;
    head->free_block = cache->links[block - 1];
    return block;
}

/* Into a chain of blocks; the first. */
static uint32_t
copy_in(struct bask_cache *cache, bask_str value)
{
    size_t size = (size_t)cache->spec.shape.blocksize;
    uint32_t first = 0, *link = &first;
    while (value.len) {
        size_t piece = value.len < size ? value.len : size;
        uint32_t block = take_block(cache);
        memcpy(block_at(cache, block), value.ptr, piece);
        value = bask_str_n(value.ptr + piece, value.len - piece);
        *link = block;
        link = &cache->links[block - 1];
    }
    return first;
}

/* There is room. Only when all is written the entry is one. */
static void
insert(struct bask_cache *cache, bask_str key, uint32_t hash, bask_str value, int64_t expires_us)
{
    begin_change(cache);
    uint32_t number = take_entry(cache);
    struct cache_entry *entry = cache_entry(cache, number);
    entry->hash = hash;
    entry->key_len = (uint32_t)key.len;
    entry->len = value.len;
    entry->expires_us = expires_us;
    entry->first_block = copy_in(cache, value);
    memcpy((char *)cache_key(cache, number).ptr, key.ptr, key.len);
    atomic_store(&entry->used, 1);
    cache_link(cache, number);
    end_change(cache);
}

/* One piece of a sweep, which may be done by several: how many entries have gone. What it leaves is
 * known at the end of the sweep, when sweep_at is 0 again. */
static uint32_t
sweep_some(struct bask_cache *cache, int64_t now_us, uint32_t most)
{
    struct cache_head *head = cache->head;
    uint32_t gone = 0;
    if (head->sweep_at == 0)
        head->rest_us = INT64_MAX;
    for (; most > 0 && head->sweep_at < head->fresh_entry; most--) {
        uint32_t number = ++head->sweep_at;
        const struct cache_entry *entry = cache_entry(cache, number);
        if (!atomic_load(&entry->used) || !entry->expires_us)
            continue;
        if (has_expired(entry, now_us)) {
            drop(cache, number);
            gone++;
        } else if (entry->expires_us < head->rest_us)
            head->rest_us = entry->expires_us;
    }
    if (head->sweep_at >= head->fresh_entry) {
        head->soonest_us = head->rest_us;
        head->sweep_at = 0;
    }
    return gone;
}

/* Room for a value in place of the entry `old`; 0: beside all. */
static bool
has_room(const struct bask_cache *cache, uint64_t len, uint32_t old)
{
    const struct cache_head *head = cache->head;
    const struct bask_cache_shape *shape = &cache->spec.shape;
    uint64_t has = old ? cache_blocks_of(cache, cache_entry(cache, old)->len) : 0;
    uint64_t wants = cache_blocks_of(cache, len);
    return (old || head->used_entries < (uint64_t)shape->items) &&
           (uint64_t)shape->blocks - head->used_blocks + has >= wants;
}

/* The entry `*old`, too, may have expired since it was found: it is 0 then. */
static void
sweep_for_room(struct bask_cache *cache, uint32_t *old)
{
    int64_t now = bask_clock_wall_us();
    if (cache->head->soonest_us > now)
        return;
    cache->head->sweep_at = 0;
    sweep_some(cache, now, UINT32_MAX);
    if (*old && !atomic_load(&cache_entry(cache, *old)->used))
        *old = 0;
}

/* Room for a value in place of the entry `*old` (0: beside all), which may have to go as well and
 * is 0 then. What has expired goes first, then what the cache's kind allows. */
static bool
make_room(struct bask_cache *cache, uint64_t len, uint32_t *old)
{
    if (!has_room(cache, len, *old))
        sweep_for_room(cache, old);
    if (*old)
        touch(cache, *old);
    while (cache->spec.purge_lru && !has_room(cache, len, *old) && cache->head->oldest != *old)
        drop(cache, cache->head->oldest);
    if (has_room(cache, len, *old))
        return true;
    if (!cache->spec.clear_on_full)
        return false;
    begin_change(cache);
    cache_reset(cache);
    end_change(cache);
    *old = 0;
    return true;
}

static int64_t
expiry(int64_t seconds)
{
    const int64_t most = INT64_C(100000000000);
    if (seconds == 0)
        return 0;
    seconds = seconds < -most ? -most : seconds > most ? most : seconds;
    int64_t when = bask_clock_wall_us() + seconds * SECOND;
    return when ? when : 1;
}

static void
complain_full(struct bask_cache *cache)
{
    int64_t now = bask_clock_us(), *last = &cache->head->complained_us;
    atomic_fetch_add(&cache->counts->fulls, 1);
    bool is_due = !cache->spec.ignore_full && (!*last || now - *last >= COMPLAIN_US);
    if (is_due)
        *last = now;
    unlock(cache);
    if (is_due)
        bask_log(BASK_LOG_WARN, "*** DANGER cache \"%.*s\" is FULL !!! ***",
                 BASK_FMT(cache->spec.name));
}

int
bask_cache_set(struct bask_cache *cache, bask_str key, bask_str value, int64_t expires, bool update)
{
    if (!is_key(cache, key) || value.len > cache_longest_value(cache))
        return BASK_E_RANGE;
    uint32_t hash = cache_hash(cache, key);
    int64_t expires_us = expiry(expires);
    lock(cache);
    uint32_t number = find(cache, key, hash);
    if (number && !update) {
        unlock(cache);
        return BASK_E_AGAIN;
    }
    if (!make_room(cache, value.len, &number)) {
        complain_full(cache);
        return BASK_E_LIMIT;
    }
    if (number)
        drop(cache, number);
    insert(cache, key, hash, value, expires_us);
    unlock(cache);
    note_change(cache);
    return BASK_OK;
}

/* Numbers go round at their ends, as a machine's do. */
static int64_t
calculate(int64_t number, enum bask_cache_operation operation, int64_t operand)
{
    uint64_t a = (uint64_t)number, b = (uint64_t)operand;
    switch (operation) {
    case BASK_CACHE_ADD:
        return (int64_t)(a + b);
    case BASK_CACHE_SUBTRACT:
        return (int64_t)(a - b);
    case BASK_CACHE_MULTIPLY:
        return (int64_t)(a * b);
    case BASK_CACHE_DIVIDE:
        break;
    }
    if (operand == 0)
        return 0;
    return operand == -1 ? (int64_t)(0 - a) : number / operand;
}

/* The number of an entry, in place: it is old or new, whenever this breaks off. */
static int
change_number(struct bask_cache *cache, uint32_t number, enum bask_cache_operation operation,
              int64_t operand)
{
    const struct cache_entry *entry = cache_entry(cache, number);
    int64_t value;
    if (entry->len != sizeof value)
        return BASK_E_SYNTAX;
    char *at = block_at(cache, entry->first_block);
    memcpy(&value, at, sizeof value);
    value = calculate(value, operation, operand);
    memcpy(at, &value, sizeof value);
    touch(cache, number);
    return BASK_OK;
}

int
bask_cache_calculate(struct bask_cache *cache, bask_str key, enum bask_cache_operation operation,
                     int64_t operand, int64_t expires)
{
    int64_t value = calculate(cache->spec.math_initial, operation, operand);
    if (!is_key(cache, key))
        return BASK_E_RANGE;
    uint32_t hash = cache_hash(cache, key);
    int64_t expires_us = expiry(expires);
    int err = BASK_OK;
    lock(cache);
    uint32_t number = find(cache, key, hash);
    if (number)
        err = change_number(cache, number, operation, operand);
    else if (make_room(cache, sizeof value, &number))
        insert(cache, key, hash, bask_str_n((char *)&value, sizeof value), expires_us);
    else {
        complain_full(cache);
        return BASK_E_LIMIT;
    }
    unlock(cache);
    note_change(cache);
    return err;
}

int
bask_cache_remove(struct bask_cache *cache, bask_str key)
{
    if (!is_key(cache, key))
        return BASK_E_NOTFOUND;
    uint32_t hash = cache_hash(cache, key);
    lock(cache);
    uint32_t number = find(cache, key, hash);
    if (number)
        drop(cache, number);
    unlock(cache);
    if (number)
        note_change(cache);
    return number ? BASK_OK : BASK_E_NOTFOUND;
}

void
bask_cache_clear(struct bask_cache *cache)
{
    lock(cache);
    begin_change(cache);
    cache_reset(cache);
    end_change(cache);
    unlock(cache);
    note_change(cache);
}

int
bask_cache_next_key(struct bask_cache *cache, uint32_t *cursor, char *key, size_t size,
                    size_t *ret_len)
{
    int64_t now = bask_clock_wall_us();
    int err = BASK_E_NOTFOUND;
    lock(cache);
    while (err == BASK_E_NOTFOUND && *cursor < cache->head->fresh_entry) {
        const struct cache_entry *entry = cache_entry(cache, ++*cursor);
        if (!atomic_load(&entry->used) || has_expired(entry, now))
            continue;
        bask_str found = cache_key(cache, *cursor);
        err = found.len > size ? BASK_E_LIMIT : BASK_OK;
        if (!err) {
            memcpy(key, found.ptr, found.len);
            *ret_len = found.len;
        }
    }
    unlock(cache);
    return err;
}

/* In pieces, between which others get at the cache. */
static uint32_t
sweep(struct bask_cache *cache)
{
    int64_t now = bask_clock_wall_us();
    uint32_t gone = 0;
    bool goes_on = true;
    while (goes_on) {
        if (settle(cache, bask_robust_try(&cache->head->lock)) < 0)
            return gone;
        if (cache->head->sweep_at || cache->head->soonest_us <= now)
            gone += sweep_some(cache, now, SWEEP_STEP);
        goes_on = cache->head->sweep_at != 0;
        unlock(cache);
    }
    return gone;
}

uint32_t
bask_cache_tend(struct bask_cache *cache)
{
    int64_t now = bask_clock_us();
    bool syncs = cache->memory.fd >= 0 && cache->spec.store_sync;
    if (syncs && now - cache->synced_us >= cache->spec.store_sync * SECOND) {
        cache->synced_us = now;
        bask_shared_file_sync(&cache->memory);
    }
    return cache->spec.lazy ? 0 : sweep(cache);
}
