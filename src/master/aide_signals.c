/*
 * Signals of applications for mules and spoolers: which of them gets one. It goes into a box of the
 * process's place, which looks into it before it waits and when SIGTSTP has come.
 */
#include "svc/aides.h"

#include "master/private.h"

#include <signal.h>

/* Mules come first among aides. */
static bool
is_meant(const struct bask_aides *aides, uint32_t index, struct bask_signal_target target)
{
    bool is_mule = index < aides->mules;
    switch (target.to) {
    case BASK_SIGNAL_TO_MULE:
        return is_mule && (!target.id || target.id == index + 1);
    case BASK_SIGNAL_TO_MULES:
        return is_mule;
    case BASK_SIGNAL_TO_FARM:
        return is_mule && target.id < aides->farm_count && aides->farms[target.id].members[index];
    case BASK_SIGNAL_TO_SPOOLER:
        return !is_mule;
    default:
        return false;
    }
}

/* What it does now, and what waits for that. */
static uint32_t
load_of(const struct bask_aide_place *place)
{
    uint32_t load = atomic_load(&place->busy), number = 0;
    while ((number = bask_signal_next(&place->signals, number)) < BASK_SIGNALS)
        load += bask_signal_waiting(&place->signals, number++);
    return load;
}

static void
hand_to(const struct master *master, uint32_t index, struct bask_aide_place *place, pid_t pid,
        uint32_t number)
{
    const struct bask_aide *aide = &master->plan->aides->items[index];
    if (bask_signal_put(&place->signals, number))
        signals_complain(master, bask_aide_kind_name(aide->kind), aide->id, number);
    kill(pid, SIGTSTP);
}

static bool
hand_to_mules(const struct master *master, unsigned generation, uint32_t number)
{
    struct bask_aide_place *place;
    bool handed = false;
    for (uint32_t i = 0; i < master->plan->aides->mules; i++) {
        pid_t pid = aides_serving(master, i, generation, &place);
        if (pid)
            hand_to(master, i, place, pid, number);
        handed |= pid != 0;
    }
    return handed;
}

void
signals_to_waiting_aide(struct master *master, unsigned generation, uint32_t number)
{
    const struct bask_aides *aides = master->plan->aides;
    struct bask_aide_place *place;
    for (uint32_t i = 0; aides && i < aides->count; i++) {
        pid_t pid = aides_serving(master, i, generation, &place);
        if (!pid || !atomic_load(&place->signals.waiters))
            continue;
        hand_to(master, i, place, pid, number);
        return;
    }
}

bool
signals_to_aides(struct master *master, unsigned generation, struct bask_signal_target target,
                 uint32_t number)
{
    const struct bask_aides *aides = master->plan->aides;
    struct bask_aide_place *place, *best = NULL;
    uint32_t least = UINT32_MAX, index = 0;
    pid_t best_pid = 0;
    if (target.to == BASK_SIGNAL_TO_MULES)
        return hand_to_mules(master, generation, number);
    for (uint32_t i = 0; i < aides->count; i++) {
        pid_t pid = is_meant(aides, i, target) ? aides_serving(master, i, generation, &place) : 0;
        uint32_t load = pid ? load_of(place) : UINT32_MAX;
        if (load >= least)
            continue;
        least = load;
        best = place;
        best_pid = pid;
        index = i;
    }
    if (best)
        hand_to(master, index, best, best_pid, number);
    return best != NULL;
}
