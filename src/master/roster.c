/*
 * The workers: who they are, who is missing, who has to go.
 *
 * A worker has two places. Its successor starts in the free one and takes over when it accepts;
 * only then is the process before it told to end. So nobody waits for a worker that is replaced.
 */
#include "master/private.h"

#include "ipc/exit.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum {
    CUT_MERCY_US = 5000000,   /* for a process that was told to end at once */
    FORK_LIMIT_US = 30000000, /* a zygote that needs longer for a fork hangs */
    UNTOLD_US = 8000000,      /* the same, for telling that a worker has ended */
    UNTOLD_LAST_US = 2000000, /* the same, for one that is of no use any more */
    LAST_WORDS_US = 2000000,  /* for a worker that hangs while it loads, to say where */
};

static uint32_t
worker_count(const struct master *master)
{
    return master->plan->board->worker_count;
}

static struct process *
process_at(struct master *master, uint32_t index)
{
    return &master->workers[index / BASK_PLACES].places[index % BASK_PLACES];
}

static struct bask_seat
seat_at(uint32_t index)
{
    return (struct bask_seat){index / BASK_PLACES + 1, index % BASK_PLACES};
}

static struct process *
in_state(struct worker *worker, enum process_state state)
{
    for (uint32_t side = 0; side < BASK_PLACES; side++)
        if (worker->places[side].state == state)
            return &worker->places[side];
    return NULL;
}

static struct process *
coming(struct worker *worker)
{
    struct process *process = in_state(worker, PROCESS_FORKING);
    return process ? process : in_state(worker, PROCESS_STARTING);
}

/* Nobody forgets a process that was told to end; being told again may shorten its time. */
static void
end(struct process *process, int signal, int64_t mercy_us)
{
    int64_t late_at_us = bask_clock_us() + mercy_us;
    if (process->state != PROCESS_ENDING || late_at_us < process->late_at_us)
        process->late_at_us = late_at_us;
    process->state = PROCESS_ENDING;
    kill(process->pid, signal);
}

static void
end_gently(const struct master *master, struct process *process)
{
    /* Other programs take SIGHUP for something else. */
    end(process, master->plan->programs ? SIGTERM : SIGHUP,
        master->plan->options->worker_reload_mercy_ms * 1000);
}

static void
end_at_once(struct process *process)
{
    end(process, SIGINT, CUT_MERCY_US);
}

static void
end_as_stopping(const struct master *master, struct process *process)
{
    if (master->brutal)
        end_at_once(process);
    else
        end_gently(master, process);
}

void
roster_want(struct master *master, uint32_t count)
{
    for (uint32_t i = 0; i < worker_count(master); i++) {
        struct worker *worker = &master->workers[i];
        bool before = worker->wanted;
        worker->wanted = i < count;
        if (before && !worker->wanted)
            worker->respawned = false;
    }
}

uint32_t
roster_wanted(const struct master *master)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < worker_count(master); i++)
        count += master->workers[i].wanted;
    return count;
}

bool
roster_wants(const struct master *master, uint32_t worker_id)
{
    return master->workers[worker_id - 1].wanted;
}

uint32_t
roster_serving(const struct master *master)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < worker_count(master); i++)
        count += master->workers[i].wanted && in_state(&master->workers[i], PROCESS_SERVING);
    return count;
}

bool
roster_serves(const struct master *master, struct bask_seat seat)
{
    return master->workers[seat.worker_id - 1].places[seat.side].state == PROCESS_SERVING;
}

bool
roster_takes_requests(const struct master *master)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++) {
        enum process_state state = process_at((struct master *)master, i)->state;
        if (state != PROCESS_NONE && state != PROCESS_ENDING)
            return true;
    }
    return false;
}

