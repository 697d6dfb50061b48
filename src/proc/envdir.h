/*
 * Folders of variables, as envdir of daemontools has them: a file is a variable, its text the
 * value. Knows the environment of this process and nothing of options.
 */
#pragma once

#include <stddef.h>

/* Sets what the folder holds; an empty file removes its variable. 0, or a bask_err with one
 * sentence in `error`; what was set until then stays so. */
int bask_envdir_load(const char *folder, char *error, size_t error_size);
