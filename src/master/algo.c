/*
 * The algorithms, one function each. What all of them share: nothing is added while workers are on
 * their way, never more than `max` and never fewer than `min` remain, and one goes at a time.
 */
#include "master/algo.h"

enum { SECOND_US = 1000000, FORGET_WINDOWS = 10 };

/* As many of `wanted` as there is room for. */
static int
room_for(const struct algo_limits *limits, const struct algo_sample *sample, int64_t wanted)
{
    int64_t room = sample->active < limits->max ? limits->max - sample->active : 0;
    return (int)(wanted < room ? wanted : room);
}

static int
one_less(const struct algo_limits *limits, const struct algo_sample *sample)
{
    return sample->active > limits->min && !sample->coming ? -1 : 0;
}

/* Whether `is` has been so for `limit_us`; *since notes when it began. Once it is true it begins
 * anew. */
static bool
has_lasted(bool is, int64_t *since, int64_t now_us, int64_t limit_us)
{
    if (!is) {
        *since = 0;
        return false;
    }
    if (!*since)
        *since = now_us;
    if (now_us - *since < limit_us)
        return false;
    *since = now_us;
    return true;
}

/* Adds when nobody has been idle for a while, takes away when two or more have been. */
static int
spare(const struct algo_limits *limits, struct algo_memory *memory,
      const struct algo_sample *sample)
{
    int64_t while_us = limits->overload * SECOND_US;
    bool full = !sample->coming && sample->busy >= sample->active;
    bool too_many = sample->active - sample->busy >= 2 && sample->busy < sample->active;
    bool add = has_lasted(full, &memory->full_since_us, sample->now_us, while_us);
    bool less = has_lasted(too_many, &memory->spare_since_us, sample->now_us, while_us);
    return add ? room_for(limits, sample, limits->step) : less ? one_less(limits, sample) : 0;
}

/* Keeps `min` workers idle: adds before there are too few, takes away slowly. */
static int
spare2(const struct algo_limits *limits, struct algo_memory *memory,
       const struct algo_sample *sample)
{
    uint32_t idle = sample->active > sample->busy ? sample->active - sample->busy : 0;
    int64_t missing = idle < limits->min ? limits->min - idle : 0;
    bool less =
        has_lasted(idle > limits->min, &memory->spare_since_us, sample->now_us, limits->idle_us);
    if (missing && !sample->coming)
        return room_for(limits, sample, missing < limits->step ? missing : limits->step);
    return less ? one_less(limits, sample) : 0;
}

/* Adds when more requests wait than --cheaper-overload, takes away when fewer do. */
static int
backlog(const struct algo_limits *limits, struct algo_memory *memory,
        const struct algo_sample *sample)
{
    bool few = sample->waiting < (uint64_t)limits->overload;
    bool less = has_lasted(few, &memory->spare_since_us, sample->now_us, SECOND_US);
    if (sample->waiting > (uint64_t)limits->overload && !sample->coming)
        return room_for(limits, sample, limits->step);
    return less ? one_less(limits, sample) : 0;
}

/* The same, and takes nobody away whom the others would miss. */
static int
backlog2(const struct algo_limits *limits, struct algo_memory *memory,
         const struct algo_sample *sample)
{
    int change = backlog(limits, memory, sample);
    bool missed = sample->busy + 2 > sample->active;
    return change < 0 && missed ? 0 : change;
}

/* Requests wait: so many that it cannot wait for the end of a window, or for too long. */
static int
emergency(const struct algo_limits *limits, struct algo_memory *memory,
          const struct algo_sample *sample)
{
    uint64_t alert = (uint64_t)limits->backlog_alert;
    bool long_enough = has_lasted(sample->waiting > 0, &memory->waiting_since_us, sample->now_us,
                                  limits->backlog_nonzero_us);
    if (sample->coming)
        return 0;
    if (sample->waiting > alert * (uint64_t)limits->backlog_multiplier)
        return room_for(limits, sample, limits->max);
    if (sample->waiting > alert || (long_enough && limits->backlog_nonzero_us))
        return room_for(limits, sample, limits->backlog_step);
    return 0;
}

/* True at the end of a window: memory->busyness is its result. */
static bool
window_ends(const struct algo_limits *limits, struct algo_memory *memory,
            const struct algo_sample *sample)
{
    int64_t length = sample->now_us - memory->window_at_us;
    bool first = !memory->window_at_us;
    if (!first && length < limits->overload * SECOND_US)
        return false;
    uint64_t spent = sample->busy_us - memory->window_busy_us;
    uint64_t had = (uint64_t)length * sample->active * sample->threads;
    /* A thread that was killed inside a request takes its time back: that window counts for
     * nothing. */
    bool sound = sample->busy_us >= memory->window_busy_us;
    memory->window_at_us = sample->now_us;
    memory->window_busy_us = sample->busy_us;
    memory->busyness = sound && had && !first ? (int64_t)(spent * 100 / had) : 0;
    return !first && sound;
}

/* A worker that was taken away and is missed soon after was taken away too early: the next one is
 * given more time. */
static int
add_for_busyness(const struct algo_limits *limits, struct algo_memory *memory,
                 const struct algo_sample *sample)
{
    int64_t patience = memory->patience ? memory->patience : limits->multiplier;
    memory->calm = 0;
    if (memory->since_removal && memory->since_removal <= patience)
        memory->patience = patience + limits->penalty;
    memory->since_removal = 0;
    return sample->coming ? 0 : room_for(limits, sample, limits->step);
}

static int
less_for_busyness(const struct algo_limits *limits, struct algo_memory *memory,
                  const struct algo_sample *sample)
{
    int64_t patience = memory->patience ? memory->patience : limits->multiplier;
    if (++memory->calm < patience || sample->waiting)
        return 0;
    int change = one_less(limits, sample);
    memory->calm = 0;
    memory->since_removal = change ? 1 : 0;
    return change;
}

static int
busyness(const struct algo_limits *limits, struct algo_memory *memory,
         const struct algo_sample *sample)
{
    int change = emergency(limits, memory, sample);
    bool ends = window_ends(limits, memory, sample);
    if (change || !ends)
        return change;
    if (memory->since_removal && ++memory->since_removal > FORGET_WINDOWS * limits->multiplier) {
        memory->since_removal = 0;
        memory->patience = 0;
    }
    if (memory->busyness > limits->busy_max)
        return add_for_busyness(limits, memory, sample);
    if (memory->busyness < limits->busy_min)
        return less_for_busyness(limits, memory, sample);
    memory->calm = 0;
    return 0;
}

/* Commands alone decide. */
static int
manual(const struct algo_limits *limits, struct algo_memory *memory,
       const struct algo_sample *sample)
{
    (void)limits;
    (void)memory;
    (void)sample;
    return 0;
}

static const struct {
    const char *name;
    algo_f *algo;
} algos[] = {
    {"spare", spare},       {"spare2", spare2},     {"backlog", backlog},
    {"backlog2", backlog2}, {"busyness", busyness}, {"manual", manual},
};

algo_f *
algo_named(bask_str name)
{
    for (size_t i = 0; i < sizeof algos / sizeof *algos; i++)
        if (bask_str_eq(name, bask_str_of(algos[i].name)))
            return algos[i].algo;
    return NULL;
}

const char *
algo_names(void)
{
    return "spare, spare2, backlog, backlog2, busyness or manual";
}