void
roster_forked(struct master *master, struct bask_seat seat, pid_t pid, unsigned generation)
{
    if (!bask_board_has(master->plan->board, seat))
        return;
    struct worker *worker = &master->workers[seat.worker_id - 1];
    struct process *process = &worker->places[seat.side];
    int64_t now = bask_clock_us();
    if (process->pid == pid)
        return; /* both the zygote and the process tell of it */
    if (pid < 0) {
        *process = (struct process){.state = PROCESS_NONE};
        worker->not_before_us = now + master->plan->options->forkbomb_delay_ms * 1000;
        if (!master->current || master->current->number != generation)
            return;
        if (master->current->proven)
            reload_stumbled(master);
        else
            generation_roll_back(master); /* the one before can fork, as it did */
        return;
    }
    *process = (struct process){
        .state = PROCESS_STARTING,
        .pid = pid,
        .asked_us = process->asked_us,
        .generation = generation,
        .started_us = now,
    };
    eye_start(master, seat, pid);
    if (master->plan->load_limit_ms)
        process->late_at_us = now + master->plan->load_limit_ms * 1000;
    if (worker->respawned)
        bask_log(BASK_LOG_INFO, "Respawned Bask worker %u (new pid: %d)", seat.worker_id, (int)pid);
    worker->respawned = true;
    if (master->stopping)
        end_as_stopping(master, process);
}

static void
log_death(uint32_t id, const struct process *process, int status)
{
    if (WIFSIGNALED(status))
        bask_log(BASK_LOG_ERROR,
                 "DAMN ! worker %u (pid: %d) died, killed by signal %d :( trying respawn ...", id,
                 (int)process->pid, WTERMSIG(status));
    else if (WEXITSTATUS(status) != BASK_EXIT_RELOAD && WEXITSTATUS(status) != BASK_EXIT_END)
        bask_log(BASK_LOG_ERROR,
                 "DAMN ! worker %u (pid: %d) ended with status %d :( trying respawn ...", id,
                 (int)process->pid, WEXITSTATUS(status));
}

/* Whoever is to blame, or to be asked again, was inside. */
static void
log_requests(const struct bask_board *board, struct bask_seat seat)
{
    int64_t now = bask_clock_us();
    for (uint32_t i = 0; i < board->thread_count; i++) {
        struct bask_board_thread *thread = bask_board_thread(board, seat, i);
        int64_t since = atomic_load(&thread->busy_since_us);
        if (!since)
            continue;
        bask_log(BASK_LOG_WARN, "worker %u was in a request for %lld ms (thread %u): %.*s",
                 seat.worker_id, (long long)((now - since) / 1000), i,
                 (int)strnlen(thread->line, sizeof thread->line), thread->line);
        atomic_store(&thread->busy_since_us, 0);
    }
}

/* Workers that load the application themselves may find it broken now. Whoever serves shall go on
 * with what worked; trying again is up to who asked for it. */
static void
give_up_renewal(struct master *master)
{
    bool brutal = master->reload.kind == RELOAD_WORKERS_BRUTAL;
    if (master->reload.kind != RELOAD_WORKERS && !brutal)
        return;
    bask_log(BASK_LOG_ERROR, "a new worker did not get as far as serving; %s",
             brutal ? "the reload is given up" : "the present ones go on");
    for (uint32_t i = 0; i < worker_count(master); i++)
        master->workers[i].renew_us = 0;
    reload_failed(master, master->current);
}

/* A generation whose very first worker does not get as far as accepting is not fit to serve. */
static void
on_never_accepted(struct master *master, const struct process *process, int status)
{
    if (!master->current || process->generation != master->current->number)
        return;
    if (master->current->proven) {
        give_up_renewal(master);
        reload_stumbled(master);
        return;
    }
    if (generation_roll_back(master))
        return;
    if (master->current->number > 1) {
        if (!master->next)
            reload_failed(master, master->current); /* it is tried again; another may mend it */
        return;
    }
    if (master->heir) {
        upgrade_failed(master, master->current);
        master_obey(master, MASTER_STOP);
        return;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == BASK_EXIT_NO_APP) {
        master->code = BASK_EXIT_NO_APP;
        master_obey(master, MASTER_STOP);
    }
}

/* A process that leaves may have been the one that the kernel woke for a connection. */
static void
pass_on_look(struct master *master, struct bask_seat seat)
{
    uint32_t look = BASK_WISH_LOOK;
    struct bask_board_place *place = bask_board_place(master->plan->board, seat);
    if (atomic_compare_exchange_strong(&place->wish, &look, BASK_WISH_NONE))
        roster_signal(master, SIGTSTP);
}

