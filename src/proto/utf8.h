/*
 * Whether bytes are UTF-8 (RFC 3629): no surrogates, nothing beyond U+10FFFF, no longer form than
 * needed. Text may come in any number of pieces.
 */
#pragma once

#include "base/str.h"

/* All zero at the start. */
struct bask_utf8 {
    unsigned char needed;      /* bytes that are missing of the present character */
    unsigned char least, most; /* what the next of them may be */
};

/* False: these bytes are no continuation of what came before. */
bool bask_utf8_take(struct bask_utf8 *utf8, bask_str bytes);

/* No character is only half there. */
static inline bool
bask_utf8_is_whole(const struct bask_utf8 *utf8)
{
    return utf8->needed == 0;
}
