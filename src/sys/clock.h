/*
 * Clocks. Monotonic time counts from an unknown point and never jumps; wall time is Unix time.
 */
#pragma once

#include <stdint.h>
#include <time.h>

static inline int64_t
bask_clock_read_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Monotonic, microseconds, exact. */
static inline int64_t
bask_clock_us(void)
{
    return bask_clock_read_us(CLOCK_MONOTONIC);
}

/* Monotonic, microseconds, a few milliseconds coarse, several times cheaper. */
static inline int64_t
bask_clock_coarse_us(void)
{
    return bask_clock_read_us(CLOCK_MONOTONIC_COARSE);
}

/* Wall time, whole seconds. */
static inline int64_t
bask_clock_wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    return t.tv_sec;
}

/* Wall time, microseconds, exact. */
static inline int64_t
bask_clock_wall_us(void)
{
    return bask_clock_read_us(CLOCK_REALTIME);
}
