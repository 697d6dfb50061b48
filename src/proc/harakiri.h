/*
 * A deadline for each request, and what happens to one that is over it.
 *
 * Its client is answered at once, the log gets the request and what every thread is doing, and the
 * thread is given a while to come back; what it answers then nobody hears. If it does not, the
 * worker asks for a successor: its other threads' requests end as they would have, and the thread
 * that is lost ends with the process.
 *
 * Everything runs in the worker's loop, which some thread or the patrol always looks after; called
 * with the crew's lock.
 */
#pragma once

#include "net/net.h"
#include "obs/board.h"
#include "plugin/crew.h"
#include "plugin/host.h"

#include <bask/plugin.h>

struct bask_harakiri_options {
    int64_t limit_ms; /* 0: none, but for requests that set one themselves */
    int64_t grace_ms; /* for the thread to come back */
    int64_t queue_threshold;
    int64_t signal; /* for the application, when a request was cut off; 0: none */
    bool verbose;
    bool no_after_request_hook;
};

struct bask_harakiri;

struct bask_harakiri_setup {
    const struct bask_harakiri_options *options;
    const struct bask_board *board;
    struct bask_seat seat;
    struct bask_loop *loop;
    struct bask_net *net;
    struct bask_pipeline *pipeline;
    const struct bask_plugin *plugin;
    /* A thread is lost: the worker should be replaced. */
    void (*on_lost)(void *context, const char *why);
    void *context;
};

/* NULL: out of memory. */
struct bask_harakiri *bask_harakiri_new(const struct bask_harakiri_setup *setup);
void bask_harakiri_free(struct bask_harakiri **harakiri);
/* Who answers requests; each thread of the board, before the first request. */
void bask_harakiri_watch(struct bask_harakiri *harakiri, struct bask_thread *thread);
void bask_harakiri_start(struct bask_harakiri *harakiri);
/* A request has got a deadline that may come before all others. */
void bask_harakiri_expect(struct bask_harakiri *harakiri, int64_t at_us);
/* All threads are late: nothing shall be accepted, whatever the server says. */
bool bask_harakiri_has_paused(const struct bask_harakiri *harakiri);
/* Threads that did not come back in time. */
unsigned bask_harakiri_lost(const struct bask_harakiri *harakiri);
