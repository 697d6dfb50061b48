/*
 * Has the cost of a request settled? Fed with the mean cost of one window after the other, of equal
 * work each, and nothing else: no clock, no request.
 *
 * The cost of an application that a JIT compiles falls like a hyperbola, with windows far above it
 * where much is compiled at once. So what counts is how long the best cost seen has stood: when it
 * was not beaten by a clear margin during the last third of all windows, what waiting as long again
 * could gain is small. A small gain that adds up over the windows counts as one. And while windows
 * still cost far more than the best one, much is being compiled and nothing is settled.
 */
#pragma once

#include <stdbool.h>

enum { BASK_STEADY_RECENT = 5 };

struct bask_steady {
    unsigned count;   /* windows so far */
    unsigned best_at; /* the window that last beat the best cost by a clear margin */
    double best;      /* its cost */
    double level;     /* what windows cost of late */
    double recent[BASK_STEADY_RECENT]; /* the last windows, in a circle */
};

/* All zero at first. Notes a window; true once the cost has settled. */
bool bask_steady_add(struct bask_steady *steady, double cost);
