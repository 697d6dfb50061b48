/* Recycling: see limits.h. */
#include "proc/limits.h"

#include "base/str.h"
#include "ipc/exit.h"
#include "obs/log.h"
#include "sys/bell.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MEGABYTE = 1 << 20, WHY_MAX = 200 };

struct bask_limits {
    struct bask_limits_setup setup;
    struct bask_harakiri *harakiri;
    struct bask_timer lifetime; /* the worker is old enough to go */
    struct bask_timer patience; /* it shall be replaced, but is too young yet */
    struct bask_timer sample;
    int64_t started_us;
    bool recycled;     /* the successor was asked for */
    char why[WHY_MAX]; /* while `patience` runs */
};

static uint64_t
served(const struct bask_limits *limits)
{
    const struct bask_limits_setup *setup = &limits->setup;
    struct bask_worker_info info = {0};
    bask_board_read(setup->board, setup->seat.worker_id, &info);
    return info.requests;
}

/* The one line that says why. */
static void
recycle_now(struct bask_limits *limits, const char *why)
{
    const struct bask_limits_setup *setup = &limits->setup;
    if (limits->recycled)
        return;
    limits->recycled = true;
    bask_log(
        BASK_LOG_INFO,
        "worker %u (pid: %d) is recycled after %.1f s: %s; its place has answered %llu requests",
        setup->seat.worker_id, (int)getpid(), (double)(bask_clock_us() - limits->started_us) / 1e6,
        why, (unsigned long long)served(limits));
    if (setup->has_master) {
        /* One that wishes something already is about to go anyway. */
        uint32_t none = BASK_WISH_NONE;
        atomic_compare_exchange_strong(&bask_board_place(setup->board, setup->seat)->wish, &none,
                                       BASK_WISH_SUCCESSOR);
        bask_bell_ring(setup->board->bell);
    } else {
        kill(getpid(), SIGHUP); /* it drains and ends */
    }
}

/* Not before the worker is as old as it has to get. */
static void
recycle(struct bask_limits *limits, const char *why)
{
    int64_t age = bask_clock_us() - limits->started_us;
    int64_t least = limits->setup.options->min_lifetime_ms * 1000;
    if (age >= least) {
        recycle_now(limits, why);
    } else if (bask_list_is_unlinked(&limits->patience.link)) {
        snprintf(limits->why, sizeof limits->why, "%s", why);
        bask_loop_timer_start(limits->setup.loop, &limits->patience, least - age);
    }
}

static void
on_patience(struct bask_timer *timer)
{
    struct bask_limits *limits = BASK_CONTAINER(timer, struct bask_limits, patience);
    recycle_now(limits, limits->why);
}

static void
on_lifetime(struct bask_timer *timer)
{
    recycle_now(BASK_CONTAINER(timer, struct bask_limits, lifetime), "max-worker-lifetime");
}

/* What is lost with a worker that ends at once. */
static void
log_requests(const struct bask_limits_setup *setup)
{
    for (uint32_t i = 0; i < setup->board->thread_count; i++) {
        const struct bask_board_thread *thread = bask_board_thread(setup->board, setup->seat, i);
        if (atomic_load(&thread->busy_since_us))
            bask_log(BASK_LOG_WARN, "worker %u cuts off (thread %u): %.*s", setup->seat.worker_id,
                     i, BASK_BOARD_LINE, thread->line);
    }
}

static void
end_at_once(const struct bask_limits_setup *setup, const char *option, uint64_t has, int64_t limit)
{
    bask_log(BASK_LOG_ERROR, "worker %u (pid: %d) has %llu MB, %s is %lld: it ends at once",
             setup->seat.worker_id, (int)getpid(), (unsigned long long)(has / MEGABYTE), option,
             (long long)limit);
    log_requests(setup);
    _exit(BASK_EXIT_RELOAD);
}

