/* The layout and the reading of the scoreboard. */
#include "obs/board.h"

#include "base/err.h"
#include "sys/proc.h"

int
bask_board_init(struct bask_board *board, uint32_t workers, uint32_t threads)
{
    size_t worker_bytes = workers * sizeof *board->workers;
    char *memory =
        bask_proc_shared_memory(worker_bytes + (size_t)workers * threads * sizeof *board->threads);
    if (!memory)
        return BASK_E_NOMEM;
    board->worker_count = workers;
    board->thread_count = threads;
    board->workers = (struct bask_board_worker *)memory;
    board->threads = (struct bask_board_thread *)(memory + worker_bytes);
    return BASK_OK;
}

struct bask_board_worker *
bask_board_worker(const struct bask_board *board, uint32_t worker_id)
{
    return &board->workers[worker_id - 1];
}

struct bask_board_thread *
bask_board_thread(const struct bask_board *board, uint32_t worker_id, uint32_t thread)
{
    return &board->threads[(worker_id - 1) * board->thread_count + thread];
}

int
bask_board_read(const struct bask_board *board, uint32_t worker_id,
                struct bask_worker_info *ret_info)
{
    if (worker_id < 1 || worker_id > board->worker_count)
        return BASK_E_NOTFOUND;
    const struct bask_board_worker *worker = bask_board_worker(board, worker_id);
    struct bask_worker_info info = {
        .id = worker_id,
        .pid = atomic_load(&worker->pid),
        .respawns = atomic_load(&worker->respawns),
        .started_at = atomic_load(&worker->started_at),
        .accepting = atomic_load(&worker->accepting),
    };
    for (uint32_t i = 0; i < board->thread_count; i++) {
        const struct bask_board_thread *thread = bask_board_thread(board, worker_id, i);
        info.requests += atomic_load(&thread->requests);
        info.exceptions += atomic_load(&thread->exceptions);
        info.tx_bytes += atomic_load(&thread->tx_bytes);
        info.busy_us += atomic_load(&thread->busy_us);
        info.threads_busy += atomic_load(&thread->busy_since_us) != 0;
    }
    info.rss_bytes = info.pid ? bask_proc_rss(info.pid) : 0;
    *ret_info = info;
    return BASK_OK;
}
