/*
 * A file or folder whose changes are watched. A file that is replaced by renaming is another file,
 * so it is always the folder around it that is watched, too.
 */
#pragma once

#include "base/str.h"

#include <limits.h>

struct subject {
    char path[PATH_MAX];
    bask_str name; /* its last part */
    int outside;   /* the watch of the folder around it */
    int inside;    /* of itself, if it is a folder; -1: it is none */
};

/* `fd` as bask_watch_open gave it. 0; BASK_E_SYSTEM: the folder around it cannot be watched. */
int subject_init(struct subject *subject, int fd, bask_str path);
/* What bask_watch_read tells is about this one. */
bool subject_changed(struct subject *subject, int fd, int which, bask_str name);
