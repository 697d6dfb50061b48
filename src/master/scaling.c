/*
 * How many workers are wanted: by --cheaper and its algorithm, by commands, and none at all while
 * the server is cheap. The roster does the rest.
 *
 * While there are no workers the master watches the listening sockets, and accepts nothing: a
 * connection waits in the kernel for the worker that is then forked.
 */
#include "base/err.h"
#include "master/algo.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/sock.h"

#include <stdlib.h>

enum { LOOK_US = 200000, IDLE_LOOK_MIN_US = 50000, IDLE_LOOK_MAX_US = 1000000 };

/* A listening socket, watched while nobody accepts. */
struct watched {
    struct bask_io io;
    struct scaling *scaling;
};

struct scaling {
    struct master *master;
    struct bask_timer look; /* samples for the algorithm */
    struct bask_timer idle; /* looks whether requests come */
    algo_f *algo;
    struct algo_limits limits;
    struct algo_memory memory;
    bool cheap;              /* no workers until a connection comes */
    bool watching;           /* for that connection */
    struct watched *sockets; /* [plan->socket_count] */
    uint64_t requests;       /* when the server was looked at last */
    int64_t active_us;       /* when it was seen to have something to do */
};

static const struct bask_scaling_options *
options_of(const struct master *master)
{
    return &master->plan->options->scaling;
}

/* What one process does: how many of its threads, since when. */
struct doing {
    uint64_t requests, busy_us;
    uint32_t threads_busy;
};

static struct doing
look_at(const struct bask_board *board, struct bask_seat seat, int64_t now)
{
    struct doing doing = {.requests = atomic_load(&bask_board_place(board, seat)->files)};
    for (uint32_t i = 0; i < board->thread_count; i++) {
        struct bask_board_thread *thread = bask_board_thread(board, seat, i);
        int64_t since = atomic_load(&thread->busy_since_us);
        doing.requests += atomic_load(&thread->requests);
        doing.busy_us += atomic_load(&thread->busy_us);
        if (!since)
            continue;
        doing.threads_busy++;
        doing.busy_us += now > since ? (uint64_t)(now - since) : 0;
    }
    return doing;
}

static uint64_t
waiting_outside(const struct bask_master_plan *plan)
{
    uint64_t waiting = 0;
    for (size_t i = 0; i < plan->socket_count; i++) {
        int here = bask_sock_waiting(plan->sockets[i]);
        waiting += here > 0 ? (uint64_t)here : 0;
    }
    return waiting;
}

static struct algo_sample
take_sample(const struct master *master, int64_t now)
{
    const struct bask_board *board = master->plan->board;
    struct algo_sample sample = {
        .now_us = now,
        .active = roster_wanted(master),
        .threads = board->thread_count,
        .waiting = waiting_outside(master->plan),
    };
    sample.coming = sample.active - roster_serving(master);
    for (uint32_t i = 0; i < board->worker_count * BASK_PLACES; i++) {
        struct bask_seat seat = {i / BASK_PLACES + 1, i % BASK_PLACES};
        struct doing doing = look_at(board, seat, now);
        sample.busy_us += doing.busy_us;
        if (!roster_serves(master, seat))
            continue;
        sample.waiting += atomic_load(&bask_board_place(board, seat)->queued);
        sample.busy += doing.threads_busy == board->thread_count;
    }
    return sample;
}

static void
log_change(const struct scaling *scaling, uint32_t from, uint32_t to)
{
    bask_log(BASK_LOG_INFO, "scaling %s: %u workers instead of %u", to > from ? "up" : "down", to,
             from);
    if (options_of(scaling->master)->verbose)
        bask_log(BASK_LOG_INFO, "busyness of the last window: %lld%%",
                 (long long)scaling->memory.busyness);
}

static void
want(struct scaling *scaling, uint32_t count)
{
    uint32_t before = roster_wanted(scaling->master);
    if (count == before)
        return;
    log_change(scaling, before, count);
    roster_want(scaling->master, count);
}

