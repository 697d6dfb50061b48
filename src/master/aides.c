/*
 * Mules and spoolers, as the master sees them: who runs, who is missing, who has to go.
 *
 * As a worker each has two places: a successor starts in the free one, and when it is ready the
 * process before it is told to end, which it does when it is done with what it does. They are made
 * once a generation has proven fit to serve, and outlive the last worker, which may still have a
 * message for them.
 */
#include "svc/aides.h"

#include "base/err.h"
#include "ipc/exit.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

enum {
    FORK_LIMIT_US = 30000000, /* a zygote that needs longer for a fork hangs */
    CUT_MERCY_US = 5000000,   /* for a process that was told to end at once */
    DELAY_MAX_US = 30000000,  /* between two tries of one that does not live */
    SUSPECT_US = 1000000,     /* how long a task is left alone that a spooler died with */
};

struct aide {
    struct process places[BASK_AIDE_SIDES];
    int64_t renew_us; /* a process that was asked for before shall be replaced; 0: none */
    int64_t not_before_us, delay_us;
    uint64_t done; /* when the process that ran last began */
    uint64_t starts;
};

struct aides {
    struct bask_timer deadline;
    struct aide items[];
};

static const struct bask_aides *
known(const struct master *master)
{
    return master->plan->aides;
}

static uint32_t
count(const struct master *master)
{
    return master->aides ? known(master)->count : 0;
}

static struct process *
in_state(struct aide *aide, enum process_state state)
{
    for (uint32_t side = 0; side < BASK_AIDE_SIDES; side++)
        if (aide->places[side].state == state)
            return &aide->places[side];
    return NULL;
}

static struct process *
coming(struct aide *aide)
{
    struct process *process = in_state(aide, PROCESS_FORKING);
    return process ? process : in_state(aide, PROCESS_STARTING);
}

static struct bask_aide_place *
board_place(const struct master *master, uint32_t index, const struct process *process)
{
    uint32_t side = (uint32_t)(process - master->aides->items[index].places);
    return bask_aide_place(known(master), index, side);
}

static void
end(const struct master *master, uint32_t index, struct process *process, bool at_once)
{
    int64_t mercy_us = bask_aide_mercy_ms(known(master), &known(master)->items[index]) * 1000;
    int64_t late_at_us = bask_clock_us() + (at_once ? CUT_MERCY_US : mercy_us);
    if (process->state == PROCESS_ENDING && process->late_at_us <= late_at_us)
        return;
    process->state = PROCESS_ENDING;
    process->late_at_us = late_at_us;
    kill(process->pid, at_once ? SIGINT : SIGHUP);
}

void
aides_forked(struct master *master, const struct bask_message *message, unsigned generation)
{
    if (message->aide > count(master) || message->side >= BASK_AIDE_SIDES)
        return;
    struct aide *aide = &master->aides->items[message->aide - 1];
    struct process *process = &aide->places[message->side];
    const struct bask_aide *about = &known(master)->items[message->aide - 1];
    int64_t now = bask_clock_us(), limit_us = master->plan->load_limit_ms * 1000;
    if (process->pid == message->pid)
        return; /* both the zygote and the process tell of it */
    if (message->pid < 0) {
        *process = (struct process){.state = PROCESS_NONE};
        aide->not_before_us = now + master->plan->options->forkbomb_delay_ms * 1000;
        return;
    }
    *process = (struct process){.state = PROCESS_STARTING,
                                .pid = message->pid,
                                .generation = generation,
                                .asked_us = process->asked_us,
                                .started_us = now,
                                .late_at_us = limit_us ? now + limit_us : 0};
    if (aide->starts)
        bask_log(BASK_LOG_INFO, "Respawned Bask %s %u (new pid: %d)",
                 bask_aide_kind_name(about->kind), about->id, (int)message->pid);
    aide->starts++;
}

static void
log_death(const struct bask_aide *about, const struct process *process, int status)
{
    const char *kind = bask_aide_kind_name(about->kind);
    if (WIFSIGNALED(status))
        bask_log(BASK_LOG_ERROR,
                 "DAMN ! %s %u (pid: %d) died, killed by signal %d :( trying respawn ...", kind,
                 about->id, (int)process->pid, WTERMSIG(status));
    else if (WEXITSTATUS(status) != BASK_EXIT_RELOAD)
        bask_log(BASK_LOG_WARN, "%s %u (pid: %d) ended with status %d; trying respawn ...", kind,
                 about->id, (int)process->pid, WEXITSTATUS(status));
}

