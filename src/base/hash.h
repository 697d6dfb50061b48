/*
 * A number for bytes (SipHash-2-4). Who does not know the seed cannot find bytes with the same
 * number, so a table of keys that come from outside cannot be made slow.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct bask_hash_seed {
    uint64_t words[2];
};

uint64_t bask_hash(const struct bask_hash_seed *seed, bask_str bytes);