static void
on_look(struct bask_timer *timer)
{
    struct scaling *scaling = BASK_CONTAINER(timer, struct scaling, look);
    struct master *master = scaling->master;
    bask_loop_timer_start(master->loop, timer, LOOK_US);
    if (scaling->cheap || master->stopping || !master->current || !master->current->ready)
        return;
    struct algo_sample sample = take_sample(master, bask_clock_us());
    int64_t window = scaling->memory.window_at_us;
    int change = scaling->algo(&scaling->limits, &scaling->memory, &sample);
    if (options_of(master)->verbose && window && window != scaling->memory.window_at_us)
        bask_log(BASK_LOG_INFO, "busyness %lld%%, %u of %u workers, %llu requests wait",
                 (long long)scaling->memory.busyness, sample.active, scaling->limits.max,
                 (unsigned long long)sample.waiting);
    if (change)
        want(scaling, (uint32_t)((int64_t)sample.active + change));
}

static uint32_t
initial(const struct scaling *scaling)
{
    const struct bask_scaling_options *options = options_of(scaling->master);
    int64_t count = options->cheaper ? options->cheaper : scaling->limits.max;
    if (options->cheaper && options->initial > count)
        count = options->initial;
    return (uint32_t)(count < scaling->limits.max ? count : scaling->limits.max);
}

static void
watch_sockets(struct scaling *scaling, bool shall)
{
    if (shall == scaling->watching)
        return;
    scaling->watching = shall;
    for (size_t i = 0; i < scaling->master->plan->socket_count; i++)
        if (!shall)
            bask_loop_remove(scaling->master->loop, &scaling->sockets[i].io);
        else if (bask_loop_add(scaling->master->loop, &scaling->sockets[i].io, BASK_IO_LEVEL))
            bask_log(BASK_LOG_ERROR, "cannot watch for connections: %s",
                     bask_err_text(BASK_E_NOMEM));
}

static void
wake_up(struct scaling *scaling)
{
    watch_sockets(scaling, false);
    scaling->cheap = false;
    scaling->active_us = bask_clock_us();
    scaling->memory = (struct algo_memory){0};
    want(scaling, initial(scaling));
}

static void
on_connection(struct bask_io *io, unsigned events)
{
    (void)events;
    bask_log(BASK_LOG_INFO, "a connection has come: no longer cheap");
    wake_up(BASK_CONTAINER(io, struct watched, io)->scaling);
}

static uint64_t
all_requests(const struct master *master, int64_t now, bool *ret_busy)
{
    const struct bask_board *board = master->plan->board;
    uint64_t requests = 0;
    *ret_busy = false;
    for (uint32_t i = 0; i < board->worker_count * BASK_PLACES; i++) {
        struct doing doing =
            look_at(board, (struct bask_seat){i / BASK_PLACES + 1, i % BASK_PLACES}, now);
        requests += doing.requests;
        *ret_busy = *ret_busy || doing.threads_busy;
    }
    return requests;
}

void
scaling_go_cheap(struct master *master)
{
    struct scaling *scaling = master->scaling;
    if (scaling->cheap || master->stopping)
        return;
    bask_log(BASK_LOG_INFO, "going cheap: no workers until a connection comes");
    scaling->cheap = true;
    want(scaling, 0);
}

static int64_t
idle_look_us(const struct bask_scaling_options *options)
{
    int64_t us = options->idle_ms * 1000 / 4;
    return us < IDLE_LOOK_MIN_US ? IDLE_LOOK_MIN_US : us > IDLE_LOOK_MAX_US ? IDLE_LOOK_MAX_US : us;
}

