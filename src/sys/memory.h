/*
 * The memory of this process.
 */
#pragma once

#include <stdint.h>

/*
 * Gives back what malloc(3) holds free, and merges what it has in small pieces. To be called before
 * a fork: the C library would else do it in the child, when a large piece is wanted next, and write
 * to every page of it, each of which is then copied.
 */
void bask_memory_trim(void);

/* What control groups grant the processes of this one's group together, in bytes; 0: as much as the
 * machine has. */
int64_t bask_memory_limit(void);
/* The same from other files, for tests: as bask_cpus_limit. */
int64_t bask_memory_limit_of(const char *groups, const char *root);

/* Bytes that this process has; 0 where it cannot be told. */
struct bask_memory_use {
    uint64_t address_space, resident;
    uint64_t own, share; /* not shared with others; the same with its part of what is (USS, PSS) */
};
/* Without `own` and `share`. */
void bask_memory_look(struct bask_memory_use *use);
/* These two: the kernel goes through all pages for them. */
void bask_memory_look_closely(struct bask_memory_use *use);
