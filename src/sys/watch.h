/*
 * Changes in folders, as they happen. The descriptor is readable while there are some to be read;
 * it is closed by execve(2).
 */
#pragma once

#include "base/str.h"

int bask_watch_open(void); /* or BASK_E_SYSTEM */
/* Files in this folder that are created, replaced, removed, written and closed, or touched. The
 * number of the watch, the same as before for a folder that is watched already; BASK_E_SYSTEM. */
int bask_watch_add(int fd, const char *folder);

/* `name`: of the file in the folder; absent if it is the folder itself. `watch` -1: there was too
 * much to tell. */
typedef void bask_watch_f(void *context, int watch, bask_str name);
/* Calls `on_change` for all that there is to tell. */
void bask_watch_read(int fd, bask_watch_f *on_change, void *context);
