/*
 * A file as memory that processes share, also those of several servers: what is in it outlives
 * them. Takes all of its space on the disk at once, so that writing to it later cannot fail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BASK_SHARED_FILE_OURS = 0,   /* nobody else has it open; it may be put in order */
    BASK_SHARED_FILE_JOINED = 1, /* others use it now */
};

struct bask_shared_file {
    void *memory;
    size_t size;
    int fd; /* holds the lock that tells others of us; children of this process have it, too */
};

/* Opens, or makes, a file of this size. `replace`: one of another size, that nobody has, is made
 * anew. OURS: until bask_shared_file_ready() others wait. JOINED. BASK_E_STATE: its size is another
 * one; BASK_E_SYSTEM. */
int bask_shared_file_open(struct bask_shared_file *file, const char *path, size_t size,
                          bool replace);
void bask_shared_file_ready(const struct bask_shared_file *file);
/* Sees that the disk has it, some time soon. */
void bask_shared_file_sync(const struct bask_shared_file *file);
/* A piece of a file that is there, and of devices, as it is. 0; BASK_E_STATE: the file ends before
 * that; BASK_E_SYSTEM. */
int bask_shared_file_map(const char *path, int64_t offset, size_t size, char **ret_memory);
void bask_shared_file_close(struct bask_shared_file *file);
