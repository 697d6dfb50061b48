/*
 * The memory of this process.
 */
#pragma once

/*
 * Gives back what malloc(3) holds free, and merges what it has in small pieces. To be called before
 * a fork: the C library would else do it in the child, when a large piece is wanted next, and write
 * to every page of it, each of which is then copied.
 */
void bask_memory_trim(void);