static void
on_sample(struct bask_timer *timer)
{
    struct bask_limits *limits = BASK_CONTAINER(timer, struct bask_limits, sample);
    const struct bask_limits_setup *setup = &limits->setup;
    const struct bask_limits_options *options = setup->options;
    uint64_t rss = bask_proc_rss(getpid()), as = bask_proc_address_space(getpid());
    const struct {
        const char *name;
        int64_t limit;
        uint64_t has;
        bool at_once;
    } checks[] = {
        {"evil-reload-on-rss", options->evil_rss_mb, rss, true},
        {"evil-reload-on-as", options->evil_as_mb, as, true},
        {"reload-on-rss", options->reload_on_rss_mb, rss, false},
        {"reload-on-as", options->reload_on_as_mb, as, false},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (!checks[i].limit || checks[i].has < (uint64_t)checks[i].limit * MEGABYTE)
            continue;
        if (checks[i].at_once)
            end_at_once(setup, checks[i].name, checks[i].has, checks[i].limit);
        char why[WHY_MAX];
        snprintf(why, sizeof why, "%s %lld: it has %llu MB", checks[i].name,
                 (long long)checks[i].limit, (unsigned long long)(checks[i].has / MEGABYTE));
        recycle(limits, why);
    }
    bask_loop_timer_start(setup->loop, timer, options->sample_ms * 1000);
}

struct bask_limits *
bask_limits_new(const struct bask_limits_setup *setup)
{
    struct bask_limits *limits = calloc(1, sizeof *limits);
    if (!limits)
        return NULL;
    limits->setup = *setup;
    limits->lifetime.on_due = on_lifetime;
    limits->patience.on_due = on_patience;
    limits->sample.on_due = on_sample;
    limits->started_us = bask_clock_us();
    return limits;
}

void
bask_limits_free(struct bask_limits **limits)
{
    if (!*limits)
        return;
    bask_loop_timer_stop(&(*limits)->lifetime);
    bask_loop_timer_stop(&(*limits)->patience);
    bask_loop_timer_stop(&(*limits)->sample);
    free(*limits);
    *limits = NULL;
}

void
bask_limits_leave(struct bask_limits *limits)
{
    limits->recycled = true;
    bask_loop_timer_stop(&limits->lifetime);
    bask_loop_timer_stop(&limits->patience);
}

void
bask_limits_guard(struct bask_limits *limits, struct bask_harakiri *harakiri)
{
    limits->harakiri = harakiri;
}

void
bask_limits_start(struct bask_limits *limits)
{
    const struct bask_limits_setup *setup = &limits->setup;
    const struct bask_limits_options *options = setup->options;
    int64_t lifetime_ms =
        bask_limits_lifetime_ms(options, setup->seat.worker_id, setup->board->worker_count);
    limits->started_us = bask_clock_us();
    if (lifetime_ms)
        bask_loop_timer_start(setup->loop, &limits->lifetime, lifetime_ms * 1000);
    if (options->reload_on_rss_mb || options->reload_on_as_mb || options->evil_rss_mb ||
        options->evil_as_mb)
        bask_loop_timer_start(setup->loop, &limits->sample, options->sample_ms * 1000);
}

static void
on_host_recycle(void *context, bask_str why)
{
    char text[WHY_MAX];
    snprintf(text, sizeof text, "%.*s", BASK_FMT(why));
    recycle(context, text);
}

static void
on_host_deadline(void *context, int64_t at_us)
{
    struct bask_limits *limits = context;
    bask_harakiri_expect(limits->harakiri, at_us);
    bask_bell_ring(limits->setup.board->bell); /* the master looks after those who cannot */
}

void
bask_limits_lost(void *context, const char *why)
{
    recycle_now(context, why);
}

struct bask_host_limits
bask_limits_for_host(struct bask_limits *limits)
{
    const struct bask_limits_setup *setup = &limits->setup;
    return (struct bask_host_limits){
        .harakiri_us = setup->options->harakiri.limit_ms * 1000,
        .requests =
            bask_limits_requests(setup->options, setup->seat.worker_id, setup->board->worker_count),
        .exceptions = setup->options->reload_on_exception,
        .recycle = on_host_recycle,
        .deadline = on_host_deadline,
        .context = limits,
    };
}
