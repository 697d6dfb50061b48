/* Reads the scoreboard; see vitals.h. */
#include "master/vitals.h"

#include "master/private.h"

/* What one process that serves adds to the picture. */
static void
add_process(struct vitals *vitals, const struct bask_board *board, struct bask_seat seat,
            int64_t now, int64_t stuck_us)
{
    const struct bask_board_place *place = bask_board_place(board, seat);
    int64_t beat = atomic_load(&place->beat_us);
    uint32_t late = 0;
    for (uint32_t i = 0; i < board->thread_count; i++) {
        int64_t since = atomic_load(&bask_board_thread(board, seat, i)->busy_since_us);
        int64_t age = since && now > since ? now - since : 0;
        vitals->busy += since != 0;
        late += since && age >= stuck_us;
        if (age > vitals->oldest_us)
            vitals->oldest_us = age;
    }
    vitals->serving++;
    vitals->threads += board->thread_count;
    vitals->waiting += atomic_load(&place->queued);
    vitals->stuck += late == board->thread_count;
    vitals->silent += beat && now - beat >= stuck_us;
}

struct vitals
vitals_take(const struct master *master, int64_t now, int64_t stuck_us)
{
    const struct bask_board *board = master->plan->board;
    struct vitals vitals = {
        .generation = master->current ? master->current->number : 0,
        .wanted = roster_wanted(master),
        .cheap = scaling_is_cheap(master),
        .loaded = master->current && master->current->ready,
        .paused = master->paused,
        .stopping = master->stopping,
    };
    for (uint32_t i = 0; i < board->worker_count * BASK_PLACES; i++) {
        struct bask_seat seat = {i / BASK_PLACES + 1, i % BASK_PLACES};
        if (roster_serves(master, seat))
            add_process(&vitals, board, seat, now, stuck_us);
    }
    return vitals;
}

const char *
vitals_unready(const struct vitals *vitals)
{
    if (vitals->stopping)
        return "stopping";
    if (vitals->paused)
        return "paused";
    if (!vitals->loaded)
        return "loading";
    if (vitals->cheap)
        return NULL;
    if (!vitals->serving)
        return "no worker serves";
    /* One that is silent may be stuck as well: two workers, one of each kind, serve nobody. */
    if (vitals->stuck + vitals->silent >= vitals->serving)
        return vitals->silent ? "no sign of life" : "stuck";
    return NULL;
}

const char *
vitals_dead(const struct vitals *vitals)
{
    return vitals->serving && vitals->silent == vitals->serving ? "no sign of life" : NULL;
}
