/* CPU affinity on Linux. */
#include "sys/affinity.h"

#include "base/err.h"

#include <sched.h>

/* The CPU at `index` among those of the set. */
static int
nth(const cpu_set_t *set, uint32_t index)
{
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, set) && index-- == 0)
            return cpu;
    return 0;
}

int
bask_affinity_take(uint32_t worker_id, uint32_t count)
{
    cpu_set_t all, own;
    if (sched_getaffinity(0, sizeof all, &all))
        return BASK_E_SYSTEM;
    uint32_t available = (uint32_t)CPU_COUNT(&all);
    CPU_ZERO(&own);
    for (uint32_t i = 0; i < count && i < available; i++)
        CPU_SET(nth(&all, ((worker_id - 1) * count + i) % available), &own);
    return sched_setaffinity(0, sizeof own, &own) ? BASK_E_SYSTEM : BASK_OK;
}
