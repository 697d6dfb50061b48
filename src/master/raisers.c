/*
 * Timers and files that raise signals because an option says so. They belong to the server: a
 * reload does not begin them anew, and a version that has no handler for a number misses nothing
 * but that. Of two masters only the one that serves raises any. Touched files are touch.c's.
 */
#include "base/err.h"
#include "master/monitors.h"
#include "master/private.h"

#include <stdlib.h>

struct raiser {
    struct bask_timer timer;
    struct raisers *raisers;
    struct raise_spec spec;
    uint32_t left; /* 0: for ever */
};

struct raisers {
    struct master *master;
    struct monitors *monitors;
    size_t count;
    struct raiser items[];
};

static void
on_timer(struct bask_timer *timer)
{
    struct raiser *raiser = BASK_CONTAINER(timer, struct raiser, timer);
    struct master *master = raiser->raisers->master;
    int64_t interval = raiser->spec.interval_us;
    int64_t late = bask_loop_now_us(master->loop) - timer->due_us;
    signals_raise(master, raiser->spec.number);
    if (raiser->left && --raiser->left == 0)
        return;
    bask_loop_timer_start(master->loop, timer, interval - (late > 0 ? late % interval : 0));
}

static void
on_change(void *context, uint32_t number)
{
    struct master *master = context;
    if (!master->heir)
        signals_raise(master, number);
}

static int
count(const struct bask_value *value, enum raise_kind kind, const char *name, void *context)
{
    (void)value;
    (void)kind;
    (void)name;
    ++*(size_t *)context;
    return BASK_OK;
}

static int
add(const struct bask_value *value, enum raise_kind kind, const char *name, void *context)
{
    struct raisers *raisers = context;
    struct raise_spec spec;
    char error[128];
    int err = raise_spec_parse(kind, value->text, &spec, error, sizeof error);
    (void)name;
    if (err || kind == RAISE_TOUCH)
        return err;
    if (kind == RAISE_FS)
        return monitors_add(raisers->monitors, spec.path, spec.number);
    struct raiser *raiser = &raisers->items[raisers->count++];
    *raiser = (struct raiser){
        .timer.on_due = on_timer, .raisers = raisers, .spec = spec, .left = spec.times};
    return BASK_OK;
}

int
raisers_init(struct master *master)
{
    const struct bask_raise_options *options = &master->plan->options->raise;
    size_t total = 0;
    raise_each(options, count, &total);
    if (!total)
        return BASK_OK;
    struct raisers *raisers = calloc(1, sizeof *raisers + total * sizeof *raisers->items);
    if (!raisers)
        return BASK_E_NOMEM;
    master->raisers = raisers;
    raisers->master = master;
    raisers->monitors = monitors_new(master->loop, on_change, master);
    int err = raisers->monitors ? raise_each(options, add, raisers) : BASK_E_NOMEM;
    if (!err && !master->heir)
        raisers_take(master);
    return err;
}

void
raisers_take(struct master *master)
{
    struct raisers *raisers = master->raisers;
    for (size_t i = 0; raisers && i < raisers->count; i++)
        bask_loop_timer_start(master->loop, &raisers->items[i].timer,
                              raisers->items[i].spec.interval_us);
}

void
raisers_forget(const struct master *master)
{
    if (master->raisers)
        monitors_forget(master->raisers->monitors);
}

void
raisers_free(struct raisers **raisers)
{
    if (!*raisers)
        return;
    for (size_t i = 0; i < (*raisers)->count; i++)
        bask_loop_timer_stop(&(*raisers)->items[i].timer);
    monitors_free(&(*raisers)->monitors);
    free(*raisers);
    *raisers = NULL;
}
