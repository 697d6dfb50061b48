/* Deadlines: see harakiri.h. One timer, set to the earliest moment at which there can be work. */
#include "proc/harakiri.h"

#include "obs/log.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOK_US = 100000,       /* how often a thread that is late is looked for */
    LOST_LOOK_US = 1000000, /* and one that was given up */
    POSTPONE_US = 1000000,  /* where --harakiri-queue-threshold says: not yet */
    EXPLAIN_US = 500000,    /* what the runtime gets to explain itself in its own way */
    EXPLAIN_STACK = 8 << 20,
};

enum late { IN_TIME, LATE, LOST };

/* A thread as this file sees it. */
struct watched {
    struct bask_thread *thread;
    enum late late;
    uint64_t done;   /* by it when it became late: it is back when that is more */
    int64_t cut_us;  /* when its request was cut off */
    int64_t lost_us; /* when it is given up */
};

struct bask_harakiri {
    struct bask_harakiri_setup setup;
    struct bask_timer timer, explain;
    bool paused; /* all threads are late: nothing more is accepted */
    uint32_t count;
    struct watched threads[];
};

/* A detached thread writes it, perhaps when the rest is gone. */
static _Atomic bool explaining;

static void *
explain(void *plugin)
{
    ((const struct bask_plugin *)plugin)->log_threads(0);
    atomic_store(&explaining, false);
    return NULL;
}

static bool
can_explain(const struct bask_plugin *plugin)
{
    return plugin->size >= offsetof(struct bask_plugin, log_threads) + sizeof plugin->log_threads &&
           plugin->log_threads;
}

static uint64_t
done_by(const struct bask_board_thread *board)
{
    return atomic_load_explicit(&board->requests, memory_order_relaxed) +
           atomic_load_explicit(&board->signals, memory_order_relaxed);
}

/* What hangs may have the runtime locked: a thread of its own waits for it, not the loop. */
static void
start_explaining(struct bask_harakiri *harakiri)
{
    pthread_t handle;
    pthread_attr_t attributes;
    sigset_t all, before;
    if (!can_explain(harakiri->setup.plugin) || atomic_exchange(&explaining, true))
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, EXPLAIN_STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&handle, &attributes, explain, (void *)harakiri->setup.plugin))
        atomic_store(&explaining, false);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    bask_loop_timer_start(harakiri->setup.loop, &harakiri->explain, EXPLAIN_US);
}

static void
on_explain_late(struct bask_timer *timer)
{
    struct bask_harakiri *harakiri = BASK_CONTAINER(timer, struct bask_harakiri, explain);
    if (atomic_load(&explaining))
        harakiri->setup.plugin->log_threads(1);
}

static void
show_kernel_side(const char *line)
{
    bask_log(BASK_LOG_WARN, "%s", line);
}

/* The request inside, fit for a log: a client chose the bytes. */
static void
copy_line(const struct watched *watched, char line[BASK_BOARD_LINE])
{
    memcpy(line, watched->thread->board->line, BASK_BOARD_LINE);
    line[BASK_BOARD_LINE - 1] = '\0';
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
            *at = '?';
}

/* What the application has no handler for would end the process, and with it the requests of other
 * threads; so would what the server answers itself. */
static bool
is_handled_by_application(int number)
{
    static const int ours[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGURG};
    struct sigaction action;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (number == ours[i])
            return false;
    return !sigaction(number, NULL, &action) &&
           (action.sa_flags & SA_SIGINFO || action.sa_handler != SIG_DFL);
}

static void
send_signal(const struct bask_harakiri_setup *setup)
{
    int number = (int)setup->options->signal;
    if (!number)
        return;
    if (is_handled_by_application(number))
        kill(getpid(), number);
    else
        bask_log(BASK_LOG_WARN,
                 "worker %u: --harakiri-graceful-signal %d is not sent: the application has no "
                 "handler for it",
                 setup->seat.worker_id, number);
}

static void
cut_off(struct bask_harakiri *harakiri, struct watched *watched, int64_t now)
{
    const struct bask_harakiri_setup *setup = &harakiri->setup;
    struct bask_thread *thread = watched->thread;
    char line[BASK_BOARD_LINE];
    int64_t since = atomic_load_explicit(&thread->board->busy_since_us, memory_order_relaxed);
    bool told = thread->req->io->cut(thread->req, 504);
    copy_line(watched, line);
    bask_board_add(&bask_board_place(setup->board, setup->seat)->harakiris, 1);
    bask_log(BASK_LOG_ERROR, "HARAKIRI on worker %u, thread %u: %s took more than %.1f s; %s",
             setup->seat.worker_id, thread->index, line, (double)(now - since) / 1e6,
             told ? "answered with 504" : "its connection was closed");
    if (setup->options->verbose)
        bask_proc_describe_threads(show_kernel_side);
    start_explaining(harakiri);
    send_signal(setup);
    watched->late = LATE;
    watched->cut_us = now;
    watched->lost_us = now + setup->options->grace_ms * 1000;
    watched->done = done_by(thread->board);
}

static bool
is_postponed(const struct bask_harakiri *harakiri)
{
    const struct bask_harakiri_setup *setup = &harakiri->setup;
    int backlog = setup->options->queue_threshold ? bask_net_backlog(setup->net) : -1;
    return backlog >= 0 &&
           backlog + (int64_t)setup->pipeline->queued < setup->options->queue_threshold;
}