static void
clear_place(const struct bask_board *board, struct bask_seat seat)
{
    struct bask_board_place *place = bask_board_place(board, seat);
    atomic_store(&place->pid, 0);
    atomic_store(&place->accepting, 0);
    atomic_store(&place->wish, BASK_WISH_NONE);
    for (uint32_t i = 0; i < board->thread_count; i++)
        atomic_store(&bask_board_thread(board, seat, i)->deadline_us, 0);
    atomic_store(&place->queued, 0);
    atomic_store(&place->beat_us, 0);
}

static void
on_end(struct master *master, struct bask_seat seat, struct process *process, int status)
{
    const struct bask_board *board = master->plan->board;
    struct worker *worker = &master->workers[seat.worker_id - 1];
    const struct process ended = *process;
    int64_t now = bask_clock_us(), delay = master->plan->options->forkbomb_delay_ms * 1000;
    pass_on_look(master, seat); /* it may have ended before its bell was heard */
    *process = (struct process){.state = PROCESS_NONE};
    clear_place(board, seat);
    signals_place_left(master, seat);
    eye_stop(master, seat);
    log_requests(board, seat);
    if (ended.state == PROCESS_ENDING)
        return;
    log_death(seat.worker_id, &ended, status);
    alarms_crashed(master, "worker", seat.worker_id, ended.pid, status);
    bask_board_add(&bask_board_worker(board, seat.worker_id)->respawns, 1);
    if (now - ended.started_us < delay)
        worker->not_before_us = now + delay;
    if (ended.state == PROCESS_STARTING && WIFSIGNALED(status))
        generation_log_crash(master, ended.generation);
    if (ended.state == PROCESS_STARTING)
        on_never_accepted(master, &ended, status);
}

void
roster_ended(struct master *master, pid_t pid, int status)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++) {
        struct process *process = process_at(master, i);
        if (process->pid == pid && pid > 0) {
            on_end(master, seat_at(i), process, status);
            return;
        }
    }
}

void
roster_stop(struct master *master)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++) {
        struct process *process = process_at(master, i);
        if (process->pid > 0)
            end_as_stopping(master, process);
    }
}

void
roster_signal(struct master *master, int number)
{
    if (master->plan->programs)
        return;
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++)
        if (process_at(master, i)->pid > 0)
            kill(process_at(master, i)->pid, number);
}

void
roster_renew(struct master *master, bool brutal)
{
    for (uint32_t i = 0; i < worker_count(master); i++) {
        struct worker *worker = &master->workers[i];
        struct process *serving = in_state(worker, PROCESS_SERVING);
        struct process *starting = in_state(worker, PROCESS_STARTING);
        worker->renew_us = bask_clock_us();
        if (brutal && serving)
            end_at_once(serving);
        if (brutal && starting)
            end_at_once(starting);
    }
}

void
roster_adopt(struct master *master, unsigned from, unsigned to)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++) {
        struct process *process = process_at(master, i);
        if (process->generation == from)
            process->generation = to;
    }
}

void
roster_forget_forks(struct master *master, unsigned generation)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++) {
        struct process *process = process_at(master, i);
        if (process->state == PROCESS_FORKING && process->generation == generation)
            *process = (struct process){.state = PROCESS_NONE};
    }
}

void
roster_drop_starting(struct master *master, unsigned generation)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++) {
        struct process *process = process_at(master, i);
        if (process->state == PROCESS_STARTING && process->generation == generation)
            end_at_once(process);
    }
}

/* The process in this place takes requests from now on, and the one in the other no longer. */
static void
take_over(struct master *master, struct bask_seat seat)
{
    struct worker *worker = &master->workers[seat.worker_id - 1];
    struct process *before = in_state(worker, PROCESS_SERVING);
    struct process *now = &worker->places[seat.side];
    now->state = PROCESS_SERVING;
    now->late_at_us = 0;
    atomic_store(&bask_board_worker(master->plan->board, seat.worker_id)->side, seat.side);
    if (master->current && now->generation == master->current->number)
        master->current->proven = true;
    reload_goes_on(master);
    if (before)
        end_gently(master, before);
}

