/*
 * The master whose place this one took. It may live on for what it has started (crons), and ends
 * that when its successor ends. So a successor that is replaced itself waits for it: otherwise a
 * second upgrade would end what the first one left alone. When the last of them stops they all do,
 * each because its successor has ended.
 */
#include "master/private.h"
#include "sys/proc.h"

#include <sys/socket.h>
#include <unistd.h>

void
former_close(struct master *master)
{
    if (master->former.fd < 0)
        return;
    bask_loop_remove(master->loop, &master->former);
    close(master->former.fd);
    master->former.fd = -1;
}

static void
on_ended(struct bask_io *io, unsigned events)
{
    (void)events;
    former_close(BASK_CONTAINER(io, struct master, former));
}

/* Who has made the channel; between the two there may be a script that started this one. */
static pid_t
maker_of(int channel)
{
    struct ucred maker;
    socklen_t size = sizeof maker;
    return getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &maker, &size) ? 0 : maker.pid;
}

void
former_watch(struct master *master, int channel)
{
    pid_t pid = maker_of(channel);
    int fd = pid > 0 ? bask_proc_open_process(pid) : -1;
    if (fd < 0)
        return; /* what it started will then end with this one */
    master->former = (struct bask_io){.fd = fd, .on_event = on_ended};
    if (!bask_loop_add(master->loop, &master->former, BASK_IO_LEVEL))
        return;
    close(fd);
    master->former.fd = -1;
}

bool
former_is_awaited(const struct master *master)
{
    return master->successor && !master->brutal && master->former.fd >= 0;
}

void
former_forget(const struct master *master)
{
    if (master->former.fd >= 0)
        close(master->former.fd);
}
