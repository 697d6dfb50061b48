/* Memory that control groups grant. */
#include "sys/cgroup.h"
#include "sys/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* A number of bytes; 0 for "max" and for what makes no sense. */
static int64_t
read_bytes(const char *folder, const char *name)
{
    char line[64], *end;
    if (!bask_cgroup_line(folder, name, line, sizeof line))
        return 0;
    errno = 0;
    long long bytes = strtoll(line, &end, 10);
    return errno || end == line || (*end && *end != '\n') || bytes < 0 ? 0 : bytes;
}

/* Over memory.high a group is not killed, but slowed down until it is of no use. */
static int64_t
limit_v2(const char *folder)
{
    int64_t most = read_bytes(folder, "memory.max"), high = read_bytes(folder, "memory.high");
    return high && (!most || high < most) ? high : most;
}

static int64_t
limit_v1(const char *folder)
{
    return read_bytes(folder, "memory.limit_in_bytes");
}

static const struct bask_cgroup_kind kind = {"memory", limit_v1, limit_v2};

int64_t
bask_memory_limit_of(const char *groups, const char *root)
{
    return bask_cgroup_limit_of(&kind, groups, root);
}

int64_t
bask_memory_limit(void)
{
    int64_t limit = bask_cgroup_limit(&kind);
    int64_t there = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    return limit < there ? limit : 0; /* version 1 says "none" by a number */
}
