/*
 * The scoreboard: what every worker is doing, in memory that all processes share.
 *
 * A worker has two places, so that its successor can start, warm and accept while it still answers
 * its last requests. One writer a field: a thread writes its own struct bask_board_thread, a
 * process its own struct bask_board_place, the master the rest and the place of a process that has
 * ended. Readers see numbers that may be a moment apart. A crash leaves the board
 * as it was.
 */
#pragma once

#include "obs/bounds.h"
#include "obs/warning.h"

#include <bask/plugin.h>

#include <stdatomic.h>

enum { BASK_PLACES = 2, BASK_BOARD_LINE = 80 };

/* An application thread. The counters are those of all who had this place. */
struct bask_board_thread {
    _Alignas(64) _Atomic uint64_t requests;
    _Atomic uint64_t exceptions;
    _Atomic uint64_t tx_bytes;
    _Atomic uint64_t busy_us;
    _Atomic int64_t busy_since_us; /* monotonic, coarse; 0: not inside a request */
    _Atomic int64_t deadline_us;   /* when the time of the request inside is up; 0: never, or it
                                      was up and the worker has seen to it */
    /* The request inside, or the last one: "GET /path?query", cut off. Nobody waits for a reader,
     * so it is text only once the process has ended or stands still. */
    _Alignas(8) char line[BASK_BOARD_LINE];
    _Atomic uint64_t signals;                   /* dealt with */
    _Atomic uint64_t write_errors, read_errors; /* the client had left, or was too slow */
    _Atomic uint32_t signal; /* 1 + the number of the signal that it is dealing with; 0: none */
};

/* What a worker wants of its master. */
enum bask_wish {
    BASK_WISH_NONE,
    BASK_WISH_SUCCESSOR, /* it has served long enough: another one shall replace it, gently */
    BASK_WISH_LOOK,      /* it left connections for others to accept: they shall look */
};

/* A process of a worker. */
struct bask_board_place {
    _Alignas(64) _Atomic int32_t pid;
    _Atomic int64_t started_at; /* Unix time */
    _Atomic uint32_t accepting; /* it takes requests */
    _Atomic uint32_t wish;      /* enum bask_wish */
    _Atomic uint64_t harakiris; /* requests whose time was up, of all who had this place */
    _Atomic uint32_t queued;    /* requests that wait for a thread, as of a moment ago */
    _Atomic int64_t beat_us; /* monotonic, coarse: the worker's last sign of life; 0: it is idle */
    _Atomic uint64_t bounds[BASK_BOUND_COUNT]; /* what clients ran into */
    /* What was answered with files, by no thread of the application; of all who had this place. */
    _Atomic uint64_t files, file_bytes;
    _Atomic uint64_t before; /* requests that were answered here when this process began */
};

/* A thread of a worker: what all had counted who had its places, and what the one that serves does,
 * or else the one before it. */
struct bask_board_core {
    uint64_t requests, exceptions, write_errors, read_errors;
    uint64_t files; /* of the worker: the first thread has them, for no thread answers them */
    int64_t busy_since_us; /* as in struct bask_board_thread */
    uint32_t signal;
    char line[BASK_BOARD_LINE]; /* empty where it is idle, or just now began something else */
};

struct bask_board_worker {
    _Alignas(64) _Atomic uint64_t respawns;
    _Atomic uint32_t side; /* the place of the process that serves, or did so last */
};

/* What all workers look at when the master signals them (SIGTSTP), and when they start. */
struct bask_board_server {
    _Alignas(64) _Atomic uint32_t paused; /* accept nothing */
    _Atomic uint32_t stopping;            /* nobody comes after those who are there, but */
    _Atomic uint32_t replaced;            /* another server serves on the same sockets */
    _Atomic uint32_t log_turns;           /* how often the log was to be opened again */
    _Atomic uint64_t routed_signals,
        unrouted_signals; /* of applications; the latter nobody wanted */
};

/* The last warm-up; written by the zygote that did it. What the fields mean is said in struct
 * bask_warmup_info. */
struct bask_board_warmup {
    _Alignas(64) _Atomic uint32_t generation, done, settled;
    _Atomic uint64_t requests, elapsed_us, first_ns, last_ns, failures;
    _Atomic int64_t traces;
    _Atomic uint32_t workers_hang; /* in warm-up requests; written by the one that does */
    _Atomic uint64_t statuses[6];
};

struct bask_board {
    uint32_t worker_count, thread_count;
    int bell; /* sys/bell.h: rung when the master should look here */
    struct bask_board_server *server;
    struct bask_board_worker *workers; /* [worker_count] */
    struct bask_board_place *places;   /* [worker_count * BASK_PLACES] */
    struct bask_board_thread *threads; /* [worker_count * BASK_PLACES * thread_count] */
    struct bask_board_warmup *warmup;
    struct bask_warning *warning; /* an application's */
};

/* Which place of the board: worker ids count from 1, sides from 0. */
struct bask_seat {
    uint32_t worker_id, side;
};

/* 0, BASK_E_NOMEM or BASK_E_SYSTEM. */
int bask_board_init(struct bask_board *board, uint32_t workers, uint32_t threads);

bool bask_board_has(const struct bask_board *board, struct bask_seat seat);
/* The same as a number from 0, for arrays of worker_count * BASK_PLACES. */
uint32_t bask_board_index(struct bask_seat seat);

struct bask_board_worker *bask_board_worker(const struct bask_board *board, uint32_t worker_id);
struct bask_board_place *bask_board_place(const struct bask_board *board, struct bask_seat seat);
/* Thread indexes count from 0. */
struct bask_board_thread *bask_board_thread(const struct bask_board *board, struct bask_seat seat,
                                            uint32_t thread);
/* The sum of a worker's places; BASK_E_NOTFOUND if there is no such worker. */
int bask_board_read(const struct bask_board *board, uint32_t worker_id,
                    struct bask_worker_info *ret_info);

/* A process begins in this place. */
void bask_board_begin(const struct bask_board *board, struct bask_seat seat);
/* Requests that the process has answered that serves as this worker, or did so last. */
uint64_t bask_board_since_begin(const struct bask_board *board, uint32_t worker_id);
/* The worker and the thread exist. */
void bask_board_read_core(const struct bask_board *board, uint32_t worker_id, uint32_t thread,
                          struct bask_board_core *ret_core);

/* How often clients of a worker ran into `bound`; 0 if there is no such worker. */
uint64_t bask_board_bound(const struct bask_board *board, uint32_t worker_id,
                          enum bask_bound bound);

/* Notes a warm-up; `info` as bask_board_read_warmup gives it. */
void bask_board_write_warmup(const struct bask_board *board, const struct bask_warmup_info *info);
/* BASK_E_NOTFOUND if there was none. */
int bask_board_read_warmup(const struct bask_board *board, struct bask_warmup_info *ret_info);

/* For the one writer of a counter: no locked instruction is needed. */
static inline void
bask_board_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}
