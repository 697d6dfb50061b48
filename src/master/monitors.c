/* A descriptor of inotify(7) and a list of subjects. */
#include "master/monitors.h"

#include "base/err.h"
#include "master/subject.h"
#include "obs/log.h"
#include "sys/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct monitor {
    struct bask_link link;
    struct subject subject;
    uint32_t number;
    bool changed;
};

struct monitors {
    struct bask_io io; /* fd -1: nothing is watched */
    struct bask_loop *loop;
    struct bask_link list;
    monitors_f *on_change;
    void *context;
};

#define EACH(monitors, link)                                                                       \
    (struct bask_link *link = (monitors)->list.next; link != &(monitors)->list; link = link->next)

static void
note(void *context, int which, bask_str name)
{
    struct monitors *monitors = context;
    for
        EACH(monitors, link)
        {
            struct monitor *monitor = BASK_CONTAINER(link, struct monitor, link);
            monitor->changed |= subject_changed(&monitor->subject, monitors->io.fd, which, name);
        }
}

static void
on_events(struct bask_io *io, unsigned events)
{
    struct monitors *monitors = BASK_CONTAINER(io, struct monitors, io);
    (void)events;
    bask_watch_read(io->fd, note, monitors);
    for
        EACH(monitors, link)
        {
            struct monitor *monitor = BASK_CONTAINER(link, struct monitor, link);
            if (monitor->changed)
                monitors->on_change(monitors->context, monitor->number);
            monitor->changed = false;
        }
}

struct monitors *
monitors_new(struct bask_loop *loop, monitors_f *on_change, void *context)
{
    struct monitors *monitors = calloc(1, sizeof *monitors);
    if (!monitors)
        return NULL;
    monitors->io = (struct bask_io){.fd = -1, .on_event = on_events};
    monitors->loop = loop;
    monitors->on_change = on_change;
    monitors->context = context;
    bask_list_init(&monitors->list);
    return monitors;
}

void
monitors_clear(struct monitors *monitors)
{
    struct bask_link *link;
    while ((link = bask_list_take(&monitors->list)))
        free(BASK_CONTAINER(link, struct monitor, link));
    if (monitors->io.fd < 0)
        return;
    bask_loop_remove(monitors->loop, &monitors->io);
    close(monitors->io.fd);
    monitors->io.fd = -1;
}

void
monitors_free(struct monitors **monitors)
{
    if (*monitors)
        monitors_clear(*monitors);
    free(*monitors);
    *monitors = NULL;
}

void
monitors_forget(const struct monitors *monitors)
{
    if (monitors->io.fd >= 0)
        close(monitors->io.fd);
}

static int
start(struct monitors *monitors)
{
    if (monitors->io.fd >= 0)
        return BASK_OK;
    monitors->io.fd = bask_watch_open();
    if (monitors->io.fd < 0)
        return BASK_E_SYSTEM;
    int err = bask_loop_add(monitors->loop, &monitors->io, BASK_IO_LEVEL);
    if (err) {
        close(monitors->io.fd);
        monitors->io.fd = -1;
    }
    return err;
}

int
monitors_add(struct monitors *monitors, bask_str path, uint32_t number)
{
    struct monitor *monitor = calloc(1, sizeof *monitor);
    int err = monitor ? start(monitors) : BASK_E_NOMEM;
    if (!err)
        err = subject_init(&monitor->subject, monitors->io.fd, path);
    if (err) {
        bask_log(BASK_LOG_ERROR, "cannot watch %.*s: %s", BASK_FMT(path),
                 err == BASK_E_SYSTEM ? strerror(errno) : bask_err_text(err));
        free(monitor);
        return err;
    }
    monitor->number = number;
    bask_list_append(&monitors->list, &monitor->link);
    return BASK_OK;
}
