/*
 * CPUs on Linux: the affinity mask, and the quotas of control groups, versions 1 and 2. A limit may
 * stand in the process's own group or in any above it, and the smallest counts. In a container the
 * path of the group is often that of the host and does not exist; its parents, up to the mount, are
 * then all there is to ask.
 */
#include "sys/cpus.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first line of a small file; false if there is none. */
static bool
read_line(const char *folder, const char *name, char *line, int size)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return false;
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool there = fgets(line, size, file) != NULL;
    fclose(file);
    return there;
}

/* CPUs, rounded up; 0 for "no limit" and for what makes no sense. */
static int
whole(long long quota, long long period)
{
    if (quota <= 0 || period <= 0 || quota / period >= INT_MAX)
        return 0;
    return (int)((quota + period - 1) / period);
}

static int
limit_v2(const char *folder)
{
    char line[64];
    long long quota, period;
    if (!read_line(folder, "cpu.max", line, sizeof line) ||
        sscanf(line, "%18lld %18lld", &quota, &period) != 2)
        return 0;
    return whole(quota, period);
}

static int
limit_v1(const char *folder)
{
    char quota[32], period[32];
    if (!read_line(folder, "cpu.cfs_quota_us", quota, sizeof quota) ||
        !read_line(folder, "cpu.cfs_period_us", period, sizeof period))
        return 0;
    return whole(atoll(quota), atoll(period));
}

/* The smallest limit of the group at `path` below `mount` and of all above it. */
static int
smallest(const char *mount, const char *path, int (*limit)(const char *))
{
    char folder[PATH_MAX];
    int found = 0, length = snprintf(folder, sizeof folder, "%s%s", mount, path);
    if (length >= (int)sizeof folder)
        return 0;
    for (;;) {
        int here = limit(folder);
        if (here && (!found || here < found))
            found = here;
        char *slash = strrchr(folder, '/');
        if (!slash || (size_t)(slash - folder) < strlen(mount))
            return found;
        *slash = '\0';
    }
}

/* One line of /proc/self/cgroup, "4:cpu,cpuacct:/path" or "0::/path", and what its group allows. */
static int
line_limit(char *line, const char *root)
{
    char mount[PATH_MAX], *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
    if (!path)
        return 0;
    *path++ = '\0';
    names++;
    if (!*names)
        return smallest(root, path, limit_v2);
    char padded[PATH_MAX];
    snprintf(padded, sizeof padded, ",%s,", names);
    if (!strstr(padded, ",cpu,") ||
        snprintf(mount, sizeof mount, "%s/%s", root, names) >= (int)sizeof mount)
        return 0;
    int found = smallest(mount, path, limit_v1);
    if (found || snprintf(mount, sizeof mount, "%s/cpu", root) >= (int)sizeof mount)
        return found;
    return smallest(mount, path, limit_v1);
}

int
bask_cpus_limit(const char *groups, const char *root)
{
    int found = 0;
    while (*groups) {
        char line[PATH_MAX];
        size_t length = strcspn(groups, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(length < PATH_MAX ? length : 0), groups);
        int here = line_limit(line, root);
        if (here && (!found || here < found))
            found = here;
        groups += length + (groups[length] == '\n');
    }
    return found;
}

/* CPUs of the mask. One of a machine with more than 1024 is too large for cpu_set_t. */
static int
allowed(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) ? 0 : CPU_COUNT(&set);
    return count ? count : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int
bask_cpus(void)
{
    char groups[8192];
    int count = allowed(), limit = 0;
    int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, groups, sizeof groups - 1);
    if (fd >= 0)
        close(fd);
    if (length > 0) {
        groups[length] = '\0';
        limit = bask_cpus_limit(groups, "/sys/fs/cgroup");
    }
    if (limit && limit < count)
        count = limit;
    return count > 1 ? count : 1;
}
