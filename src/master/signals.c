/*
 * The signals of applications: what raises them (timers, cron, files) runs in the master's loop,
 * and what was raised is handed to workers of the current generation.
 *
 * A number goes into a box of a worker's place (svc/signals.h); a worker that serves is told by
 * SIGTSTP to look, one that is starting looks when it begins. What nobody can take yet waits.
 */
#include "svc/signals.h"

#include "base/err.h"
#include "master/monitors.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <signal.h>
#include <stdlib.h>

enum { COMPLAIN_US = 10000000 }; /* how rarely a full box is told of */

struct armed {
    struct bask_timer timer;
    struct signals *signals;
    const struct bask_signal_source *source;
    uint32_t left; /* times that a timer is due; 0: for ever */
};

struct signals {
    struct master *master;
    struct bask_signal_board *board;
    unsigned generation; /* whose sources these are */
    uint32_t count;      /* of sources that were looked at */
    uint32_t turn;       /* the worker that got the last one */
    bool has_cron;
    struct bask_cron_clock clock;
    int64_t complained_us;
    struct bask_timer cron;
    struct monitors *monitors;
    struct armed armed[BASK_SIGNAL_SOURCES];
};

/* What is due again while the last time still waits is due once. */
static void
raise_once(struct signals *signals, uint32_t number)
{
    struct bask_signal_box *raised = bask_signals_raised(signals->board);
    if (!bask_signal_waiting(raised, number))
        bask_signal_put(raised, number);
}

void
signals_raise(struct master *master, uint32_t number)
{
    if (master->signals)
        raise_once(master->signals, number);
    else
        bask_log(BASK_LOG_WARN, "signal %u is lost: workers are programs of their own", number);
}

/* What a timer is late by is not added up; intervals that were slept over are left out. */
static void
on_timer(struct bask_timer *timer)
{
    struct armed *armed = BASK_CONTAINER(timer, struct armed, timer);
    struct bask_loop *loop = armed->signals->master->loop;
    int64_t interval = armed->source->interval_us;
    int64_t late = bask_loop_now_us(loop) - timer->due_us;
    raise_once(armed->signals, armed->source->number);
    if (armed->left && --armed->left == 0)
        return;
    bask_loop_timer_start(loop, timer, interval - (late > 0 ? late % interval : 0));
}

static void
on_file(void *context, uint32_t number)
{
    raise_once(context, number);
}

static void
wait_for_minute(struct signals *signals)
{
    bask_loop_timer_start(signals->master->loop, &signals->cron,
                          bask_cron_pause_us(bask_clock_wall_us()));
}

/* What was due while there were no crons is not made up for. */
static void
start_crons(struct signals *signals)
{
    int64_t now = bask_clock_wall_us() / 1000000;
    if (now / 60 > signals->clock.seen[BASK_CRON_ANY_HOUR] + 1)
        bask_cron_clock_start(&signals->clock, now);
    wait_for_minute(signals);
    signals->has_cron = true;
}

static void
on_minute(struct bask_timer *timer)
{
    struct signals *signals = BASK_CONTAINER(timer, struct signals, cron);
    struct bask_cron_minutes minutes;
    wait_for_minute(signals);
    if (!bask_cron_clock_look(&signals->clock, bask_clock_wall_us() / 1000000, &minutes))
        return;
    for (uint32_t i = 0; i < signals->count; i++) {
        const struct bask_signal_source *source = signals->armed[i].source;
        if (source->kind == BASK_SIGNAL_CRON && bask_cron_is_due(&source->cron, &minutes))
            raise_once(signals, source->number);
    }
}

static void
arm(struct signals *signals, const struct bask_signal_source *source)
{
    struct armed *armed = &signals->armed[signals->count++];
    *armed = (struct armed){
        .timer.on_due = on_timer, .signals = signals, .source = source, .left = source->times};
    switch (source->kind) {
    case BASK_SIGNAL_TIMER:
        bask_loop_timer_start(signals->master->loop, &armed->timer, source->interval_us);
        break;
    case BASK_SIGNAL_FILES:
        monitors_add(signals->monitors, bask_str_of(source->path), source->number);
        break;
    case BASK_SIGNAL_CRON:
        if (!signals->has_cron)
            start_crons(signals);
        break;
    }
}

