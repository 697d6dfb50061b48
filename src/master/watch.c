/*
 * --fs-reload: files and folders whose changes the system tells. A file that is replaced by
 * renaming is another file, so it is always the folder around it that is watched.
 */
#include "sys/watch.h"

#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A checkout changes many files; the reload waits until it is quiet. */
enum { QUIET_US = 200000 };

struct subject {
    char path[PATH_MAX];
    bask_str name; /* its last part */
    int outside;   /* the watch of the folder around it */
    int inside;    /* of itself, if it is a folder; -1: it is none */
    enum master_command command;
    bool changed;
};

struct watch {
    struct bask_io io;
    struct bask_timer quiet;
    struct master *master;
    size_t count;
    struct subject subjects[];
};

static void
enter(struct watch *watch, struct subject *subject)
{
    subject->inside = bask_watch_add(watch->io.fd, subject->path);
    if (subject->inside < 0)
        subject->inside = -1; /* a file, or not there yet */
}

/* Python's own files in a folder of modules are written by the very reload. */
static bool
is_concerned(const struct subject *subject, int which, bask_str name)
{
    if (which == subject->outside && bask_str_eq(name, subject->name))
        return true;
    return which == subject->inside && name.len && !bask_str_eq(name, BASK_STR("__pycache__"));
}

static void
on_change(void *context, int which, bask_str name)
{
    struct watch *watch = context;
    for (size_t i = 0; i < watch->count; i++) {
        struct subject *subject = &watch->subjects[i];
        if (which >= 0 && !is_concerned(subject, which, name))
            continue;
        if (which != subject->inside)
            enter(watch, subject); /* it may be a folder that was replaced */
        subject->changed = true;
        bask_loop_timer_start(watch->master->loop, &watch->quiet, QUIET_US);
    }
}

static void
on_events(struct bask_io *io, unsigned events)
{
    (void)events;
    bask_watch_read(io->fd, on_change, BASK_CONTAINER(io, struct watch, io));
}

static void
on_quiet(struct bask_timer *timer)
{
    struct watch *watch = BASK_CONTAINER(timer, struct watch, quiet);
    for (size_t i = 0; i < watch->count; i++) {
        struct subject *subject = &watch->subjects[i];
        if (!subject->changed)
            continue;
        subject->changed = false;
        bask_log(BASK_LOG_INFO, "%s has changed", subject->path);
        master_obey(watch->master, subject->command);
    }
}

static int
add_subject(struct watch *watch, bask_str path, enum master_command command)
{
    struct subject *subject = &watch->subjects[watch->count++];
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
    subject->command = command;
    subject->outside = bask_watch_add(watch->io.fd, slash ? around : ".");
    if (subject->outside < 0) {
        bask_log(BASK_LOG_ERROR, "cannot watch %s: %s", subject->path, strerror(errno));
        return BASK_E_SYSTEM;
    }
    enter(watch, subject);
    return BASK_OK;
}

static int
start(struct watch *watch)
{
    watch->io.fd = bask_watch_open();
    if (watch->io.fd < 0)
        return BASK_E_SYSTEM;
    if (bask_loop_add(watch->master->loop, &watch->io, BASK_IO_LEVEL)) {
        close(watch->io.fd);
        return BASK_E_SYSTEM;
    }
    return BASK_OK;
}

int
watch_open(struct master *master)
{
    const struct bask_master_options *options = master->plan->options;
    const struct {
        const struct bask_values *paths;
        enum master_command command;
    } rows[] = {{&options->fs_reload, MASTER_RELOAD},
                {&options->fs_brutal_reload, MASTER_RELOAD_BRUTAL}};
    size_t total = rows[0].paths->count + rows[1].paths->count;
    if (!total)
        return BASK_OK;
    struct watch *watch = calloc(1, sizeof *watch + total * sizeof *watch->subjects);
    if (!watch)
        return BASK_E_NOMEM;
    watch->io.on_event = on_events;
    watch->quiet.on_due = on_quiet;
    watch->master = master;
    if (start(watch)) {
        bask_log(BASK_LOG_ERROR, "cannot watch files: %s", strerror(errno));
        free(watch);
        return BASK_E_SYSTEM;
    }
    master->watch = watch;
    int err = BASK_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < rows[i].paths->count && !err; k++)
            err = add_subject(watch, rows[i].paths->items[k].text, rows[i].command);
    return err;
}

void
watch_close(struct master *master)
{
    struct watch *watch = master->watch;
    if (!watch)
        return;
    bask_loop_timer_stop(&watch->quiet);
    bask_loop_remove(master->loop, &watch->io);
    close(watch->io.fd);
    free(watch);
    master->watch = NULL;
}

void
watch_forget(const struct master *master)
{
    if (master->watch)
        close(master->watch->io.fd);
}
