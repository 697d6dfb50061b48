/*
 * The scoreboard: what every worker is doing, in memory that all processes share.
 *
 * One writer a field: a thread writes its own struct bask_board_thread, a worker its own
 * bask_board_worker but `respawns`, the master the rest. Readers see numbers that may be a moment
 * apart. A crash leaves the board as it was.
 */
#pragma once

#include <bask/plugin.h>

#include <stdatomic.h>

/* An application thread. The counters are those of all who had this place. */
struct bask_board_thread {
    _Alignas(64) _Atomic uint64_t requests;
    _Atomic uint64_t exceptions;
    _Atomic uint64_t tx_bytes;
    _Atomic uint64_t busy_us;
    _Atomic int64_t busy_since_us; /* monotonic, coarse; 0: not inside a request */
};

struct bask_board_worker {
    _Alignas(64) _Atomic int32_t pid;
    _Atomic int64_t started_at; /* Unix time */
    _Atomic uint32_t accepting;
    _Atomic uint64_t respawns;
};

struct bask_board {
    uint32_t worker_count, thread_count;
    struct bask_board_worker *workers; /* [worker_count] */
    struct bask_board_thread *threads; /* [worker_count * thread_count] */
};

/* 0 or BASK_E_NOMEM. */
int bask_board_init(struct bask_board *board, uint32_t workers, uint32_t threads);

/* Worker ids count from 1, thread indexes from 0. */
struct bask_board_worker *bask_board_worker(const struct bask_board *board, uint32_t worker_id);
struct bask_board_thread *bask_board_thread(const struct bask_board *board, uint32_t worker_id,
                                            uint32_t thread);
/* The sum of a worker's places; BASK_E_NOTFOUND if there is no such worker. */
int bask_board_read(const struct bask_board *board, uint32_t worker_id,
                    struct bask_worker_info *ret_info);

/* For the one writer of a counter: no locked instruction is needed. */
static inline void
bask_board_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}
