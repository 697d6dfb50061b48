/*
 * The process that keeps the log where loggers were asked for. It is there before the master's loop
 * begins and outlives it; here it is only started again if somebody ends it. What it has not read
 * waits in the pipes.
 */
#include "base/err.h"
#include "loop/signals.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { SHORT_LIFE_US = 1000000 };

struct keeper {
    struct master *master;
    struct bask_timer again;
    int64_t started_us;
};

static void
start(struct keeper *keeper)
{
    const struct bask_master_plan *plan = keeper->master->plan;
    keeper->started_us = bask_clock_us();
    *plan->keeper = plan->fork();
    if (*plan->keeper == 0) {
        bask_signals_forget();
        plan->keep_log(plan->context);
    }
    if (*plan->keeper > 0)
        return;
    bask_log(BASK_LOG_ERROR, "nobody keeps the log: %s", strerror(errno));
    bask_loop_timer_start(keeper->master->loop, &keeper->again, SHORT_LIFE_US);
}

static void
on_again(struct bask_timer *timer)
{
    start(BASK_CONTAINER(timer, struct keeper, again));
}

bool
keeper_ended(struct master *master, pid_t pid, int status)
{
    struct keeper *keeper = master->keeper;
    if (!keeper || *master->plan->keeper != pid)
        return false;
    bool early = bask_clock_us() - keeper->started_us < SHORT_LIFE_US;
    *master->plan->keeper = 0;
    bask_log(BASK_LOG_WARN,
             "the process that keeps the log (pid: %d) ended (%s %d); another one goes on",
             (int)pid, WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (early)
        bask_loop_timer_start(master->loop, &keeper->again, SHORT_LIFE_US);
    else
        start(keeper);
    return true;
}

void
keeper_turn(struct master *master, bool move)
{
    if (!master->keeper || *master->plan->keeper <= 0)
        return;
    kill(*master->plan->keeper, move ? SIGUSR2 : SIGUSR1);
    bask_log(BASK_LOG_INFO, move ? "files of the log are moved, and begin anew"
                                 : "files of the log are opened again");
}

int
keeper_init(struct master *master)
{
    if (!master->plan->keep_log)
        return BASK_OK;
    struct keeper *keeper = calloc(1, sizeof *keeper);
    if (!keeper)
        return BASK_E_NOMEM;
    *keeper = (struct keeper){master, {.on_due = on_again}, bask_clock_us()};
    master->keeper = keeper;
    return BASK_OK;
}

void
keeper_free(struct keeper **keeper)
{
    if (*keeper)
        bask_loop_timer_stop(&(*keeper)->again);
    free(*keeper);
    *keeper = NULL;
}
