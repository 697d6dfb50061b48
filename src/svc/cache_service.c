/* The service "cache": caches by name. */
#include "svc/caches.h"
#include "svc/private.h"

#include "base/err.h"

#include <stdlib.h>

static struct bask_cache *
named(bask_str name)
{
    return bask_caches_find(&svc_shared->caches, name);
}

static int
get(bask_str name, bask_str key, bask_str *ret_value)
{
    struct bask_cache *cache = named(name);
    return cache ? bask_cache_get(cache, key, ret_value) : BASK_E_STATE;
}

static void
release(bask_str value)
{
    free((char *)value.ptr);
}

static int
exists(bask_str name, bask_str key)
{
    struct bask_cache *cache = named(name);
    return cache ? bask_cache_exists(cache, key) : BASK_E_STATE;
}

static int
set(bask_str name, bask_str key, bask_str value, int64_t expires, int update)
{
    struct bask_cache *cache = named(name);
    return cache ? bask_cache_set(cache, key, value, expires, update != 0) : BASK_E_STATE;
}

static int
calculate(bask_str name, bask_str key, enum bask_cache_operation operation, int64_t operand,
          int64_t expires)
{
    struct bask_cache *cache = named(name);
    return cache ? bask_cache_calculate(cache, key, operation, operand, expires) : BASK_E_STATE;
}

static int
take_out(bask_str name, bask_str key)
{
    struct bask_cache *cache = named(name);
    return cache ? bask_cache_remove(cache, key) : BASK_E_STATE;
}

static int
clear(bask_str name)
{
    struct bask_cache *cache = named(name);
    if (cache)
        bask_cache_clear(cache);
    return cache ? BASK_OK : BASK_E_STATE;
}

static int
next_key(bask_str name, uint32_t *cursor, char *key, size_t size, size_t *ret_len)
{
    struct bask_cache *cache = named(name);
    return cache ? bask_cache_next_key(cache, cursor, key, size, ret_len) : BASK_E_STATE;
}

const struct bask_service_cache svc_cache = {
    .size = sizeof svc_cache,
    .get = get,
    .release = release,
    .exists = exists,
    .set = set,
    .calculate = calculate,
    .remove = take_out,
    .clear = clear,
    .next_key = next_key,
};