static void
notice_accepting(struct master *master)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++) {
        const struct bask_board_place *place = bask_board_place(master->plan->board, seat_at(i));
        if (process_at(master, i)->state == PROCESS_STARTING && atomic_load(&place->accepting) &&
            atomic_load(&place->pid) == process_at(master, i)->pid)
            take_over(master, seat_at(i));
    }
}

static void
pass_on_looks(struct master *master)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++)
        pass_on_look(master, seat_at(i));
}

static bool
is_to_renew(const struct worker *worker, const struct process *process)
{
    return process->asked_us < worker->renew_us;
}

static bool
is_stale(const struct master *master, const struct worker *worker, uint32_t id,
         const struct process *process)
{
    struct bask_seat seat = {id, (uint32_t)(process - worker->places)};
    return process->generation != master->current->number || is_to_renew(worker, process) ||
           atomic_load(&bask_board_place(master->plan->board, seat)->wish) == BASK_WISH_SUCCESSOR;
}

static int64_t
fork_limit_us(const struct master *master)
{
    int64_t limit_us = master->plan->load_limit_ms * 1000;
    return limit_us && limit_us < FORK_LIMIT_US ? limit_us : FORK_LIMIT_US;
}

/* Asks for a process in a free place. */
static bool
fork_worker(struct master *master, uint32_t id, int64_t now)
{
    struct worker *worker = &master->workers[id - 1];
    struct process *place = in_state(worker, PROCESS_NONE);
    if (!place || worker->not_before_us > now)
        return false;
    struct bask_seat seat = {id, (uint32_t)(place - worker->places)};
    clear_place(master->plan->board, seat);
    if (generation_fork(master, &(struct bask_message){.kind = BASK_MESSAGE_FORK,
                                                       .worker_id = seat.worker_id,
                                                       .side = seat.side}))
        return false;
    *place = (struct process){
        .state = PROCESS_FORKING,
        .generation = master->current->number, /* who has to answer */
        .asked_us = now,
        .late_at_us = now + fork_limit_us(master),
    };
    return true;
}

/* True: something was set on its way. `busy`: another replacement is under way. */
static bool
advance_worker(struct master *master, uint32_t id, bool busy, int64_t now)
{
    struct worker *worker = &master->workers[id - 1];
    struct process *serving = in_state(worker, PROCESS_SERVING);
    if (!worker->wanted) {
        if (serving)
            end_gently(master, serving);
        return false;
    }
    if (coming(worker))
        return false;
    if (!serving)
        return fork_worker(master, id, now);
    if (!is_stale(master, worker, id, serving))
        return false;
    if (master->reload.kind == RELOAD_BRUTAL && serving->generation != master->current->number) {
        end_at_once(serving);
        return fork_worker(master, id, now);
    }
    return !busy && fork_worker(master, id, now);
}

/* Replacing all workers at once would have all of them start cold caches together, and need twice
 * the memory: one successor at a time is on its way. Who is missing is not kept waiting. */
static void
advance_workers(struct master *master, int64_t now)
{
    bool busy = false;
    if (master->stopping || !master->current || !master->current->ready)
        return;
    for (uint32_t i = 0; i < worker_count(master); i++)
        busy = busy || coming(&master->workers[i]);
    for (uint32_t id = 1; id <= worker_count(master); id++)
        if (advance_worker(master, id, busy, now))
            busy = true;
}

static void
be_merciless(struct master *master, uint32_t index)
{
    struct process *process = process_at(master, index);
    uint32_t id = seat_at(index).worker_id;
    if (process->state == PROCESS_FORKING) {
        bask_log(BASK_LOG_ERROR, "zygote %u does not get worker %u forked; it is given up",
                 process->generation, id);
        generation_give_up(master, process->generation);
        process->late_at_us = bask_clock_us() + CUT_MERCY_US;
        return;
    }
    if (process->state == PROCESS_STARTING && !process->aborted) {
        bask_log(BASK_LOG_ERROR, "worker %u (pid: %d) does not get as far as serving; it is killed",
                 id, (int)process->pid);
        process->aborted = true;
        process->late_at_us = bask_clock_us() + LAST_WORDS_US;
        kill(process->pid, SIGABRT); /* the runtime answers with a traceback */
        return;
    }
    if (process->state == PROCESS_ENDING)
        bask_log(BASK_LOG_ERROR,
                 "worker %u (pid: %d) is taking too much time to die...NO MERCY !!!", id,
                 (int)process->pid);
    kill(process->pid, SIGKILL);
    process->late_at_us = bask_clock_us() + CUT_MERCY_US;
}

