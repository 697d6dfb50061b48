/* Whether a client is too slow. */
#include "net/pace.h"

static void
count_time(struct bask_pace *pace, int64_t now_us)
{
    int64_t waited = pace->from_us ? now_us - pace->from_us : 0;
    if (waited < 0)
        waited = 0; /* the loop's clock is coarse */
    pace->waited_us += waited;
    pace->stalled_us += waited;
}

void
bask_pace_move(struct bask_pace *pace, int64_t now_us, int64_t bytes)
{
    count_time(pace, now_us);
    pace->from_us = 0;
    pace->stalled_us = 0;
    pace->moved += bytes;
}

enum bask_pace_verdict
bask_pace_wait(struct bask_pace *pace, int64_t now_us, struct bask_pace_limits limits)
{
    int64_t window = BASK_PACE_WINDOW_US;
    if (limits.stall_us && limits.stall_us < window)
        window = limits.stall_us;
    count_time(pace, now_us);
    pace->from_us = now_us;
    if (limits.stall_us && pace->stalled_us >= limits.stall_us)
        return BASK_PACE_STALLED;
    if (pace->waited_us < window || pace->stalled_us)
        return BASK_PACE_FINE;
    bool slow = pace->moved < limits.rate * (pace->waited_us / 1000) / 1000;
    pace->waited_us = pace->moved = 0;
    return slow ? BASK_PACE_SLOW : BASK_PACE_FINE;
}
