/* --fs-reload: files and folders whose changes the system tells. */
#include "sys/watch.h"

#include "base/err.h"
#include "master/private.h"
#include "master/subject.h"
#include "obs/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A checkout changes many files; the reload waits until it is quiet. */
enum { QUIET_US = 200000 };

struct trigger {
    struct subject subject;
    enum master_command command;
    bool changed;
};

struct watch {
    struct bask_io io;
    struct bask_timer quiet;
    struct master *master;
    size_t count;
    struct trigger triggers[];
};

static void
on_change(void *context, int which, bask_str name)
{
    struct watch *watch = context;
    for (size_t i = 0; i < watch->count; i++) {
        struct trigger *trigger = &watch->triggers[i];
        if (!subject_changed(&trigger->subject, watch->io.fd, which, name))
            continue;
        trigger->changed = true;
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
        struct trigger *trigger = &watch->triggers[i];
        if (!trigger->changed)
            continue;
        trigger->changed = false;
        bask_log(BASK_LOG_INFO, "%s has changed", trigger->subject.path);
        master_obey(watch->master, trigger->command);
    }
}

static int
add_trigger(struct watch *watch, bask_str path, enum master_command command)
{
    struct trigger *trigger = &watch->triggers[watch->count++];
    trigger->command = command;
    int err = subject_init(&trigger->subject, watch->io.fd, path);
    if (err)
        bask_log(BASK_LOG_ERROR, "cannot watch %s: %s", trigger->subject.path, strerror(errno));
    return err;
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
    struct watch *watch = calloc(1, sizeof *watch + total * sizeof *watch->triggers);
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
            err = add_trigger(watch, rows[i].paths->items[k].text, rows[i].command);
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
