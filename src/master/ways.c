/*
 * The ways to tell a master something, together. What only one process can have, the FIFO and the
 * control socket, stays with a master until its successor serves.
 */
#include "base/err.h"
#include "master/private.h"

int
ways_open(struct master *master)
{
    int err = control_open(master);
    if (!err)
        err = touch_open(master);
    if (!err)
        err = watch_open(master);
    if (!err && !master->heir)
        err = fd_reload_open(master);
    if (!err && !master->heir)
        err = fifo_open(master);
    if (!err && !master->heir)
        control_listen(master);
    return err;
}

void
ways_take(struct master *master)
{
    fifo_open(master); /* it has said why if it failed; the server serves */
    fd_reload_open(master);
    control_listen(master);
}

void
ways_hand_over(struct master *master)
{
    fifo_close(master, false);
    control_hand_over(master);
    health_free(&master->health); /* its answers would be those of a server that stops */
    stats_free(&master->stats, true);
    pushers_free(&master->pushers);
    metering_free(&master->metering);
    touch_close(master);
    watch_close(master);
    fd_reload_close(master);
}

void
ways_close(struct master *master)
{
    bool remove = master->plan->vacuum && !master->replaced && !master->heir;
    fifo_close(master, remove);
    control_close(master, remove);
    touch_close(master);
    watch_close(master);
    fd_reload_close(master);
}

void
ways_forget(const struct master *master)
{
    fifo_forget(master);
    control_forget(master);
    watch_forget(master);
}
