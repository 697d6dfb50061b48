/* See gc_limits.h. */
#include "gc_limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHARE = 8 };
static const uint64_t delta_least = UINT64_C(16) << 20;

/* One process may use nearly all of it while the others are small: less would fail requests that
 * the container has room for. An eighth is for what is not in the heap. */
uint64_t
gc_limits_max(uint64_t limit)
{
    return limit - limit / SHARE;
}

/* How far a heap may grow from one major collection to the next. PyPy's own default is an eighth of
 * the machine's memory; here it is an eighth of a worker's part of the container's, because all of
 * them grow at the same time. */
uint64_t
gc_limits_delta(uint64_t limit, uint32_t workers)
{
    uint64_t delta = limit / (workers ? workers : 1) / SHARE;
    return delta > delta_least ? delta : delta_least;
}

static void
set(const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    setenv(name, text, 0);
}

void
gc_limits_set(uint64_t limit, uint32_t workers)
{
    if (!limit)
        return;
    set("PYPY_GC_MAX", gc_limits_max(limit));
    set("PYPY_GC_MAX_DELTA", gc_limits_delta(limit, workers));
}
