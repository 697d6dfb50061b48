/*
 * Memory that is given back all at once: many small allocations, one reset.
 *
 * Overflow is not an error of the caller's: alloc returns NULL only when malloc did.
 */
#pragma once

#include "base/str.h"

struct bask_arena_block;

struct bask_arena {
    struct bask_arena_block *block; /* the newest block */
    size_t used;                    /* bytes of it */
};

/* An arena starts as all zero. */
void *bask_arena_alloc(struct bask_arena *arena, size_t size);
/* Everything allocated is gone; one block is kept for the next use. */
void bask_arena_reset(struct bask_arena *arena);
void bask_arena_fini(struct bask_arena *arena);
