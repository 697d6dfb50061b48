/* CPUs on Linux: the affinity mask, and the quotas of control groups. */
#include "sys/cpus.h"

#include "sys/cgroup.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* CPUs, rounded up; 0 for "no limit" and for what makes no sense. */
static int64_t
whole(long long quota, long long period)
{
    if (quota <= 0 || period <= 0 || quota / period >= INT_MAX)
        return 0;
    return quota / period + (quota % period != 0);
}

static int64_t
limit_v2(const char *folder)
{
    char line[64];
    long long quota, period;
    if (!bask_cgroup_line(folder, "cpu.max", line, sizeof line) ||
        sscanf(line, "%18lld %18lld", &quota, &period) != 2)
        return 0;
    return whole(quota, period);
}

static int64_t
limit_v1(const char *folder)
{
    char quota[32], period[32];
    if (!bask_cgroup_line(folder, "cpu.cfs_quota_us", quota, sizeof quota) ||
        !bask_cgroup_line(folder, "cpu.cfs_period_us", period, sizeof period))
        return 0;
    return whole(atoll(quota), atoll(period));
}

static const struct bask_cgroup_kind kind = {"cpu", limit_v1, limit_v2};

int
bask_cpus_limit(const char *groups, const char *root)
{
    return (int)bask_cgroup_limit_of(&kind, groups, root);
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
    int count = allowed(), limit = (int)bask_cgroup_limit(&kind);
    if (limit && limit < count)
        count = limit;
    return count > 1 ? count : 1;
}