static void
on_idle(struct bask_timer *timer)
{
    struct scaling *scaling = BASK_CONTAINER(timer, struct scaling, idle);
    struct master *master = scaling->master;
    const struct bask_scaling_options *options = options_of(master);
    int64_t now = bask_clock_us();
    bool busy, settled = !master->next && !master->reload.kind && master->current;
    uint64_t requests = all_requests(master, now, &busy);
    bask_loop_timer_start(master->loop, timer, idle_look_us(options));
    if (busy || !settled || requests != scaling->requests ||
        (scaling->cheap && !options->die_on_idle))
        scaling->active_us = now;
    scaling->requests = requests;
    if (master->stopping || now - scaling->active_us < options->idle_ms * 1000)
        return;
    bask_log(BASK_LOG_INFO, "no request for %lld ms", (long long)options->idle_ms);
    if (options->die_on_idle)
        master_obey(master, MASTER_STOP_GRACEFULLY);
    else
        scaling_go_cheap(master);
}

void
scaling_change(struct master *master, int change)
{
    struct scaling *scaling = master->scaling;
    uint32_t least = options_of(master)->cheaper ? scaling->limits.min : 1;
    int64_t count = (int64_t)roster_wanted(master) + change;
    if (master->stopping)
        return;
    if (scaling->cheap && change > 0) {
        wake_up(scaling);
        return;
    }
    if (scaling->cheap || count < least || count > scaling->limits.max) {
        bask_log(BASK_LOG_WARN, "%s worker: there are from %u to %u",
                 change > 0 ? "one more" : "one less", least, scaling->limits.max);
        return;
    }
    want(scaling, (uint32_t)count);
}

void
scaling_advance(struct master *master)
{
    struct scaling *scaling = master->scaling;
    bool ready = master->current && master->current->ready;
    if (scaling->cheap || scaling->watching)
        watch_sockets(scaling, scaling->cheap && ready && !master->paused && !master->stopping &&
                                   !roster_takes_requests(master));
}

bool
scaling_is_cheap(const struct master *master)
{
    return master->scaling->cheap;
}

static struct algo_limits
limits_of(const struct master *master)
{
    const struct bask_scaling_options *options = options_of(master);
    uint32_t max = master->plan->board->worker_count;
    return (struct algo_limits){
        .min = options->cheaper ? (uint32_t)options->cheaper : max,
        .max = max,
        .step = (uint32_t)options->step,
        .overload = options->overload,
        .idle_us = options->spare_idle_ms * 1000,
        .busy_max = options->busy_max,
        .busy_min = options->busy_min,
        .multiplier = options->multiplier,
        .penalty = options->penalty,
        .backlog_alert = options->backlog_alert,
        .backlog_multiplier = options->backlog_multiplier,
        .backlog_step = options->backlog_step,
        .backlog_nonzero_us = options->backlog_nonzero_ms * 1000,
    };
}

int
scaling_init(struct master *master)
{
    const struct bask_scaling_options *options = options_of(master);
    struct scaling *scaling = calloc(1, sizeof *scaling);
    master->scaling = scaling;
    if (!scaling ||
        !(scaling->sockets = calloc(master->plan->socket_count + 1, sizeof *scaling->sockets)))
        return BASK_E_NOMEM;
    scaling->master = master;
    scaling->limits = limits_of(master);
    scaling->algo = algo_named(options->algo);
    scaling->look.on_due = on_look;
    scaling->idle.on_due = on_idle;
    scaling->active_us = bask_clock_us();
    for (size_t i = 0; i < master->plan->socket_count; i++)
        scaling->sockets[i] = (struct watched){
            .io = {.fd = master->plan->sockets[i], .on_event = on_connection}, .scaling = scaling};
    scaling->cheap = options->cheap;
    roster_want(master, scaling->cheap ? 0 : initial(scaling));
    if (options->cheaper)
        bask_loop_timer_start(master->loop, &scaling->look, LOOK_US);
    if (options->idle_ms)
        bask_loop_timer_start(master->loop, &scaling->idle, idle_look_us(options));
    return BASK_OK;
}

void
scaling_free(struct scaling **scaling)
{
    if (!*scaling)
        return;
    free((*scaling)->sockets);
    free(*scaling);
    *scaling = NULL;
}