/* A zygote that hangs does not tell whom it lost. When it is gone its children are the master's;
 * but one that was dismissed may have taken the news along. */
static void
miss_news(struct master *master, uint32_t index, int64_t now)
{
    int64_t ended_us = eye_ended_us(master, seat_at(index));
    const struct process *process = process_at(master, index);
    bool needed =
        !master->stopping && master->current && process->generation == master->current->number;
    if (!ended_us || ended_us + (needed ? UNTOLD_US : UNTOLD_LAST_US) > now)
        return;
    if (!generation_is_alive(master, process->generation)) {
        roster_ended(master, process->pid, 0);
        return;
    }
    bask_log(BASK_LOG_ERROR, "zygote %u does not tell that worker %u ended; it is given up",
             process->generation, seat_at(index).worker_id);
    generation_give_up(master, process->generation);
    master->eyes[index].ended_us = now;
}

static void
lose_patience(struct master *master, int64_t now)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++) {
        struct process *process = process_at(master, i);
        if (process->state == PROCESS_FORKING && master->stopping &&
            process->late_at_us > now + CUT_MERCY_US)
            process->late_at_us = now + CUT_MERCY_US;
        if (process->late_at_us && process->late_at_us <= now)
            be_merciless(master, i);
        miss_news(master, i, now);
    }
}

void
roster_advance(struct master *master, int64_t now)
{
    lose_patience(master, now);
    notice_accepting(master);
    pass_on_looks(master);
    advance_workers(master, now);
}

bool
roster_is_current(const struct master *master)
{
    for (uint32_t i = 0; i < worker_count(master); i++) {
        struct worker *worker = &master->workers[i];
        const struct process *serving = in_state(worker, PROCESS_SERVING);
        if (worker->wanted && (!serving || is_to_renew(worker, serving) ||
                               serving->generation != master->current->number))
            return false;
    }
    return true;
}

bool
roster_has(const struct master *master, unsigned generation)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++) {
        const struct process *process = &master->workers[i / BASK_PLACES].places[i % BASK_PLACES];
        if (process->state != PROCESS_NONE && process->generation == generation)
            return true;
    }
    return false;
}

static bool
worker_is_settled(const struct master *master, uint32_t id)
{
    const struct worker *worker = &master->workers[id - 1];
    bool serving = false;
    for (uint32_t side = 0; side < BASK_PLACES; side++) {
        if (worker->places[side].state == PROCESS_SERVING)
            serving = master->current && !is_stale(master, worker, id, &worker->places[side]);
        else if (worker->places[side].state != PROCESS_NONE)
            return false;
    }
    return serving == worker->wanted;
}

bool
roster_is_settled(const struct master *master)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++)
        if (eye_ended_us(master, seat_at(i)))
            return false;
    for (uint32_t id = 1; id <= worker_count(master); id++)
        if (!worker_is_settled(master, id))
            return false;
    return true;
}

const struct process *
roster_process(const struct master *master, uint32_t worker_id)
{
    const struct process *places = master->workers[worker_id - 1].places, *best = places;
    static const int worth[] = {
        [PROCESS_NONE] = 0,     [PROCESS_ENDING] = 1,  [PROCESS_FORKING] = 2,
        [PROCESS_STARTING] = 3, [PROCESS_SERVING] = 4,
    };
    for (uint32_t side = 1; side < BASK_PLACES; side++)
        if (worth[places[side].state] > worth[best->state])
            best = &places[side];
    return best;
}

bool
roster_is_replacing(const struct master *master, uint32_t worker_id)
{
    struct worker *worker = &master->workers[worker_id - 1];
    return in_state(worker, PROCESS_SERVING) && coming(worker);
}

bool
roster_is_empty(const struct master *master)
{
    for (uint32_t i = 0; i < worker_count(master) * BASK_PLACES; i++)
        if (master->workers[i / BASK_PLACES].places[i % BASK_PLACES].state != PROCESS_NONE)
            return false;
    return true;
}
