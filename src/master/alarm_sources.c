/*
 * What the master raises alarms for by itself: the queue of a listening socket is full; a
 * descriptor that the operator named is readable.
 */
#include "master/alarms.h"

#include "base/err.h"
#include "base/list.h"
#include "obs/log.h"
#include "sys/given.h"
#include "sys/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOOK_US = 1000000 };

struct file {
    struct bask_io io; /* fd < 0: not any more */
    struct alarm_sources *sources;
    const struct bask_alarm_file *what;
};

struct alarm_sources {
    struct bask_loop *loop;
    const struct bask_alarms *all;
    struct bask_timer look;
    const int *sockets;
    size_t socket_count, file_count;
    struct file files[];
};

static void
name_socket(int fd, char *name, size_t size)
{
    struct bask_sockaddr addr = {.length = sizeof addr.u};
    struct bask_sock_name numeric;
    snprintf(name, size, "%d", fd);
    if (getsockname(fd, &addr.u.any, &addr.length))
        return;
    bask_sock_describe(&addr, &numeric);
    if (addr.u.any.sa_family != AF_UNIX)
        snprintf(name, size, "%s:%s", numeric.addr, numeric.port);
    else if (addr.length > sizeof(sa_family_t))
        snprintf(name, size, "%s%.100s", addr.u.local.sun_path[0] ? "" : "@",
                 addr.u.local.sun_path + !addr.u.local.sun_path[0]);
}

static void
on_look(struct bask_timer *timer)
{
    struct alarm_sources *sources = BASK_CONTAINER(timer, struct alarm_sources, look);
    bask_loop_timer_start(sources->loop, timer, LOOK_US);
    for (size_t i = 0; i < sources->socket_count; i++) {
        char name[128], message[256];
        struct bask_sock_queue queue;
        if (bask_sock_queue(sources->sockets[i], &queue) || !queue.limit ||
            queue.waiting < queue.limit)
            continue;
        name_socket(sources->sockets[i], name, sizeof name);
        int n = snprintf(message, sizeof message,
                         "the queue of the listening socket %s is full (%d of %d)", name,
                         queue.waiting, queue.limit);
        bask_alarms_raise(sources->all, sources->all->backlog, bask_str_n(message, (size_t)n));
    }
}

static void
forget(struct file *file, const char *why)
{
    bask_log(BASK_LOG_WARN, "--alarm-fd: descriptor %d is not looked at any more: %s", file->io.fd,
             why);
    bask_loop_remove(file->sources->loop, &file->io);
    file->io.fd = -1;
}

/* What is not read now is read the next time. */
static void
on_file(struct bask_io *io, unsigned events)
{
    struct file *file = BASK_CONTAINER(io, struct file, io);
    (void)events;
    ssize_t n = bask_given_take(io->fd, file->what->bytes);
    if (n == BASK_E_AGAIN)
        return;
    if (n > 0)
        bask_alarms_raise(file->sources->all, file->what->whom, file->what->message);
    else
        forget(file, n < 0 ? strerror(errno) : "it has ended");
}

static void
watch(struct alarm_sources *sources, const struct bask_alarm_file *what)
{
    struct file *file = &sources->files[sources->file_count++];
    *file = (struct file){
        .io = {.fd = what->fd, .on_event = on_file}, .sources = sources, .what = what};
    if (!bask_given_is(what->fd))
        bask_log(BASK_LOG_ERROR,
                 "--alarm-fd: descriptor %d is none that was left open for the server", what->fd);
    else if (bask_loop_add(sources->loop, &file->io, BASK_IO_LEVEL))
        bask_log(BASK_LOG_ERROR, "--alarm-fd: descriptor %d cannot be watched: %s", what->fd,
                 strerror(errno));
    else
        return;
    file->io.fd = -1;
}

struct alarm_sources *
alarm_sources_new(struct bask_loop *loop, const struct bask_alarms *all, const int *sockets,
                  size_t count)
{
    struct alarm_sources *sources =
        calloc(1, sizeof *sources + all->file_count * sizeof *sources->files);
    if (!sources)
        return NULL;
    sources->loop = loop;
    sources->all = all;
    sources->sockets = sockets;
    sources->socket_count = count;
    sources->look.on_due = on_look;
    for (size_t i = 0; i < all->file_count; i++)
        watch(sources, &all->files[i]);
    if (all->backlog)
        bask_loop_timer_start(loop, &sources->look, LOOK_US);
    return sources;
}

void
alarm_sources_free(struct alarm_sources **sources)
{
    if (!*sources)
        return;
    if ((*sources)->all->backlog)
        bask_loop_timer_stop(&(*sources)->look);
    for (size_t i = 0; i < (*sources)->file_count; i++)
        if ((*sources)->files[i].io.fd >= 0)
            bask_loop_remove((*sources)->loop, &(*sources)->files[i].io);
    free(*sources);
    *sources = NULL;
}
