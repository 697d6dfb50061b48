/*
 * How large PyPy's heap may become where a container limits memory.
 *
 * By itself PyPy looks at the machine's memory, and would meet the limit of a container only when
 * the kernel kills it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Sets PYPY_GC_MAX and PYPY_GC_MAX_DELTA, unless the user has. `limit`: bytes that all processes of
 * the server may use together, 0: no limit. To be called before PyPy starts. */
void gc_limits_set(uint64_t limit, uint32_t workers);

/* What they are set to, for tests. */
uint64_t gc_limits_max(uint64_t limit);
uint64_t gc_limits_delta(uint64_t limit, uint32_t workers);
