/* Counting what clients run into, and telling of it with restraint. */
#include "net/tally.h"

#include "obs/board.h"
#include "obs/log.h"

#include <stdio.h>
#include <string.h>

enum {
    WINDOW_S = 10,
    TOLD_ONE_BY_ONE = 4, /* of each reason in a window */
};

static void
tell_rest(struct bask_tally *tally)
{
    for (size_t i = 0; i < tally->used; i++) {
        const struct bask_tally_row *row = &tally->rows[i];
        char status[32] = "";
        if (row->count <= TOLD_ONE_BY_ONE)
            continue;
        if (row->status)
            snprintf(status, sizeof status, "refused with %u: ", row->status);
        bask_log(BASK_LOG_WARN, "%u more in %d s: %s%s; the last was %s",
                 row->count - TOLD_ONE_BY_ONE, WINDOW_S, status, row->reason, row->last);
    }
    tally->used = 0;
}

static void
on_window(struct bask_timer *timer)
{
    tell_rest(BASK_CONTAINER(timer, struct bask_tally, window));
}

void
bask_tally_init(struct bask_tally *tally, struct bask_loop *loop)
{
    tally->loop = loop;
    tally->window.on_due = on_window;
}

void
bask_tally_fini(struct bask_tally *tally)
{
    bask_loop_timer_stop(&tally->window);
    tell_rest(tally);
}

/* NULL: there are more kinds than rows. */
static struct bask_tally_row *
row_of(struct bask_tally *tally, const char *reason)
{
    for (size_t i = 0; i < tally->used; i++)
        if (tally->rows[i].reason == reason)
            return &tally->rows[i];
    if (tally->used == BASK_TALLY_ROWS)
        return NULL;
    if (tally->used == 0)
        bask_loop_timer_start(tally->loop, &tally->window, INT64_C(1000000) * WINDOW_S);
    tally->rows[tally->used] = (struct bask_tally_row){.reason = reason};
    return &tally->rows[tally->used++];
}

void
bask_tally_note(struct bask_tally *tally, enum bask_bound bound, const char *who, unsigned status,
                const char *reason)
{
    if (tally->counters)
        bask_board_add(&tally->counters[bound], 1);
    if (!who[0])
        who = "unix socket";
    struct bask_tally_row *row = row_of(tally, reason);
    if (row) {
        row->status = status;
        snprintf(row->last, sizeof row->last, "%s", who);
        if (++row->count > TOLD_ONE_BY_ONE)
            return;
    }
    if (status)
        bask_log(BASK_LOG_WARN, "%s: refused with %u: %s", who, status, reason);
    else
        bask_log(BASK_LOG_WARN, "%s: %s", who, reason);
}
