/*
 * How many CPUs this process may use: those it may run on, cut by the limits of its control groups.
 */
#pragma once

/* At least 1. A limit of 1.5 CPUs is 2. */
int bask_cpus(void);

/* The limit that the control groups set: `groups` has the contents of /proc/self/cgroup, `root` is
 * where they are mounted. 0: none. For tests; others call bask_cpus(). */
int bask_cpus_limit(const char *groups, const char *root);
