/*
 * UTF-8 (RFC 3629): no surrogates, nothing beyond U+10FFFF, no longer form than needed. Text may
 * come in any number of pieces, or is taken apart into its characters.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

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

/* The character at the front of a text that is not empty, and how many bytes it has; 0: none is
 * there as a whole, and nothing is written. */
size_t bask_utf8_decode(bask_str text, uint32_t *ret_value);