static void
disarm(struct signals *signals)
{
    for (uint32_t i = 0; i < signals->count; i++)
        if (!bask_list_is_unlinked(&signals->armed[i].timer.link))
            bask_loop_timer_stop(&signals->armed[i].timer);
    if (signals->has_cron)
        bask_loop_timer_stop(&signals->cron);
    monitors_clear(signals->monitors);
    signals->count = 0;
    signals->has_cron = false;
}

/* Takes up what the current generation has defined since the last look. While another master
 * serves, that one's timers and files raise the signals. */
static void
follow(struct signals *signals, unsigned generation)
{
    const struct bask_signal_source *source;
    if (generation != signals->generation)
        disarm(signals);
    signals->generation = generation;
    while (!signals->master->heir &&
           (source = bask_signals_source(signals->board, generation, signals->count)))
        arm(signals, source);
}

/* The worker's place where signals go; NULL: it has none now. */
static struct process *
process_of(const struct signals *signals, uint32_t worker_id, struct bask_seat *ret_seat)
{
    struct worker *worker = &signals->master->workers[worker_id - 1];
    for (uint32_t side = 0; side < BASK_PLACES; side++) {
        struct process *process = &worker->places[side];
        bool takes = process->state == PROCESS_STARTING || process->state == PROCESS_SERVING;
        *ret_seat = (struct bask_seat){worker_id, side};
        if (takes && process->generation == signals->generation)
            return process;
    }
    return NULL;
}

static bool
is_accepting(const struct signals *signals, struct bask_seat seat)
{
    return atomic_load(&bask_board_place(signals->master->plan->board, seat)->accepting);
}

void
signals_complain(const struct master *master, const char *kind, uint32_t id, uint32_t number)
{
    struct signals *signals = master->signals;
    int64_t now = bask_clock_us();
    if (signals->complained_us && now - signals->complained_us < COMPLAIN_US)
        return;
    signals->complained_us = now;
    bask_log(BASK_LOG_WARN, "%s %u has %d signals %u waiting already: more are lost", kind, id,
             BASK_SIGNAL_WAITING, number);
}

/* False: the worker cannot take it. It looks after it has said that it accepts, so that either it
 * sees the box or the box's writer sees that it accepts. */
static bool
hand_to(struct signals *signals, uint32_t worker_id, uint32_t number)
{
    struct bask_seat seat;
    struct process *process = process_of(signals, worker_id, &seat);
    if (!process)
        return false;
    if (bask_signal_put(bask_signals_box(signals->board, bask_board_index(seat)), number))
        signals_complain(signals->master, "worker", worker_id, number);
    if (is_accepting(signals, seat))
        kill(process->pid, SIGTSTP);
    return true;
}

/* The threads that do something now, and what waits for them. */
static uint32_t
load_of(const struct signals *signals, struct bask_seat seat)
{
    const struct bask_board *board = signals->master->plan->board;
    const struct bask_signal_box *box = bask_signals_box(signals->board, bask_board_index(seat));
    uint32_t load = 0, number = 0;
    for (uint32_t i = 0; i < board->thread_count; i++)
        load += atomic_load(&bask_board_thread(board, seat, i)->busy_since_us) != 0;
    while ((number = bask_signal_next(box, number)) < BASK_SIGNALS)
        load += bask_signal_waiting(box, number++);
    return load;
}

/* To the worker that has the least to do, the next one in turn among equals. */
static bool
hand_to_any(struct signals *signals, uint32_t number)
{
    uint32_t count = signals->master->plan->board->worker_count, best = 0, least = UINT32_MAX;
    for (uint32_t i = 1; i <= count; i++) {
        uint32_t id = (signals->turn + i - 1) % count + 1;
        struct bask_seat seat;
        if (!process_of(signals, id, &seat) || !is_accepting(signals, seat))
            continue;
        uint32_t load = load_of(signals, seat);
        if (load < least) {
            least = load;
            best = id;
        }
    }
    if (!best)
        return false;
    signals->turn = best;
    return hand_to(signals, best, number);
}

static bool
hand_to_all(struct signals *signals, uint32_t number)
{
    bool handed = false;
    for (uint32_t id = 1; id <= signals->master->plan->board->worker_count; id++)
        handed |= hand_to(signals, id, number);
    return handed;
}