/* A task that its spooler died with is tried again, and others go first. */
static void
suspect(const struct master *master, const struct bask_aide_place *place)
{
    uint64_t task = atomic_load(&place->task);
    if (!task)
        return;
    uint32_t times = bask_suspect_add(known(master), task, SUSPECT_US);
    bask_log(BASK_LOG_WARN, "a spooler ended in a task (%u. time); it is tried again", times);
}

/* Who dies at once again and again is tried less and less often; who got something done is not such
 * a one. */
static void
delay(const struct master *master, struct aide *aide, const struct process *ended, uint64_t done)
{
    int64_t now = bask_clock_us(), first = master->plan->options->forkbomb_delay_ms * 1000;
    if (now - ended->started_us >= first) {
        aide->delay_us = 0;
        return;
    }
    aide->delay_us = aide->delay_us && done == aide->done ? aide->delay_us * 2 : first;
    if (aide->delay_us > DELAY_MAX_US)
        aide->delay_us = DELAY_MAX_US;
    aide->not_before_us = now + aide->delay_us;
}

static void
on_end(struct master *master, uint32_t index, struct process *process, int status)
{
    struct aide *aide = &master->aides->items[index];
    struct bask_aide_place *place = board_place(master, index, process);
    struct process ended = *process, *serving;
    uint64_t done = atomic_load(&place->done);
    *process = (struct process){.state = PROCESS_NONE};
    suspect(master, place);
    atomic_store(&place->pid, 0);
    atomic_store(&place->task, 0);
    atomic_store(&place->deadline_us, 0);
    atomic_store(&place->busy, 0);
    if (master->signals)
        signals_take_back(master, &place->signals);
    if (ended.state == PROCESS_ENDING)
        return;
    log_death(&known(master)->items[index], &ended, status);
    alarms_crashed(master, bask_aide_kind_name(known(master)->items[index].kind),
                   known(master)->items[index].id, ended.pid, status);
    if (WIFSIGNALED(status) || WEXITSTATUS(status) != BASK_EXIT_RELOAD)
        delay(master, aide, &ended, done);
    aide->done = done;
    /* A successor that does not get ready must not keep a generation that nobody wants. */
    serving = in_state(aide, PROCESS_SERVING);
    if (ended.state == PROCESS_STARTING && serving)
        end(master, index, serving, false);
}

bool
aides_ended(struct master *master, pid_t pid, int status)
{
    for (uint32_t i = 0; i < count(master); i++)
        for (uint32_t side = 0; side < BASK_AIDE_SIDES; side++) {
            struct process *process = &master->aides->items[i].places[side];
            if (process->pid == pid && pid > 0) {
                on_end(master, i, process, status);
                return true;
            }
        }
    return false;
}

void
aides_adopt(struct master *master, unsigned from, unsigned to)
{
    for (uint32_t i = 0; i < count(master); i++)
        for (uint32_t side = 0; side < BASK_AIDE_SIDES; side++) {
            struct process *process = &master->aides->items[i].places[side];
            if (process->generation == from)
                process->generation = to;
        }
}

void
aides_forget_forks(struct master *master, unsigned generation)
{
    for (uint32_t i = 0; i < count(master); i++) {
        struct process *process = in_state(&master->aides->items[i], PROCESS_FORKING);
        if (process && process->generation == generation)
            *process = (struct process){.state = PROCESS_NONE};
    }
}

void
aides_signal(struct master *master, int number)
{
    for (uint32_t i = 0; i < count(master); i++) {
        struct process *process = in_state(&master->aides->items[i], PROCESS_SERVING);
        if (process)
            kill(process->pid, number);
    }
}

void
aides_renew(struct master *master, enum bask_aide_kind kind)
{
    for (uint32_t i = 0; i < count(master); i++)
        if (known(master)->items[i].kind == kind)
            master->aides->items[i].renew_us = bask_clock_us();
}

