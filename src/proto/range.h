/*
 * Which bytes of a file a client asks for: the field Range (RFC 9110 14).
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct bask_range {
    int64_t first, length; /* length is more than 0 */
};

/* In the order in which they were asked for. None touches another. */
enum { BASK_RANGES_MOST = 64 };
struct bask_ranges {
    size_t count;
    struct bask_range items[BASK_RANGES_MOST];
};

enum bask_range_asked {
    BASK_RANGE_WHOLE, /* no range that counts, or more than a client with a reason has */
    BASK_RANGE_PARTS,
    BASK_RANGE_NOTHING, /* none of the bytes asked for is there: 416 */
};

/* `size` is the file's. Only PARTS writes to *ret_ranges: ranges that overlap or meet become one,
 * in the place of the first of them, so that together they are never more than the file. */
enum bask_range_asked bask_ranges_read(bask_str field, int64_t size,
                                       struct bask_ranges *ret_ranges);
