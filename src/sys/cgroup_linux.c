/* The files below /sys/fs/cgroup: see cgroup.h. */
#include "sys/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool
bask_cgroup_line(const char *folder, const char *name, char *line, int size)
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

static int64_t
smaller(int64_t one, int64_t other)
{
    return other && (!one || other < one) ? other : one;
}

/* The smallest limit of the group at `path` below `mount` and of all above it. */
static int64_t
smallest(const char *mount, const char *path, int64_t (*limit)(const char *))
{
    char folder[PATH_MAX];
    int64_t found = 0;
    if (snprintf(folder, sizeof folder, "%s%s", mount, path) >= (int)sizeof folder)
        return 0;
    for (;;) {
        found = smaller(found, limit(folder));
        char *slash = strrchr(folder, '/');
        if (!slash || (size_t)(slash - folder) < strlen(mount))
            return found;
        *slash = '\0';
    }
}

static bool
names_controller(const char *names, const char *controller)
{
    char padded[PATH_MAX], wanted[32];
    snprintf(padded, sizeof padded, ",%s,", names);
    snprintf(wanted, sizeof wanted, ",%s,", controller);
    return strstr(padded, wanted);
}

/* One line of /proc/self/cgroup, "4:cpu,cpuacct:/path" or "0::/path", and what its group allows. */
static int64_t
line_limit(const struct bask_cgroup_kind *kind, char *line, const char *root)
{
    char mount[PATH_MAX], *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
    if (!path)
        return 0;
    *path++ = '\0';
    names++;
    if (!*names)
        return smallest(root, path, kind->v2);
    if (!names_controller(names, kind->controller) ||
        snprintf(mount, sizeof mount, "%s/%s", root, names) >= (int)sizeof mount)
        return 0;
    int64_t found = smallest(mount, path, kind->v1);
    if (found || snprintf(mount, sizeof mount, "%s/%s", root, kind->controller) >= PATH_MAX)
        return found;
    return smallest(mount, path, kind->v1);
}

int64_t
bask_cgroup_limit_of(const struct bask_cgroup_kind *kind, const char *groups, const char *root)
{
    int64_t found = 0;
    while (*groups) {
        char line[PATH_MAX];
        size_t length = strcspn(groups, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(length < PATH_MAX ? length : 0), groups);
        found = smaller(found, line_limit(kind, line, root));
        groups += length + (groups[length] == '\n');
    }
    return found;
}

int64_t
bask_cgroup_limit(const struct bask_cgroup_kind *kind)
{
    char groups[8192];
    int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, groups, sizeof groups - 1);
    if (fd >= 0)
        close(fd);
    if (length <= 0)
        return 0;
    groups[length] = '\0';
    return bask_cgroup_limit_of(kind, groups, "/sys/fs/cgroup");
}
