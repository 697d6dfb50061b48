/*
 * Sizes and durations as people write them; the only place where units are parsed.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

/* "4096", "64k", "1m", "2g" or "64kb", in any case, powers of 1024: bytes. */
int bask_size_parse(bask_str text, int64_t *ret_bytes);
/* "30" or "30s", "500ms", "2m", "1h", "1d": milliseconds. */
int bask_duration_parse(bask_str text, int64_t *ret_ms);
