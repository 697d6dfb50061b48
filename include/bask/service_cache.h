/*
 * The service "cache": values by key, which all processes of the server share.
 *
 * Caches have names; none means the first one. Functions return 0 or a bask_err: BASK_E_STATE there
 * is no such cache, BASK_E_NOTFOUND there is nothing of this key, or what is said at the function.
 */
#pragma once

#include <bask/str.h>

#include <stdint.h>

enum bask_cache_operation {
    BASK_CACHE_ADD = 1,
    BASK_CACHE_SUBTRACT,
    BASK_CACHE_MULTIPLY,
    BASK_CACHE_DIVIDE, /* by 0: the result is 0 */
};

struct bask_service_cache {
    uint32_t size;
    /* The value is the caller's until `release`. BASK_E_NOMEM. */
    int (*get)(bask_str cache, bask_str key, bask_str *ret_value);
    void (*release)(bask_str value);
    int (*exists)(bask_str cache, bask_str key);
    /* `expires`: in so many seconds; 0: never. `update`: also where there is such a key; without it
     * that is BASK_E_AGAIN. BASK_E_RANGE: key or value are too long; BASK_E_LIMIT: no room. */
    int (*set)(bask_str cache, bask_str key, bask_str value, int64_t expires, int update);
    /* Values of eight bytes are numbers of this machine; others are BASK_E_SYNTAX. A key that is
     * not there begins with the cache's initial number and gets `expires`. */
    int (*calculate)(bask_str cache, bask_str key, enum bask_cache_operation operation,
                     int64_t operand, int64_t expires);
    int (*remove)(bask_str cache, bask_str key);
    int (*clear)(bask_str cache);
    /* The keys one after the other: begin with *cursor 0. What comes and goes meanwhile may be
     * missing. BASK_E_NOTFOUND: that was the last; BASK_E_LIMIT: `size` is too small. */
    int (*next_key)(bask_str cache, uint32_t *cursor, char *key, size_t size, size_t *ret_len);
};