static void
notice_ready(struct master *master, uint32_t index)
{
    struct aide *aide = &master->aides->items[index];
    struct process *starting = in_state(aide, PROCESS_STARTING);
    struct process *before = in_state(aide, PROCESS_SERVING);
    if (!starting || atomic_load(&board_place(master, index, starting)->pid) != starting->pid)
        return;
    starting->state = PROCESS_SERVING;
    starting->late_at_us = 0;
    aide->done = atomic_load(&board_place(master, index, starting)->done);
    if (before)
        end(master, index, before, master->reload.kind == RELOAD_BRUTAL);
}

/* What a new generation does outside requests it does only once it is known that it stays; where no
 * worker is wanted, nothing else will tell. */
static bool
may_fork(const struct master *master)
{
    const struct generation *current = master->current;
    return !master->stopping && !master->heir && current && current->ready &&
           (current->proven || !master->old || !roster_wanted(master));
}

static void
fork_aide(struct master *master, uint32_t index, int64_t now)
{
    struct aide *aide = &master->aides->items[index];
    struct process *place = in_state(aide, PROCESS_NONE);
    if (!place || aide->not_before_us > now)
        return;
    struct bask_message message = {
        .kind = BASK_MESSAGE_FORK, .aide = index + 1, .side = (uint32_t)(place - aide->places)};
    atomic_store(&board_place(master, index, place)->pid, 0);
    if (!generation_fork(master, &message))
        *place = (struct process){.state = PROCESS_FORKING,
                                  .generation = master->current->number,
                                  .asked_us = now,
                                  .late_at_us = now + FORK_LIMIT_US};
}

static void
be_merciless(struct master *master, uint32_t index, struct process *process, int64_t now)
{
    const struct bask_aide *about = &known(master)->items[index];
    const char *kind = bask_aide_kind_name(about->kind);
    process->late_at_us = now + CUT_MERCY_US;
    if (process->state == PROCESS_FORKING) {
        bask_log(BASK_LOG_ERROR, "zygote %u does not get %s %u forked; it is given up",
                 process->generation, kind, about->id);
        generation_give_up(master, process->generation);
        return;
    }
    bask_log(BASK_LOG_ERROR, "%s %u (pid: %d) %s", kind, about->id, (int)process->pid,
             process->state == PROCESS_ENDING ? "is taking too much time to die...NO MERCY !!!"
                                              : "does not get ready; it is killed");
    if (kill(process->pid, SIGKILL) && errno == ESRCH)
        on_end(master, index, process, 0); /* its zygote took the news along */
}

/* The earliest deadline that is left; INT64_MAX: none. */
static int64_t
see_to_deadline(struct master *master, uint32_t index, struct process *process, int64_t now)
{
    struct bask_aide_place *place = board_place(master, index, process);
    const struct bask_aide *about = &known(master)->items[index];
    int64_t at = process->pid > 0 ? atomic_load(&place->deadline_us) : 0;
    if (!at)
        return INT64_MAX;
    if (at > now)
        return at;
    bask_log(BASK_LOG_ERROR, "HARAKIRI: %s %u (pid: %d) is over its time; it is killed",
             bask_aide_kind_name(about->kind), about->id, (int)process->pid);
    atomic_store(&place->deadline_us, 0);
    kill(process->pid, SIGKILL);
    return INT64_MAX;
}

static void
see_to_deadlines(struct master *master, int64_t now)
{
    int64_t first = INT64_MAX;
    for (uint32_t i = 0; i < count(master); i++) {
        int64_t limit_us = bask_aide_harakiri_ms(known(master), &known(master)->items[i]) * 1000;
        if (limit_us && now + limit_us < first)
            first = now + limit_us; /* nobody tells of one that begins */
        for (uint32_t side = 0; side < BASK_AIDE_SIDES; side++) {
            int64_t at = see_to_deadline(master, i, &master->aides->items[i].places[side], now);
            first = at < first ? at : first;
        }
    }
    bask_loop_timer_stop(&master->aides->deadline);
    if (first != INT64_MAX)
        bask_loop_timer_start(master->loop, &master->aides->deadline, first - now);
}

static bool
is_stale(const struct master *master, const struct aide *aide, const struct process *process)
{
    return (master->current && process->generation != master->current->number) ||
           process->asked_us < aide->renew_us;
}

static void
stop_aide(struct master *master, uint32_t index)
{
    struct aide *aide = &master->aides->items[index];
    if (!master->brutal && !roster_is_empty(master))
        return; /* workers may have something for it */
    for (uint32_t side = 0; side < BASK_AIDE_SIDES; side++)
        if (aide->places[side].pid > 0)
            end(master, index, &aide->places[side], master->brutal);
}

