/*
 * Limits that control groups set, versions 1 and 2. A limit may stand in the process's own group or
 * in any above it, and the smallest counts. In a container the path of the group is often that of
 * the host and does not exist; its parents, up to the mount, are then all there is to ask.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One kind of limit. The functions say what one group allows; 0: it sets none. */
struct bask_cgroup_kind {
    const char *controller; /* its name in version 1 */
    int64_t (*v1)(const char *folder);
    int64_t (*v2)(const char *folder);
};

/* The limit of the calling process; 0: none. */
int64_t bask_cgroup_limit(const struct bask_cgroup_kind *kind);

/* The same: `groups` has the contents of /proc/self/cgroup, `root` is where they are mounted. */
int64_t bask_cgroup_limit_of(const struct bask_cgroup_kind *kind, const char *groups,
                             const char *root);

/* For these functions: the first line of a small file; false if there is none. */
bool bask_cgroup_line(const char *folder, const char *name, char *line, int size);
