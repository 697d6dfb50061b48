/* From paths to watches, and from what watches tell to paths. */
#include "master/subject.h"

#include "base/err.h"
#include "sys/watch.h"

#include <stdio.h>

static void
enter(struct subject *subject, int fd)
{
    subject->inside = bask_watch_add(fd, subject->path);
    if (subject->inside < 0)
        subject->inside = -1; /* a file, or not there yet */
}

int
subject_init(struct subject *subject, int fd, bask_str path)
{
    char around[PATH_MAX];
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    snprintf(subject->path, sizeof subject->path, "%.*s", BASK_FMT(path));
    snprintf(around, sizeof around, "%.*s", BASK_FMT(path));
    char *slash = strrchr(around, '/');
    if (slash)
        slash[slash == around ? 1 : 0] = '\0';
    const char *last = strrchr(subject->path, '/');
    subject->name = bask_str_of(last ? last + 1 : subject->path);
    subject->outside = bask_watch_add(fd, slash ? around : ".");
    if (subject->outside < 0)
        return BASK_E_SYSTEM;
    enter(subject, fd);
    return BASK_OK;
}

/* Python's own files in a folder of modules are written by the very reload. */
static bool
is_concerned(const struct subject *subject, int which, bask_str name)
{
    if (which == subject->outside && bask_str_eq(name, subject->name))
        return true;
    return which == subject->inside && name.len && !bask_str_eq(name, BASK_STR("__pycache__"));
}

bool
subject_changed(struct subject *subject, int fd, int which, bask_str name)
{
    if (which >= 0 && !is_concerned(subject, which, name))
        return false;
    if (which != subject->inside)
        enter(subject, fd); /* it may be a folder that was replaced */
    return true;
}