/* To somebody who waits for whatever comes; else it is nobody's. */
static void
hand_to_waiter(struct signals *signals, uint32_t number)
{
    for (uint32_t id = 1; id <= signals->master->plan->board->worker_count; id++) {
        struct bask_seat seat;
        if (!process_of(signals, id, &seat) || !is_accepting(signals, seat))
            continue;
        const struct bask_signal_box *box =
            bask_signals_box(signals->board, bask_board_index(seat));
        if (atomic_load(&box->waiters)) {
            hand_to(signals, id, number);
            return;
        }
    }
    signals_to_waiting_aide(signals->master, signals->generation, number);
}

static bool
hand_to_target(struct signals *signals, struct bask_signal_target target, uint32_t number)
{
    if (target.to >= BASK_SIGNAL_TO_MULE)
        return signals_to_aides(signals->master, signals->generation, target, number);
    if (target.id)
        return hand_to(signals, target.id, number);
    return target.to == BASK_SIGNAL_TO_ALL ? hand_to_all(signals, number)
                                           : hand_to_any(signals, number);
}

/* False: it has to wait. A number that nobody wants is dealt with. */
static bool
hand_over(struct signals *signals, uint32_t number)
{
    struct bask_board_server *counts = signals->master->plan->board->server;
    struct bask_signal_target target =
        bask_signals_target(signals->board, signals->generation, number);
    if (target.to == BASK_SIGNAL_TO_NOBODY) {
        bask_board_add(&counts->unrouted_signals, 1);
        hand_to_waiter(signals, number);
        return true;
    }
    if (!hand_to_target(signals, target, number))
        return false;
    bask_board_add(&counts->routed_signals, 1);
    return true;
}

void
signals_advance(struct master *master)
{
    struct signals *signals = master->signals;
    if (!signals || !master->current || master->stopping)
        return;
    follow(signals, master->current->number);
    struct bask_signal_box *raised = bask_signals_raised(signals->board);
    for (uint32_t number = 0; (number = bask_signal_next(raised, number)) < BASK_SIGNALS; number++)
        while (bask_signal_take(raised, number))
            if (!hand_over(signals, number)) {
                bask_signal_put(raised, number);
                break;
            }
}

void
signals_begin(const struct master *master, unsigned generation)
{
    const struct generation *const there[BASK_SIGNAL_GENERATIONS] = {master->current, master->next,
                                                                     master->old};
    uint32_t numbers[BASK_SIGNAL_GENERATIONS] = {0};
    if (!master->signals)
        return;
    for (size_t i = 0; i < BASK_SIGNAL_GENERATIONS; i++)
        numbers[i] = there[i] ? there[i]->number : 0;
    bask_signals_reserve(master->signals->board, generation, numbers);
}

void
signals_take_back(struct master *master, struct bask_signal_box *box)
{
    struct signals *signals = master->signals;
    atomic_store(&box->waiters, 0);
    for (uint32_t number = 0; (number = bask_signal_next(box, number)) < BASK_SIGNALS; number++)
        while (bask_signal_take(box, number)) {
            enum bask_signal_to to =
                bask_signals_target(signals->board, signals->generation, number).to;
            if (to != BASK_SIGNAL_TO_ALL && to != BASK_SIGNAL_TO_MULES)
                bask_signal_put(bask_signals_raised(signals->board), number);
        }
}

void
signals_place_left(struct master *master, struct bask_seat seat)
{
    if (master->signals)
        signals_take_back(master, bask_signals_box(master->signals->board, bask_board_index(seat)));
}

int
signals_init(struct master *master)
{
    if (!master->plan->signals)
        return BASK_OK;
    struct signals *signals = calloc(1, sizeof *signals);
    if (!signals)
        return BASK_E_NOMEM;
    signals->master = master;
    signals->board = master->plan->signals;
    signals->cron.on_due = on_minute;
    signals->monitors = monitors_new(master->loop, on_file, signals);
    master->signals = signals;
    return signals->monitors ? BASK_OK : BASK_E_NOMEM;
}

void
signals_forget(const struct master *master)
{
    if (master->signals)
        monitors_forget(master->signals->monitors);
}

void
signals_free(struct signals **signals)
{
    if (!*signals)
        return;
    if ((*signals)->monitors)
        disarm(*signals);
    monitors_free(&(*signals)->monitors);
    free(*signals);
    *signals = NULL;
}
