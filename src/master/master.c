/*
 * The master's loop: signals and messages come in, then everything that can move on is moved on.
 * Nothing waits inside a handler; what takes time is looked at again with the next tick.
 */
#include "master/master.h"

#include "ipc/exit.h"
#include "loop/signals.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_US = 250000 };

#define GOT(signals, number) ((signals)&UINT64_C(1) << (number))

static void
stop(struct master *master)
{
    if (master->stopping)
        return;
    bask_log(BASK_LOG_INFO, "stopping");
    master->stopping = true;
    roster_stop(master);
}

static void
reload(struct master *master, bool brutal)
{
    if (master->stopping)
        return;
    if (master->next || master->old || !master->current) {
        bask_log(BASK_LOG_INFO, "a reload is under way; another one follows it");
        master->reload_wanted = true;
        master->wanted_brutal = master->wanted_brutal || brutal;
        return;
    }
    bask_log(BASK_LOG_INFO, "reloading%s", brutal ? " (requests are cut off)" : "");
    master->brutal = brutal;
    generation_start(master);
    if (master->next)
        master->next->substitute = false; /* the workers shall be replaced too */
}

static void
reap(struct master *master)
{
    int status;
    pid_t pid;
    /* Workers whose zygote died are children of this process too. */
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (!generation_ended(master, pid, status))
            roster_ended(master, pid, status);
}

static void
take_signals(struct master *master)
{
    uint64_t signals = bask_signals_take();
    if (GOT(signals, SIGCHLD))
        reap(master);
    if (GOT(signals, SIGINT) || GOT(signals, SIGQUIT) ||
        (GOT(signals, SIGTERM) && master->plan->die_on_term))
        stop(master);
    else if (GOT(signals, SIGTERM))
        reload(master, true);
    else if (GOT(signals, SIGHUP))
        reload(master, false);
}

static void
advance(struct master *master)
{
    roster_advance(master);
    if (master->old && master->current && roster_is_current(master))
        generation_dismiss(master, master->old);
    if (master->retry_at_us && master->retry_at_us <= bask_clock_us() && !master->next &&
        !master->stopping)
        generation_start(master);
    if (master->reload_wanted && master->current && !master->next && !master->old) {
        bool wanted_brutal = master->wanted_brutal;
        master->reload_wanted = master->wanted_brutal = false;
        reload(master, wanted_brutal);
    }
    if (master->stopping && roster_is_empty(master))
        generation_stop_all(master);
}

/* The loop does the rest. */
static void
on_tick(struct bask_timer *timer)
{
    (void)timer;
}

/* A master whose workers all run sleeps until it is told something. */
static void
arm_tick(struct master *master)
{
    bool settled = roster_is_settled(master) && !master->retry_at_us && !master->stopping;
    if (!settled && bask_list_is_unlinked(&master->tick.link))
        bask_loop_timer_start(master->loop, &master->tick, TICK_US);
}

static void
run(struct master *master)
{
    while (!(master->stopping && roster_is_empty(master) && generation_none_left(master))) {
        while (bask_loop_dispatch(master->loop))
            continue;
        take_signals(master);
        advance(master);
        arm_tick(master);
        bask_loop_waited(master->loop,
                         bask_loop_wait(master->loop, bask_loop_timeout(master->loop)));
    }
}

int
bask_master_run(const struct bask_master_plan *plan)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, 0};
    struct master master = {.plan = plan, .code = BASK_EXIT_OK, .tick.on_due = on_tick};
    master.loop = bask_loop_new();
    master.workers = calloc(plan->workers, sizeof *master.workers);
    if (!master.loop || !master.workers) {
        bask_log(BASK_LOG_ERROR, "the master cannot start: out of memory");
        bask_loop_free(&master.loop);
        free(master.workers);
        return BASK_EXIT_FAILED;
    }
    bask_log(BASK_LOG_INFO, "spawned Bask master process (pid: %d)", (int)getpid());
    bask_proc_adopt_orphans();
    bask_signals_watch(master.loop, signals);
    generation_start(&master);
    if (master.next)
        run(&master);
    else
        master.code = BASK_EXIT_FAILED;
    bask_signals_forget();
    free(master.current);
    free(master.workers);
    bask_loop_free(&master.loop);
    bask_log(BASK_LOG_INFO, "goodbye to Bask.");
    return master.code;
}
