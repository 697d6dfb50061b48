/* The running minimum of the cost, and how long it has stood. */
#include "proc/steady.h"

enum {
    WINDOWS_MIN = 20, /* fewer say nothing */
    QUIET_MIN = 12,
    QUIET_PART = 3, /* a third of all windows */
};

/* A cost below this part of the best one is clearly better. */
#define MARGIN 0.95
/* Where windows usually cost so many times the best one, much is still being compiled. */
#define RESTLESS 1.5
/* Weight of a window in what windows usually cost. */
#define LEVEL 0.2

/* The median of the last windows: one lucky window must not set a mark that no other can beat. */
static double
usual_cost(const struct bask_steady *steady)
{
    double sorted[BASK_STEADY_RECENT] = {0};
    unsigned count = steady->count < BASK_STEADY_RECENT ? steady->count : BASK_STEADY_RECENT;
    for (unsigned i = 0; i < count; i++) {
        unsigned at = i;
        for (; at && sorted[at - 1] > steady->recent[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = steady->recent[i];
    }
    return sorted[count / 2];
}

bool
bask_steady_add(struct bask_steady *steady, double cost)
{
    unsigned index = steady->count++;
    steady->recent[index % BASK_STEADY_RECENT] = cost;
    double usual = usual_cost(steady);
    if (!index || usual < steady->best * MARGIN) {
        steady->best = usual;
        steady->best_at = index;
    }
    steady->level = index ? steady->level + LEVEL * (cost - steady->level) : cost;
    unsigned quiet = index - steady->best_at;
    return steady->count >= WINDOWS_MIN && quiet >= QUIET_MIN &&
           quiet >= steady->count / QUIET_PART && steady->level <= steady->best * RESTLESS;
}
