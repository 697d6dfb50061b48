/*
 * Whether a client is too slow: it moves nothing for too long, or too little.
 *
 * Only time in which somebody waited for the client counts, so an application that takes its time
 * over a body is not held against whoever sends it. The rate is looked at when something has moved,
 * over BASK_PACE_WINDOW_US of such time or more: a pause does not matter that is made up for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { BASK_PACE_WINDOW_US = 20000000 };

/* Zero it before a body or a response. */
struct bask_pace {
    int64_t from_us;    /* somebody waits, and it was last looked at then; 0: nobody does */
    int64_t stalled_us; /* of waiting since the last byte */
    int64_t waited_us;  /* of waiting in this window */
    int64_t moved;      /* bytes in this window */
};

struct bask_pace_limits {
    int64_t stall_us; /* without a byte, and the window if it is shorter; 0: no limit */
    int64_t rate;     /* bytes a second; 0: no limit */
};

enum bask_pace_verdict { BASK_PACE_FINE, BASK_PACE_STALLED, BASK_PACE_SLOW };

/* Bytes moved. */
void bask_pace_move(struct bask_pace *pace, int64_t now_us, int64_t bytes);
/* Somebody waits, still or from now on. Never called, it never says that a client is slow. */
enum bask_pace_verdict bask_pace_wait(struct bask_pace *pace, int64_t now_us,
                                      struct bask_pace_limits limits);
