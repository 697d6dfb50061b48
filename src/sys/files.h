/*
 * Small files that are read and written whole, and paths.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>
#include <sys/types.h>

/* Replaces a file in one step: who reads it sees the old bytes or the new ones. The file gets
 * exactly `mode`; a link in its place is replaced, not followed; what is neither a link nor a
 * regular file is left alone (BASK_E_STATE). */
int bask_file_replace(const char *path, bask_str bytes, mode_t mode);

/* A new file in this folder that has no name and is gone when it is closed; its descriptor, which
 * is none of the standard streams', or BASK_E_SYSTEM. */
int bask_file_unnamed(const char *folder);

/* A file gets another name: `to`, in the place of what has it, or, if that is NULL, PATH.SECONDS,
 * which nothing has yet. `ret_name` is the name, also after a failure. 0 or BASK_E_SYSTEM, with
 * errno. */
int bask_file_put_aside(const char *path, const char *to, char *ret_name, size_t size);

/* All of these bytes. 0 or BASK_E_SYSTEM. */
int bask_file_write(int fd, bask_str bytes);
/* The same, from `offset` on. 0 or BASK_E_SYSTEM. */
int bask_file_write_at(int fd, bask_str bytes, int64_t offset);

/* At most size - 1 bytes and a NUL; the number of bytes, or BASK_E_SYSTEM. */
ssize_t bask_file_read(const char *path, char *bytes, size_t size);

/* The absolute form of a path whose last part need not exist; the caller frees it. NULL: errno
 * tells. */
char *bask_file_absolute(const char *path);

/* `path` as seen by a process whose root is `root`, both absolute; NULL if it cannot be seen. The
 * result points into `path`. */
const char *bask_file_inside(const char *root, const char *path);
