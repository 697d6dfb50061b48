/* Rows of what raises signals, and whether their values can be understood. */
#include "master/raisers.h"

#include "base/err.h"
#include "master/private.h"

#include <stdio.h>

#define AT(member) offsetof(struct bask_raise_options, member)

static const struct bask_option rows[] = {
    {"timer", "signal-timer", 0, BASK_OPT_LIST, AT(timers), 0, 0, NULL, "\"SIGNAL SECONDS\"",
     "raise this signal of the application every so many seconds", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"rbtimer", "signal-rbtimer", 0, BASK_OPT_LIST, AT(rb_timers), 0, 0, NULL,
     "\"SIGNAL SECONDS [TIMES]\"", "the same, so many times if that is said", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"touch-signal", NULL, 0, BASK_OPT_LIST, AT(touch), 0, 0, NULL, "\"FILE SIGNAL\"",
     "raise this signal of the application when the file is touched", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"fs-signal", NULL, 0, BASK_OPT_LIST, AT(fs), 0, 0, NULL, "\"PATH SIGNAL\"",
     "the same as soon as this file, or one in this folder, has changed", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"signal-bufsize", "signals-bufsize", 0, BASK_OPT_SIZE, AT(ignored_size), 0, INT64_C(1) << 40,
     NULL, "BYTES", "accepted for uWSGI's sake: 64 of each signal can wait in every process",
     .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_raise_option_table(struct bask_raise_options *values)
{
    return (struct bask_option_table){
        .group = "Signals of applications",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

int
raise_each(const struct bask_raise_options *options, raise_option_f *visit, void *context)
{
    const struct {
        const struct bask_values *values;
        const char *name;
    } kinds[] = {
        [RAISE_TIMER] = {&options->timers, "timer"},
        [RAISE_RB_TIMER] = {&options->rb_timers, "rbtimer"},
        [RAISE_TOUCH] = {&options->touch, "touch-signal"},
        [RAISE_FS] = {&options->fs, "fs-signal"},
    };
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (size_t i = 0; i < kinds[kind].values->count; i++) {
            int err = visit(&kinds[kind].values->items[i], (enum raise_kind)kind, kinds[kind].name,
                            context);
            if (err)
                return err;
        }
    return BASK_OK;
}

static int
check(const struct bask_value *value, enum raise_kind kind, const char *name, void *context)
{
    struct raise_spec spec;
    char reason[128];
    const struct bask_str *error = context; /* where to write, and how much */
    int err = raise_spec_parse(kind, value->text, &spec, reason, sizeof reason);
    if (err)
        snprintf((char *)error->ptr, error->len, "%.*s: --%s \"%.*s\": %s", BASK_FMT(value->origin),
                 name, BASK_FMT(value->text), reason);
    return err;
}

int
bask_raise_check(const struct bask_raise_options *options, char *error, size_t error_size)
{
    bask_str room = {error, error_size};
    return raise_each(options, check, &room);
}
