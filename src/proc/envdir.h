/*
 * Folders of variables, as envdir of daemontools has them: a file is a variable, its text the
 * value. Knows the environment of this process and nothing of options.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { BASK_ENVDIR_PATH = PATH_MAX + NAME_MAX + 2 };

/* Sets what the folder holds; an empty file removes its variable. 0, or a bask_err with one
 * sentence in `error`; what was set until then stays so. */
int bask_envdir_load(const char *folder, char *error, size_t error_size);

/* Whether the folder, or a file that would be read, is forbidden to this process; `ret_path`
 * (BASK_ENVDIR_PATH bytes) then says which. Whatever else may be wrong is bask_envdir_load's. */
bool bask_envdir_is_forbidden(const char *folder, char *ret_path);
