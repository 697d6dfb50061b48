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
