/*
 * What a process may use: resource limits, priority, control groups. All are inherited by children.
 * BASK_E_SYSTEM comes with errno, BASK_E_LIMIT with a path that is too long.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

/* A `resource` of setrlimit(2). Where the hard limit is lower and cannot be raised it is an error.
 */
int bask_limit_set(int resource, uint64_t value);
/* Raises the soft limit as far as the hard one allows, at most to `most`; never lowers it. */
int bask_limit_raise(int resource, uint64_t most);
/* -20 (first) to 19 (last). */
int bask_limit_priority(int nice);
/* Joins a control group, version 1 or 2, given by its folder, which is made if it is missing. */
int bask_limit_join_cgroup(const char *folder);
/* Writes a setting of a control group: "memory.max", "200M". */
int bask_limit_set_cgroup(const char *folder, bask_str name, bask_str value);
