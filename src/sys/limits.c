/* Resource limits, priority, control groups. */
#include "sys/limits.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int
bask_limit_set(int resource, uint64_t value)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit))
        return BASK_E_SYSTEM;
    limit.rlim_cur = value;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < value)
        limit.rlim_max = value;
    return setrlimit((__rlimit_resource_t)resource, &limit) ? BASK_E_SYSTEM : BASK_OK;
}

int
bask_limit_raise(int resource, uint64_t most)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit))
        return BASK_E_SYSTEM;
    rlim_t value = limit.rlim_max < most ? limit.rlim_max : most;
    if (limit.rlim_cur >= value)
        return BASK_OK;
    limit.rlim_cur = value;
    return setrlimit((__rlimit_resource_t)resource, &limit) ? BASK_E_SYSTEM : BASK_OK;
}

int
bask_limit_priority(int nice_value)
{
    return setpriority(PRIO_PROCESS, 0, nice_value) ? BASK_E_SYSTEM : BASK_OK;
}

static int
write_once(const char *path, bask_str text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return BASK_E_SYSTEM;
    ssize_t n = write(fd, text.ptr, text.len);
    int saved = errno;
    close(fd);
    errno = saved;
    return n == (ssize_t)text.len ? BASK_OK : BASK_E_SYSTEM;
}

int
bask_limit_set_cgroup(const char *folder, bask_str name, bask_str value)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%.*s", folder, BASK_FMT(name));
    return n < (int)sizeof path ? write_once(path, value) : BASK_E_LIMIT;
}

int
bask_limit_join_cgroup(const char *folder)
{
    if (mkdir(folder, 0755) && errno != EEXIST)
        return BASK_E_SYSTEM;
    /* 0 is whoever writes it. */
    return bask_limit_set_cgroup(folder, BASK_STR("cgroup.procs"), BASK_STR("0"));
}
