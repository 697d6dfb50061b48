/*
 * Which bytes of a file a client asks for: the field Range (RFC 9110 14).
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct bask_range {
    int64_t first, length; /* length is more than 0 */
};

enum bask_range_asked {
    BASK_RANGE_WHOLE, /* no range that counts, or several: all of it is an answer to these, too */
    BASK_RANGE_PART,
    BASK_RANGE_NOTHING, /* none of the bytes asked for is there: 416 */
};

/* `size` is the file's. Only PART writes to *ret_range. */
enum bask_range_asked bask_range_read(bask_str field, int64_t size, struct bask_range *ret_range);
