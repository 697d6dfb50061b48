/*
 * The event loop on Linux.
 *
 * Events carry a handle and its generation, not a pointer: a connection may be closed by one thread
 * after the kernel reported an event for it to another.
 *
 *   events    0          cursor               ready
 *             |--- done ---|--- to dispatch ----|
 */
#include "loop/loop.h"

#include "base/err.h"
#include "sys/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BATCH = 64 };

struct slot {
    struct bask_io *io; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct bask_loop {
    int epoll_fd;
    struct bask_io wake;
    struct slot *slots;
    uint32_t slot_count, first_free; /* first_free == slot_count: none */
    int cursor, ready;               /* events[cursor..ready) are to be dispatched */
    bool waiting;                    /* somebody is about to wait, or waits */
    bool nudged;                     /* and was woken since */
    int64_t now_us;                  /* of the last wait; old while `waiting` */
    struct bask_link timers;         /* soonest first */
    struct epoll_event events[BATCH];
};

/* The counter is never read: that could take along a wake-up that came after somebody had looked
 * for what it announces, and the next wait would last. Each write is an event of its own (EPOLLET).
 */
static void
on_wake(struct bask_io *io, unsigned events)
{
    (void)io;
    (void)events;
}

static int
grow_slots(struct bask_loop *loop)
{
    uint32_t count = loop->slot_count ? loop->slot_count * 2 : 64;
    struct slot *slots = realloc(loop->slots, count * sizeof *slots);
    if (!slots)
        return BASK_E_NOMEM;
    for (uint32_t i = loop->slot_count; i < count; i++)
        slots[i] = (struct slot){.next_free = i + 1};
    loop->slots = slots;
    loop->slot_count = count;
    return BASK_OK;
}

static int
watch(struct bask_loop *loop, struct bask_io *io, uint32_t flags)
{
    if (loop->first_free == loop->slot_count && grow_slots(loop))
        return BASK_E_NOMEM;
    uint32_t handle = loop->first_free;
    struct slot *slot = &loop->slots[handle];
    struct epoll_event event = {
        .events = flags,
        .data.u64 = (uint64_t)slot->generation << 32 | handle,
    };
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, io->fd, &event))
        return BASK_E_SYSTEM;
    loop->first_free = slot->next_free;
    slot->io = io;
    io->handle = handle;
    return BASK_OK;
}

struct bask_loop *
bask_loop_new(void)
{
    struct bask_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    bask_list_init(&loop->timers);
    loop->now_us = bask_clock_us();
    loop->wake.on_event = on_wake;
    loop->wake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->wake.fd < 0 || loop->epoll_fd < 0 || watch(loop, &loop->wake, EPOLLIN | EPOLLET))
        bask_loop_free(&loop);
    return loop;
}

void
bask_loop_free(struct bask_loop **loop)
{
    if (!*loop)
        return;
    if ((*loop)->wake.fd >= 0)
        close((*loop)->wake.fd);
    if ((*loop)->epoll_fd >= 0)
        close((*loop)->epoll_fd);
    free((*loop)->slots);
    free(*loop);
    *loop = NULL;
}

int
bask_loop_add(struct bask_loop *loop, struct bask_io *io, enum bask_io_mode mode)
{
    static const uint32_t flags[] = {
        [BASK_IO_LEVEL] = EPOLLIN,
        [BASK_IO_EXCLUSIVE] = EPOLLIN | EPOLLEXCLUSIVE,
        [BASK_IO_EDGE] = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
    };
    return watch(loop, io, flags[mode]);
}

void
bask_loop_remove(struct bask_loop *loop, struct bask_io *io)
{
    struct slot *slot = &loop->slots[io->handle];
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
    slot->io = NULL;
    slot->generation++;
    slot->next_free = loop->first_free;
    loop->first_free = io->handle;
}

void
bask_loop_timer_start(struct bask_loop *loop, struct bask_timer *timer, int64_t delay_us)
{
    bask_loop_timer_stop(timer);
    timer->due_us = bask_loop_now_us(loop) + delay_us;
    struct bask_link *after = loop->timers.prev;
    while (after != &loop->timers &&
           BASK_CONTAINER(after, struct bask_timer, link)->due_us > timer->due_us)
        after = after->prev;
    timer->link.prev = after;
    timer->link.next = after->next;
    after->next->prev = &timer->link;
    after->next = &timer->link;
    if (after == &loop->timers)
        bask_loop_nudge(loop); /* who waits does not know of it */
}

void
bask_loop_timer_stop(struct bask_timer *timer)
{
    if (timer->link.next)
        bask_list_remove(&timer->link);
}

static bool
run_due_timer(struct bask_loop *loop)
{
    if (bask_list_empty(&loop->timers))
        return false;
    struct bask_timer *timer = BASK_CONTAINER(loop->timers.next, struct bask_timer, link);
    if (timer->due_us > loop->now_us)
        return false;
    bask_list_remove(&timer->link);
    timer->on_due(timer);
    return true;
}

static unsigned
events_of(uint32_t flags)
{
    unsigned events = 0;
    if (flags & (EPOLLIN | EPOLLERR | EPOLLHUP))
        events |= BASK_READABLE;
    if (flags & EPOLLOUT)
        events |= BASK_WRITABLE;
    if (flags & (EPOLLRDHUP | EPOLLERR | EPOLLHUP))
        events |= BASK_HANGUP;
    return events;
}

bool
bask_loop_dispatch(struct bask_loop *loop)
{
    while (loop->cursor < loop->ready) {
        const struct epoll_event *event = &loop->events[loop->cursor++];
        const struct slot *slot = &loop->slots[(uint32_t)event->data.u64];
        if (!slot->io || slot->generation != (uint32_t)(event->data.u64 >> 32))
            continue;
        slot->io->on_event(slot->io, events_of(event->events));
        return true;
    }
    return run_due_timer(loop);
}

int
bask_loop_timeout(struct bask_loop *loop)
{
    loop->waiting = true;
    if (bask_list_empty(&loop->timers))
        return -1;
    int64_t left =
        BASK_CONTAINER(loop->timers.next, struct bask_timer, link)->due_us - loop->now_us;
    return left <= 0 ? 0 : left > 3600000000 ? 3600000 : (int)(left / 1000) + 1;
}

int
bask_loop_wait(struct bask_loop *loop, int timeout_ms)
{
    int left = loop->ready - loop->cursor;
    if (loop->cursor && left)
        memmove(loop->events, loop->events + loop->cursor, (size_t)left * sizeof *loop->events);
    loop->cursor = 0;
    loop->ready = left;
    if (left == BATCH)
        return left;
    int count =
        epoll_wait(loop->epoll_fd, loop->events + left, BATCH - left, left ? 0 : timeout_ms);
    return count > 0 ? left + count : left;
}

void
bask_loop_waited(struct bask_loop *loop, int count)
{
    loop->now_us = bask_clock_coarse_us();
    loop->waiting = loop->nudged = false;
    loop->cursor = 0;
    loop->ready = count;
}

void
bask_loop_wake(struct bask_loop *loop)
{
    int saved = errno;
    uint64_t one = 1;
    ssize_t n = write(loop->wake.fd, &one, sizeof one);
    (void)n; /* the counter is full after 2^64 wake-ups */
    errno = saved;
}

void
bask_loop_nudge(struct bask_loop *loop)
{
    if (!loop->waiting || loop->nudged)
        return;
    loop->nudged = true;
    bask_loop_wake(loop);
}

int64_t
bask_loop_now_us(const struct bask_loop *loop)
{
    return loop->waiting ? bask_clock_coarse_us() : loop->now_us;
}
