/*
 * What the processes of a server share of its signals, in memory:
 *
 *   tables  a generation's: who wants which number, and what raises numbers (timers, cron, files);
 *           filled by its zygote and workers, read by the master
 *   raised  numbers that any process has raised; emptied by the master
 *   boxes   one a place of the scoreboard: numbers for that process; filled by the master, emptied
 *           by the worker
 *
 * A process that ends anywhere leaves all of it whole: what is read without a lock is a counter, or
 * is complete before it is counted. The lock is for those who fill the same table, and the master
 * never takes it.
 */
#pragma once

#include "base/str.h"
#include "svc/cron.h"

#include <bask/service_signal.h>

#include <stdatomic.h>

enum {
    BASK_SIGNAL_GENERATIONS = 3, /* that may be there beside a new one */
    BASK_SIGNAL_SOURCES = 256,
    BASK_SIGNAL_PATH = 4096,
    BASK_SIGNAL_WAITING = 64, /* of one number in one box */
    BASK_SIGNAL_WORDS = BASK_SIGNALS / 64,
};

struct bask_signal_board;

/* Who gets a number. */
enum bask_signal_to {
    BASK_SIGNAL_TO_NOBODY,
    BASK_SIGNAL_TO_ANY, /* worker */
    BASK_SIGNAL_TO_ALL,
    BASK_SIGNAL_TO_ONE,
    BASK_SIGNAL_TO_MULE, /* or any of them */
    BASK_SIGNAL_TO_MULES,
    BASK_SIGNAL_TO_FARM, /* any mule of it */
    BASK_SIGNAL_TO_SPOOLER
};

struct bask_signal_target {
    enum bask_signal_to to;
    uint32_t id; /* ONE: which worker. ANY, ALL: the only one that has a handler; 0: all have it.
                  * MULE: which, 0: any. FARM: which, from 0. */
};

enum bask_signal_kind { BASK_SIGNAL_TIMER = 1, BASK_SIGNAL_CRON, BASK_SIGNAL_FILES };

/* What raises a number. */
struct bask_signal_source {
    enum bask_signal_kind kind;
    uint32_t number;
    int64_t interval_us; /* TIMER */
    uint32_t times;      /* TIMER; 0: for ever */
    struct bask_cron cron;
    char path[BASK_SIGNAL_PATH]; /* FILES */
};

/* Waiting numbers: any process puts, one takes. */
struct bask_signal_box {
    _Atomic uint64_t set[BASK_SIGNAL_WORDS]; /* of numbers that may wait */
    _Atomic uint32_t waiting[BASK_SIGNALS];
    _Atomic uint32_t waiters; /* threads of the process that wait for any number: it gets those that
                               * nobody has defined */
};

/* BASK_E_LIMIT: so many of this number wait already. */
int bask_signal_put(struct bask_signal_box *box, uint32_t number);
/* How many of a number wait. */
uint32_t bask_signal_waiting(const struct bask_signal_box *box, uint32_t number);
/* The same of all numbers. */
uint64_t bask_signal_waiting_all(const struct bask_signal_box *box);
/* Takes one of this number; false if none waits. */
bool bask_signal_take(struct bask_signal_box *box, uint32_t number);
/* The first number from `from` on that may wait; BASK_SIGNALS if there is none. */
uint32_t bask_signal_next(const struct bask_signal_box *box, uint32_t from);

/* Shared memory for a server with so many places; `bell` is its scoreboard's. NULL: out of memory.
 */
struct bask_signal_board *bask_signals_new(uint32_t places, int bell);
struct bask_signal_box *bask_signals_raised(struct bask_signal_board *board);
struct bask_signal_box *bask_signals_box(struct bask_signal_board *board, uint32_t place);
/* Puts a number into `raised` and rings. 0, BASK_E_RANGE, BASK_E_LIMIT. */
int bask_signals_raise(struct bask_signal_board *board, uint32_t number);

/* The master gives a new generation a table that is none of the others' (0: none). */
void bask_signals_reserve(struct bask_signal_board *board, uint32_t generation,
                          const uint32_t others[BASK_SIGNAL_GENERATIONS]);
/* The generation's zygote begins: its table is empty. */
void bask_signals_begin(struct bask_signal_board *board, uint32_t generation);
/* Says that a process of this generation (worker_id 0: the zygote, or no worker) has a handler.
 * BASK_E_STATE: the generation's table is another's by now. */
int bask_signals_define(struct bask_signal_board *board, uint32_t generation, uint32_t worker_id,
                        uint32_t number, struct bask_signal_target target);
/* Adds a source; the same twice is one. BASK_E_LIMIT, BASK_E_STATE. */
int bask_signals_add(struct bask_signal_board *board, uint32_t generation,
                     const struct bask_signal_source *source);

/* For the master. Who wants a number. */
struct bask_signal_target bask_signals_target(const struct bask_signal_board *board,
                                              uint32_t generation, uint32_t number);
/* The source `index`, which stays as it is while its generation lives; NULL if there is none. */
const struct bask_signal_source *bask_signals_source(const struct bask_signal_board *board,
                                                     uint32_t generation, uint32_t index);
