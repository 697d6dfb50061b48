/* The workers: who they are, who is missing, who has to go. */
#include "master/private.h"

#include "ipc/exit.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <signal.h>
#include <sys/wait.h>

enum {
    MERCY_US = 60000000,    /* for requests to end before a gracefully ended worker is killed */
    CUT_MERCY_US = 5000000, /* the same for one that was told to end at once */
    TOO_SOON_US = 1000000,  /* a worker that lived shorter is replaced only after as long */
};

static struct worker *
find(struct master *master, pid_t pid)
{
    for (uint32_t i = 0; i < master->plan->workers; i++)
        if (master->workers[i].pid == pid && pid > 0)
            return &master->workers[i];
    return NULL;
}

static uint32_t
id_of(const struct master *master, const struct worker *worker)
{
    return (uint32_t)(worker - master->workers) + 1;
}

static void
end(struct worker *worker, int signal, int64_t mercy_us)
{
    worker->state = WORKER_ENDING;
    worker->kill_at_us = bask_clock_us() + mercy_us;
    kill(worker->pid, signal);
}

void
roster_forked(struct master *master, uint32_t id, pid_t pid, unsigned generation)
{
    struct worker *worker = &master->workers[id - 1];
    int64_t now = bask_clock_us();
    if (pid < 0) {
        worker->state = WORKER_DOWN;
        worker->not_before_us = now + TOO_SOON_US;
        return;
    }
    if (worker->pid == pid)
        return; /* both the zygote and the worker tell of it */
    *worker = (struct worker){
        .state = WORKER_RUNNING,
        .pid = pid,
        .generation = generation,
        .respawned = worker->respawned,
        .started_us = now,
    };
    if (worker->respawned)
        bask_log(BASK_LOG_INFO, "Respawned Bask worker %u (new pid: %d)", id, (int)pid);
    worker->respawned = false;
    if (master->stopping)
        end(worker, SIGINT, CUT_MERCY_US);
}

static void
log_death(const struct master *master, const struct worker *worker, int status)
{
    uint32_t id = id_of(master, worker);
    if (WIFSIGNALED(status))
        bask_log(BASK_LOG_ERROR,
                 "DAMN ! worker %u (pid: %d) died, killed by signal %d :( trying respawn ...", id,
                 (int)worker->pid, WTERMSIG(status));
    else if (WEXITSTATUS(status) != BASK_EXIT_RELOAD && WEXITSTATUS(status) != BASK_EXIT_END)
        bask_log(BASK_LOG_ERROR,
                 "DAMN ! worker %u (pid: %d) ended with status %d :( trying respawn ...", id,
                 (int)worker->pid, WEXITSTATUS(status));
}

void
roster_ended(struct master *master, pid_t pid, int status)
{
    struct worker *worker = find(master, pid);
    int64_t now = bask_clock_us();
    if (!worker)
        return;
    struct bask_board_worker *board = bask_board_worker(master->plan->board, id_of(master, worker));
    bool asked = worker->state == WORKER_ENDING;
    bool early = !asked && now - worker->started_us < TOO_SOON_US;
    if (!asked) {
        log_death(master, worker, status);
        bask_board_add(&board->respawns, 1);
    }
    atomic_store(&board->pid, 0);
    atomic_store(&board->accepting, 0);
    *worker = (struct worker){
        .state = WORKER_DOWN,
        .respawned = true,
        .not_before_us = early ? now + TOO_SOON_US : 0,
    };
}

void
roster_stop(struct master *master)
{
    for (uint32_t i = 0; i < master->plan->workers; i++) {
        struct worker *worker = &master->workers[i];
        if (worker->state == WORKER_RUNNING || worker->state == WORKER_ENDING)
            end(worker, SIGINT, CUT_MERCY_US);
    }
}

void
roster_adopt(struct master *master, unsigned from, unsigned to)
{
    for (uint32_t i = 0; i < master->plan->workers; i++) {
        struct worker *worker = &master->workers[i];
        if (worker->state == WORKER_FORKING)
            worker->state = WORKER_DOWN; /* who was asked is gone */
        else if (worker->generation == from)
            worker->generation = to;
    }
}

static void
fork_missing(struct master *master, int64_t now)
{
    if (master->stopping || !master->current || !master->current->ready)
        return;
    for (uint32_t i = 0; i < master->plan->workers; i++) {
        struct worker *worker = &master->workers[i];
        if (worker->state == WORKER_DOWN && worker->not_before_us <= now &&
            !generation_fork(master, i + 1)) {
            worker->state = WORKER_FORKING;
            worker->generation = master->current->number; /* who has to answer */
        }
    }
}

/* One at a time, so that the others serve meanwhile; all at once if requests may be cut off. */
static void
replace_old(struct master *master)
{
    if (!master->current || master->stopping)
        return;
    for (uint32_t i = 0; i < master->plan->workers; i++) {
        struct worker *worker = &master->workers[i];
        bool is_old = worker->generation != master->current->number;
        if (worker->state == WORKER_RUNNING && is_old) {
            end(worker, master->brutal ? SIGINT : SIGHUP, master->brutal ? CUT_MERCY_US : MERCY_US);
            if (!master->brutal)
                return;
        } else if (worker->state != WORKER_RUNNING && !master->brutal) {
            return; /* its successor first */
        }
    }
}

static void
kill_late(struct master *master, int64_t now)
{
    for (uint32_t i = 0; i < master->plan->workers; i++) {
        struct worker *worker = &master->workers[i];
        if (worker->state != WORKER_ENDING || worker->kill_at_us > now)
            continue;
        bask_log(BASK_LOG_ERROR,
                 "worker %u (pid: %d) is taking too much time to die...NO MERCY !!!", i + 1,
                 (int)worker->pid);
        kill(worker->pid, SIGKILL);
        worker->kill_at_us = now + CUT_MERCY_US;
    }
}

void
roster_advance(struct master *master)
{
    int64_t now = bask_clock_us();
    kill_late(master, now);
    replace_old(master);
    fork_missing(master, now);
}

bool
roster_is_current(const struct master *master)
{
    for (uint32_t i = 0; i < master->plan->workers; i++) {
        const struct worker *worker = &master->workers[i];
        if (worker->state != WORKER_DOWN && worker->generation != master->current->number)
            return false;
    }
    return true;
}

static bool
all_are(const struct master *master, enum worker_state state)
{
    for (uint32_t i = 0; i < master->plan->workers; i++)
        if (master->workers[i].state != state)
            return false;
    return true;
}

bool
roster_is_settled(const struct master *master)
{
    return all_are(master, WORKER_RUNNING);
}

bool
roster_is_empty(const struct master *master)
{
    return all_are(master, WORKER_DOWN);
}
