/*
 * The master's own eye on the processes of the workers. That one of them ended is told by its
 * parent, the zygote; a zygote that hangs does not tell, and nobody would be replaced.
 */
#include "master/private.h"

#include "sys/clock.h"
#include "sys/proc.h"

#include <unistd.h>

static void
forget(struct eye *eye)
{
    if (eye->io.fd < 0)
        return;
    bask_loop_remove(eye->master->loop, &eye->io);
    close(eye->io.fd);
    eye->io.fd = -1;
}

static void
on_ended(struct bask_io *io, unsigned events)
{
    struct eye *eye = BASK_CONTAINER(io, struct eye, io);
    (void)events;
    forget(eye);
    eye->ended_us = bask_clock_us();
}

static uint32_t
place_count(const struct master *master)
{
    return master->plan->board->worker_count * BASK_PLACES;
}

void
eye_init(struct master *master)
{
    for (uint32_t i = 0; i < place_count(master); i++)
        master->eyes[i] = (struct eye){
            .io = {.fd = -1, .on_event = on_ended},
            .master = master,
        };
}

/* The loop is the master's still: a descriptor that is removed there would be missed. */
void
eye_close_in_child(struct master *master)
{
    for (uint32_t i = 0; i < place_count(master); i++)
        if (master->eyes[i].io.fd >= 0)
            close(master->eyes[i].io.fd);
}

/* Without one (no descriptor left, an old kernel) there is only what the zygote tells. */
void
eye_start(struct master *master, struct bask_seat seat, pid_t pid)
{
    struct eye *eye = &master->eyes[bask_board_index(seat)];
    eye_stop(master, seat);
    eye->io.fd = bask_proc_open_process(pid);
    if (eye->io.fd < 0)
        eye->io.fd = -1;
    else if (bask_loop_add(master->loop, &eye->io, BASK_IO_LEVEL)) {
        close(eye->io.fd);
        eye->io.fd = -1;
    }
}

void
eye_stop(struct master *master, struct bask_seat seat)
{
    struct eye *eye = &master->eyes[bask_board_index(seat)];
    forget(eye);
    eye->ended_us = 0;
}

int64_t
eye_ended_us(const struct master *master, struct bask_seat seat)
{
    return master->eyes[bask_board_index(seat)].ended_us;
}
