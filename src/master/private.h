/*
 * The master's parts: generations of zygotes, and the roster of workers. Private to master/.
 */
#pragma once

#include "loop/loop.h"
#include "master/master.h"

#include <sys/types.h>

/* A zygote and what came of it. */
struct generation {
    struct bask_io io; /* the channel to it */
    struct master *master;
    unsigned number;
    pid_t pid; /* 0: it has ended */
    bool ready;
    bool substitute; /* for one that died: the workers of that one stay */
    int code;        /* of a FAILED message */
};

enum worker_state {
    WORKER_DOWN,    /* to be forked as soon as a generation is ready, not before `not_before_us` */
    WORKER_FORKING, /* the zygote was asked */
    WORKER_RUNNING,
    WORKER_ENDING, /* told to end; killed at `kill_at_us` */
};

struct worker {
    enum worker_state state;
    pid_t pid;
    unsigned generation;
    bool respawned;
    int64_t started_us, not_before_us, kill_at_us;
};

struct master {
    const struct bask_master_plan *plan;
    struct bask_loop *loop;
    /* `next` is being loaded, `old` waits for its last worker to end. All may be NULL. */
    struct generation *current, *next, *old;
    struct worker *workers; /* [plan->workers] */
    struct bask_timer tick;
    unsigned generations;
    int64_t retry_us;    /* delay before a zygote is tried again */
    int64_t retry_at_us; /* 0: no zygote has to be tried again */
    bool stopping;
    bool brutal;        /* the reload under way cuts requests off */
    bool reload_wanted; /* another one was asked for meanwhile, */
    bool wanted_brutal; /* of this kind */
    int code;           /* the exit status */
};

/* generation.c */
/* Starts loading a generation as master->next. */
void generation_start(struct master *master);
/* The process `pid` has ended: true if it was a zygote. */
bool generation_ended(struct master *master, pid_t pid, int status);
/* Closes the channel to a zygote: without workers it ends at once. */
void generation_dismiss(struct master *master, struct generation *generation);
/* Asks the current zygote for a worker. */
int generation_fork(struct master *master, uint32_t worker_id);
/* Kills the zygotes that are still loading and dismisses the others. */
void generation_stop_all(struct master *master);
bool generation_none_left(const struct master *master);

/* roster.c */
void roster_forked(struct master *master, uint32_t id, pid_t pid, unsigned generation);
void roster_ended(struct master *master, pid_t pid, int status);
/* Tells every worker to end at once. */
void roster_stop(struct master *master);
/* Moves on what can be: forks missing workers, replaces those of an old generation, kills those
 * that do not end. */
void roster_advance(struct master *master);
/* No worker is left of a generation before the current one. */
bool roster_is_current(const struct master *master);
/* Every worker runs: nothing will have to be done at a certain time. */
bool roster_is_settled(const struct master *master);
/* No worker process is left. */
bool roster_is_empty(const struct master *master);
/* A zygote died and its workers need not: those of `from` count as `to`'s from now on, and those
 * that it was asked for are asked for again. */
void roster_adopt(struct master *master, unsigned from, unsigned to);