static int64_t
look_at_deadline(struct bask_harakiri *harakiri, struct watched *watched, int64_t now)
{
    _Atomic int64_t *deadline = &watched->thread->board->deadline_us;
    int64_t at = atomic_load_explicit(deadline, memory_order_acquire);
    if (!at || at > now)
        return at ? at : INT64_MAX;
    if (is_postponed(harakiri)) {
        atomic_store_explicit(deadline, now + POSTPONE_US, memory_order_relaxed);
        return now + POSTPONE_US;
    }
    atomic_store_explicit(deadline, 0, memory_order_relaxed);
    cut_off(harakiri, watched, now);
    return now + LOOK_US;
}

static void
give_up(struct bask_harakiri *harakiri, struct watched *watched)
{
    const struct bask_harakiri_setup *setup = &harakiri->setup;
    char why[64];
    bask_log(BASK_LOG_ERROR, "worker %u, thread %u does not come back: the worker is given up",
             setup->seat.worker_id, watched->thread->index);
    watched->late = LOST;
    snprintf(why, sizeof why, "harakiri: thread %u is lost", watched->thread->index);
    setup->on_lost(setup->context, why);
}

static int64_t
look_for(struct bask_harakiri *harakiri, struct watched *watched, int64_t now)
{
    const struct bask_board_thread *board = watched->thread->board;
    if (done_by(board) != watched->done) {
        bask_log(BASK_LOG_WARN,
                 "worker %u, thread %u came back %.1f s after its request was cut off",
                 harakiri->setup.seat.worker_id, watched->thread->index,
                 (double)(now - watched->cut_us) / 1e6);
        watched->late = IN_TIME;
        return look_at_deadline(harakiri, watched, now);
    }
    if (watched->late == LATE && now >= watched->lost_us)
        give_up(harakiri, watched);
    return now + (watched->late == LATE ? LOOK_US : LOST_LOOK_US);
}

/* Nobody is left who could answer them. */
static void
refuse_queued(struct bask_harakiri *harakiri)
{
    struct bask_req *req;
    while ((req = bask_pipeline_take(harakiri->setup.pipeline))) {
        req->io->cut(req, 503);
        req->io->finish(req);
    }
}

static uint32_t
count_late(const struct bask_harakiri *harakiri, enum late least)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < harakiri->count; i++)
        count += harakiri->threads[i].late >= least;
    return count;
}

/* A worker whose threads are all late must not take what others could answer. */
static void
see_to_accepting(struct bask_harakiri *harakiri)
{
    const struct bask_harakiri_setup *setup = &harakiri->setup;
    bool pause = harakiri->count && count_late(harakiri, LATE) == harakiri->count;
    if (pause == harakiri->paused)
        return;
    harakiri->paused = pause;
    bask_net_pause(setup->net, pause || atomic_load(&setup->board->server->paused));
}

static void
on_due(struct bask_timer *timer)
{
    struct bask_harakiri *harakiri = BASK_CONTAINER(timer, struct bask_harakiri, timer);
    const struct bask_harakiri_setup *setup = &harakiri->setup;
    int64_t now = bask_clock_coarse_us(), limit_us = setup->options->limit_ms * 1000;
    /* No request that is not there yet can be over its time before. */
    int64_t next = limit_us ? now + limit_us : INT64_MAX;
    for (uint32_t i = 0; i < harakiri->count; i++) {
        struct watched *watched = &harakiri->threads[i];
        int64_t at = watched->late ? look_for(harakiri, watched, now)
                                   : look_at_deadline(harakiri, watched, now);
        next = at < next ? at : next;
    }
    see_to_accepting(harakiri);
    if (harakiri->count && bask_harakiri_lost(harakiri) == harakiri->count) {
        refuse_queued(harakiri);
        next = now + LOOK_US;
    }
    if (next != INT64_MAX)
        bask_loop_timer_start(setup->loop, timer, next - now);
}

struct bask_harakiri *
bask_harakiri_new(const struct bask_harakiri_setup *setup)
{
    struct bask_harakiri *harakiri =
        calloc(1, sizeof *harakiri + setup->board->thread_count * sizeof *harakiri->threads);
    if (!harakiri)
        return NULL;
    harakiri->setup = *setup;
    harakiri->timer.on_due = on_due;
    harakiri->explain.on_due = on_explain_late;
    return harakiri;
}

void
bask_harakiri_free(struct bask_harakiri **harakiri)
{
    if (!*harakiri)
        return;
    bask_loop_timer_stop(&(*harakiri)->timer);
    bask_loop_timer_stop(&(*harakiri)->explain);
    free(*harakiri);
    *harakiri = NULL;
}

void
bask_harakiri_watch(struct bask_harakiri *harakiri, struct bask_thread *thread)
{
    harakiri->threads[harakiri->count++] = (struct watched){.thread = thread};
}

void
bask_harakiri_start(struct bask_harakiri *harakiri)
{
    int64_t limit_us = harakiri->setup.options->limit_ms * 1000;
    if (limit_us)
        bask_loop_timer_start(harakiri->setup.loop, &harakiri->timer, limit_us);
}

void
bask_harakiri_expect(struct bask_harakiri *harakiri, int64_t at_us)
{
    int64_t delay = at_us - bask_clock_coarse_us();
    bool unset = bask_list_is_unlinked(&harakiri->timer.link);
    if (unset || at_us < harakiri->timer.due_us)
        bask_loop_timer_start(harakiri->setup.loop, &harakiri->timer, delay > 0 ? delay : 0);
}

bool
bask_harakiri_has_paused(const struct bask_harakiri *harakiri)
{
    return harakiri->paused;
}

unsigned
bask_harakiri_lost(const struct bask_harakiri *harakiri)
{
    return count_late(harakiri, LOST);
}
