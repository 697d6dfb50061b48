/*
 * A body that is made of pieces of one file, with text before each of them and behind the last:
 * multipart/byteranges (RFC 9110 14.6).
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct bask_part {
    bask_str before;        /* in the memory behind the parts */
    int64_t offset, length; /* of the file; length is more than 0 */
};

/* One block of malloc's. */
struct bask_parts {
    size_t count, next; /* the parts before `next` are on their way */
    bask_str end;       /* behind the last part; in the same memory */
    struct bask_part items[];
};

/* Bytes of all parts from `from` on, with their text. */
static inline int64_t
bask_parts_size(const struct bask_parts *parts, size_t from)
{
    int64_t sum = (int64_t)parts->end.len;
    for (size_t i = from; i < parts->count; i++)
        sum += (int64_t)parts->items[i].before.len + parts->items[i].length;
    return sum;
}
