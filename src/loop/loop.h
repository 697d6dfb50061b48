/*
 * The event loop: descriptors, timers, and a way to be woken from elsewhere.
 *
 * A loop has one caller at a time; who that is may change (plugin/crew.c keeps a lock). Waiting is
 * apart from dispatching so that the lock can be let go while the kernel waits:
 *
 *   while (!bask_loop_dispatch(loop)) {
 *       int timeout = bask_loop_timeout(loop);
 *       unlock; int count = bask_loop_wait(loop, timeout); lock;
 *       bask_loop_waited(loop, count);
 *   }
 *
 * While one thread is in bask_loop_wait, others may add and remove descriptors and timers; a
 * descriptor that was removed in the meantime gets no event (its handle is stale), and a timer that
 * is due before the others ends the wait.
 */
#pragma once

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct bask_loop;

enum {
    BASK_READABLE = 1,
    BASK_WRITABLE = 2,
    BASK_HANGUP = 4, /* the peer closed its half, or the whole connection is gone */
};

enum bask_io_mode {
    BASK_IO_LEVEL,     /* readable only, as long as it is */
    BASK_IO_EXCLUSIVE, /* the same, waking one process of those that wait */
    BASK_IO_EDGE,      /* readable, writable and hangup, each when it becomes so */
};

struct bask_io;
typedef void bask_io_f(struct bask_io *io, unsigned events);

/* A watched descriptor; lives in its owner. */
struct bask_io {
    int fd;
    uint32_t handle; /* small, unique among those watched now; reused later */
    bask_io_f *on_event;
};

struct bask_timer;
typedef void bask_timer_f(struct bask_timer *timer);

/* One timer; lives in its owner. Zero it before the first use. */
struct bask_timer {
    struct bask_link link;
    int64_t due_us;
    bask_timer_f *on_due;
};

struct bask_loop *bask_loop_new(void);
void bask_loop_free(struct bask_loop **loop);

/* 0 or a bask_err. io->fd and io->on_event are set by the caller. */
int bask_loop_add(struct bask_loop *loop, struct bask_io *io, enum bask_io_mode mode);
void bask_loop_remove(struct bask_loop *loop, struct bask_io *io);

/* (Re)arms a timer `delay_us` from now. */
void bask_loop_timer_start(struct bask_loop *loop, struct bask_timer *timer, int64_t delay_us);
void bask_loop_timer_stop(struct bask_timer *timer);

/* Runs one due timer or the handler of one ready descriptor; false if there is none. */
bool bask_loop_dispatch(struct bask_loop *loop);
/* Milliseconds until the next timer, -1 if there is none. The caller waits next: until
 * bask_loop_waited, the loop counts as waiting. */
int bask_loop_timeout(struct bask_loop *loop);
/* Waits until something is ready, at most timeout_ms (-1: for ever); not at all if there are events
 * that were not dispatched yet, which stay the first. The only function besides bask_loop_wake that
 * is called without the lock; its result goes to bask_loop_waited. */
int bask_loop_wait(struct bask_loop *loop, int timeout_ms);
void bask_loop_waited(struct bask_loop *loop, int count);
/* Makes a present or the next wait return. From any thread, and from a signal handler. */
void bask_loop_wake(struct bask_loop *loop);
/* There is work that no event announces: the same, if somebody waits. With the lock held. */
void bask_loop_nudge(struct bask_loop *loop);

/* Monotonic time, microseconds, coarse: cheap and good enough for timeouts. It stands still between
 * two waits. */
int64_t bask_loop_now_us(const struct bask_loop *loop);
