/*
 * The master's loop: signals and messages come in, then everything that can move on is moved on.
 * Nothing waits inside a handler; what takes time is looked at again with the next tick.
 */
#include "master/master.h"

#include "base/err.h"
#include "ipc/exit.h"
#include "loop/signals.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/bell.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_US = 250000 };

#define GOT(signals, number) ((signals)&UINT64_C(1) << (number))

static void
reap(struct master *master)
{
    int status;
    pid_t pid;
    /* Workers whose zygote died are children of this process too. */
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (!generation_ended(master, pid, status) && !crons_ended(master, pid, status) &&
            !upgrade_ended(master, pid, status) && !daemons_ended(master, pid, status) &&
            !aides_ended(master, pid, status) && !alarms_ended(master, pid, status) &&
            !keeper_ended(master, pid, status))
            roster_ended(master, pid, status);
}

static enum master_command
meaning_of_term(const struct bask_master_options *options)
{
    if (options->graceful_on_term)
        return MASTER_STOP_GRACEFULLY;
    return options->die_on_term ? MASTER_STOP : MASTER_RELOAD_BRUTAL;
}

static void
take_signals(struct master *master)
{
    const struct bask_master_options *options = master->plan->options;
    const struct {
        int number;
        enum master_command command;
    } meanings[] = {
        {SIGINT, MASTER_STOP},
        {SIGQUIT, options->die_on_term ? MASTER_RELOAD_BRUTAL : MASTER_STOP},
        {SIGTERM, meaning_of_term(options)},
        {SIGHUP, MASTER_RELOAD},
        {SIGTSTP, MASTER_PAUSE_OR_RESUME},
        {SIGUSR1, MASTER_STATUS},
    };
    uint64_t signals = bask_signals_take();
    if (GOT(signals, SIGCHLD))
        reap(master);
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (GOT(signals, meanings[i].number))
            master_obey(master, meanings[i].command);
}

static void
advance(struct master *master)
{
    int64_t now = bask_clock_us();
    scaling_advance(master);
    roster_advance(master, now);
    aides_advance(master, now);
    generation_advance(master, now);
    signals_advance(master);
    limits_advance(master, now);
    reload_advance(master);
    upgrade_advance(master);
    service_advance(master);
    if (master->stopping && roster_is_empty(master) && aides_are_gone(master))
        generation_stop_all(master);
}

/* The loop does the rest. */
static void
on_tick(struct bask_timer *timer)
{
    (void)timer;
}

static void
on_bell(struct bask_io *io, unsigned events)
{
    (void)events;
    bask_bell_clear(io->fd);
}

/* A master whose workers all run sleeps until it is told something. */
static void
arm_tick(struct master *master)
{
    bool settled = roster_is_settled(master) && aides_are_settled(master) && !master->next &&
                   !master->old && !master->retry_at_us && !master->stopping;
    if (!settled && bask_list_is_unlinked(&master->tick.link))
        bask_loop_timer_start(master->loop, &master->tick, TICK_US);
}

/* Daemons go last: workers and commands may need them until the end. A master before this one may
 * have commands that go on as long as this one is there. */
static bool
is_over(struct master *master)
{
    return master->stopping && roster_is_empty(master) && aides_are_gone(master) &&
           generation_none_left(master) && crons_stop(master) && daemons_stop(master) &&
           alarms_stop(master) && !former_is_awaited(master);
}

static void
run(struct master *master)
{
    reap(master); /* whom the program that became this one left */
    while (!is_over(master)) {
        while (bask_loop_dispatch(master->loop))
            continue;
        take_signals(master);
        advance(master);
        arm_tick(master);
        bask_loop_waited(master->loop,
                         bask_loop_wait(master->loop, bask_loop_timeout(master->loop)));
    }
}

static int
init(struct master *master)
{
    master->loop = bask_loop_new();
    size_t count = master->plan->board->worker_count;
    master->workers = calloc(count, sizeof *master->workers);
    master->eyes = calloc(count * BASK_PLACES, sizeof *master->eyes);
    bask_list_init(&master->reload.watchers);
    if (!master->loop || !master->workers || !master->eyes ||
        bask_loop_add(master->loop, &master->bell, BASK_IO_LEVEL)) {
        bask_log(BASK_LOG_ERROR, "the master cannot start: out of memory or descriptors");
        return BASK_E_NOMEM;
    }
    eye_init(master);
    int err = scaling_init(master);
    if (!err)
        err = service_init(master);
    if (!err)
        err = daemons_init(master);
    if (!err)
        err = crons_init(master);
    if (!err)
        err = health_init(master);
    if (!err)
        err = stats_init(master);
    if (!err)
        err = pushers_init(master);
    if (!err)
        err = metering_init(master);
    if (!err)
        err = upgrade_listen(master);
    if (!err)
        err = signals_init(master);
    if (!err)
        err = raisers_init(master);
    if (!err)
        err = aides_init(master);
    if (!err)
        err = tending_init(master);
    if (!err)
        err = alarms_init(master);
    if (!err)
        err = logfile_watch(master);
    if (!err)
        err = keeper_init(master);
    return err ? err : ways_open(master);
}

static void
fini(struct master *master)
{
    upgrade_close(master);
    former_close(master);
    ways_close(master);
    free(master->current);
    aides_free(&master->aides);
    alarms_free(&master->alarms);
    logfile_free(&master->logfile);
    keeper_free(&master->keeper);
    tending_free(&master->tending);
    signals_free(&master->signals);
    raisers_free(&master->raisers);
    health_free(&master->health);
    pushers_free(&master->pushers);
    metering_free(&master->metering);
    stats_free(&master->stats, master->plan->vacuum);
    daemons_free(&master->daemons);
    crons_free(&master->crons);
    free(master->service);
    scaling_free(&master->scaling);
    free(master->workers);
    free(master->eyes);
    bask_loop_free(&master->loop);
}

int
bask_master_run(const struct bask_master_plan *plan)
{
    static const int signals[] = {SIGINT,  SIGQUIT, SIGTERM, SIGHUP, SIGTSTP,
                                  SIGCHLD, SIGUSR1, SIGUSR2, 0};
    struct master master = {
        .plan = plan,
        .code = BASK_EXIT_OK,
        .tick.on_due = on_tick,
        .deadline.on_due = on_tick,
        .bell = {.fd = plan->board->bell, .on_event = on_bell},
        .started_at = bask_clock_wall(),
        .heir = plan->before != NULL,
        .former = {.fd = -1},
    };
    if (init(&master)) {
        fini(&master);
        return BASK_EXIT_FAILED;
    }
    bask_log(BASK_LOG_INFO, "spawned Bask master process (pid: %d)", (int)getpid());
    bask_proc_adopt_orphans();
    bask_signals_watch(master.loop, signals);
    generation_start(&master, false);
    if (master.next)
        run(&master);
    else
        master.code = BASK_EXIT_FAILED;
    bask_signals_forget();
    if (plan->ret_shared)
        *plan->ret_shared = master.replaced || master.heir;
    fini(&master);
    bask_log(BASK_LOG_INFO, "goodbye to Bask.");
    return master.code;
}