static void
advance(struct master *master, uint32_t index, int64_t now)
{
    struct aide *aide = &master->aides->items[index];
    for (uint32_t side = 0; side < BASK_AIDE_SIDES; side++) {
        struct process *process = &aide->places[side];
        if (process->late_at_us && process->late_at_us <= now)
            be_merciless(master, index, process, now);
    }
    notice_ready(master, index);
    if (master->stopping) {
        stop_aide(master, index);
        return;
    }
    const struct process *serving = in_state(aide, PROCESS_SERVING);
    if (may_fork(master) && !coming(aide) && (!serving || is_stale(master, aide, serving)))
        fork_aide(master, index, now);
}

void
aides_advance(struct master *master, int64_t now)
{
    if (!count(master))
        return;
    for (uint32_t i = 0; i < count(master); i++)
        advance(master, i, now);
    see_to_deadlines(master, now);
}

bool
aides_have(const struct master *master, unsigned generation)
{
    for (uint32_t i = 0; i < count(master); i++)
        for (uint32_t side = 0; side < BASK_AIDE_SIDES; side++) {
            const struct process *process = &master->aides->items[i].places[side];
            if (process->state != PROCESS_NONE && process->generation == generation)
                return true; /* also one that ends: the zygote is the one to tell of it */
        }
    return false;
}

bool
aides_are_settled(const struct master *master)
{
    for (uint32_t i = 0; i < count(master); i++) {
        struct aide *aide = &master->aides->items[i];
        const struct process *serving = in_state(aide, PROCESS_SERVING);
        if (!serving || is_stale(master, aide, serving) || coming(aide) ||
            in_state(aide, PROCESS_ENDING))
            return false;
    }
    return true;
}

bool
aides_are_gone(const struct master *master)
{
    for (uint32_t i = 0; i < count(master); i++)
        for (uint32_t side = 0; side < BASK_AIDE_SIDES; side++)
            if (master->aides->items[i].places[side].state != PROCESS_NONE)
                return false;
    return true;
}

pid_t
aides_serving(const struct master *master, uint32_t index, unsigned generation,
              struct bask_aide_place **ret_place)
{
    if (index >= count(master))
        return 0;
    const struct process *process = in_state(&master->aides->items[index], PROCESS_SERVING);
    if (!process || process->generation != generation)
        return 0;
    *ret_place = board_place(master, index, process);
    return process->pid;
}

/* The one that serves, or else the one that comes nearest to it. */
static const struct process *
shown(struct aide *aide)
{
    static const enum process_state worth[] = {PROCESS_SERVING, PROCESS_STARTING, PROCESS_FORKING,
                                               PROCESS_ENDING};
    for (size_t i = 0; i < sizeof worth / sizeof *worth; i++)
        if (in_state(aide, worth[i]))
            return in_state(aide, worth[i]);
    return aide->places;
}

bool
aides_report(const struct master *master, uint32_t index, struct aide_report *ret_report)
{
    if (index >= count(master))
        return false;
    *ret_report = (struct aide_report){.aide = &known(master)->items[index],
                                       .process = shown(&master->aides->items[index])};
    uint64_t starts = master->aides->items[index].starts;
    ret_report->place = board_place(master, index, ret_report->process);
    ret_report->respawns = starts ? starts - 1 : 0;
    for (uint32_t side = 0; side < BASK_AIDE_SIDES; side++)
        ret_report->done += atomic_load(&bask_aide_place(known(master), index, side)->done);
    return true;
}

static void
on_deadline(struct bask_timer *timer)
{
    (void)timer; /* the loop does the rest */
}

int
aides_init(struct master *master)
{
    if (!known(master) || !known(master)->count)
        return BASK_OK;
    master->aides =
        calloc(1, sizeof *master->aides + known(master)->count * sizeof *master->aides->items);
    if (!master->aides)
        return BASK_E_NOMEM;
    master->aides->deadline.on_due = on_deadline;
    return BASK_OK;
}

void
aides_free(struct aides **aides)
{
    if (*aides)
        bask_loop_timer_stop(&(*aides)->deadline);
    free(*aides);
    *aides = NULL;
}
