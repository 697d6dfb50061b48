/*
 * The last resort against requests that take too long.
 *
 * A worker sees to the deadlines of its requests itself (proc/harakiri.c). One that does not, long
 * after a deadline, because it stands still or its loop hangs, is killed.
 */
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <signal.h>

enum { SLACK_US = 2000000 }; /* what a worker is late at most when the machine is busy */

/* The earliest deadline of a process that it should have seen to; INT64_MAX: none. */
static int64_t
first_deadline(const struct bask_board *board, struct bask_seat seat)
{
    int64_t first = INT64_MAX;
    for (uint32_t i = 0; i < board->thread_count; i++) {
        int64_t at = atomic_load(&bask_board_thread(board, seat, i)->deadline_us);
        if (at && at < first)
            first = at;
    }
    return first;
}

static void
forget_deadlines(const struct bask_board *board, struct bask_seat seat)
{
    for (uint32_t i = 0; i < board->thread_count; i++)
        atomic_store(&bask_board_thread(board, seat, i)->deadline_us, 0);
}

static void
kill_stuck(const struct bask_board *board, struct bask_seat seat, pid_t pid, int64_t late_us)
{
    bask_log(BASK_LOG_ERROR,
             "worker %u (pid: %d) is stuck: it does not end a request that is %.1f s over its time",
             seat.worker_id, (int)pid, (double)late_us / 1e6);
    forget_deadlines(board, seat); /* of a process that does nothing more */
    kill(pid, SIGKILL);
}

void
limits_advance(struct master *master, int64_t now)
{
    const struct bask_master_plan *plan = master->plan;
    const struct bask_board *board = plan->board;
    int64_t patience = plan->request_grace_ms * 1000 + SLACK_US;
    int64_t next = plan->request_limit_ms ? now + plan->request_limit_ms * 1000 : INT64_MAX;
    for (uint32_t i = 0; i < board->worker_count * BASK_PLACES; i++) {
        struct bask_seat seat = {i / BASK_PLACES + 1, i % BASK_PLACES};
        pid_t pid = master->workers[i / BASK_PLACES].places[i % BASK_PLACES].pid;
        int64_t first = pid > 0 ? first_deadline(board, seat) : INT64_MAX;
        if (first == INT64_MAX)
            continue;
        if (first + patience <= now)
            kill_stuck(board, seat, pid, now - first);
        else if (first < next)
            next = first;
    }
    bask_loop_timer_stop(&master->deadline);
    if (next != INT64_MAX)
        bask_loop_timer_start(master->loop, &master->deadline, next + patience - now);
}
