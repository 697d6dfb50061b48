/* A chain of blocks, newest first; reset keeps the oldest, which has the standard size. */
#include "base/arena.h"

#include <stdlib.h>

enum { BLOCK_SIZE = 2048, ALIGNMENT = 16 };

struct bask_arena_block {
    struct bask_arena_block *older;
    size_t size;
    _Alignas(ALIGNMENT) char bytes[];
};

void *
bask_arena_alloc(struct bask_arena *arena, size_t size)
{
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (!arena->block || arena->block->size - arena->used < size) {
        size_t wanted = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        struct bask_arena_block *block = malloc(sizeof *block + wanted);
        if (!block)
            return NULL;
        block->older = arena->block;
        block->size = wanted;
        arena->block = block;
        arena->used = 0;
    }
    void *memory = arena->block->bytes + arena->used;
    arena->used += size;
    return memory;
}

void
bask_arena_reset(struct bask_arena *arena)
{
    arena->used = 0;
    while (arena->block && (arena->block->older || arena->block->size != BLOCK_SIZE)) {
        struct bask_arena_block *block = arena->block;
        arena->block = block->older;
        free(block);
    }
}

void
bask_arena_fini(struct bask_arena *arena)
{
    while (arena->block) {
        struct bask_arena_block *block = arena->block;
        arena->block = block->older;
        free(block);
    }
    arena->used = 0;
}
