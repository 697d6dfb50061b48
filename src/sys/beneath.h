/*
 * Opening what is below a folder, and nothing outside it, whatever a path says and whatever links
 * there are: for names that come from clients.
 */
#pragma once

#include "base/str.h"

#include <sys/stat.h>

/* Folders by their real, absolute names. */
struct bask_folders {
    const bask_str *names;
    size_t count;
};

/* Opens `path`, which ends in NUL and does not begin with '/', below the folder `root`, for reading
 * if it is a regular file or a folder. Links that lead out of `root` count if they lead to
 * `allowed` (a link by an absolute path always does lead out, so `allowed` names the root, too).
 * Waits for no device and no pipe. The descriptor and its status; BASK_E_NOTFOUND, BASK_E_RANGE: it
 * leads elsewhere, BASK_E_STATE: it is neither file nor folder, BASK_E_SYSTEM: the process or the
 * system can open no more. */
int bask_beneath_open(int root, const char *path, const struct bask_folders *allowed,
                      struct stat *ret_status);

/* The same where the kernel does not know how to stay below a folder, or a link leads out. */
int bask_beneath_open_checked(int root, const char *path, const struct bask_folders *allowed,
                              struct stat *ret_status);

/* The real name of what is open; its length, or BASK_E_NOTFOUND: it has none, or /proc is away. */
long bask_beneath_name(int fd, char *name, size_t size);
