/* Rows of crons, and whether their values can be understood. */
#include "master/crons.h"

#include "base/err.h"
#include "master/cron_spec.h"
#include "master/private.h"

#include <stdio.h>

#define AT(member) offsetof(struct bask_cron_options, member)

#define YEAR_MS (INT64_C(366) * 86400000)

static const struct bask_option rows[] = {
    {"cron", NULL, 0, BASK_OPT_LIST, AT(plain), 0, 0, NULL,
     "\"MIN HOUR DAY MONTH WEEKDAY COMMAND\"",
     "run a command at its times: -1 for any, -5 for every fifth; a day or a weekday",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"unique-cron", NULL, 0, BASK_OPT_LIST, AT(unique), 0, 0, NULL,
     "\"MIN HOUR DAY MONTH WEEKDAY COMMAND\"", "the same, but not while it still runs",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"cron2", NULL, 0, BASK_OPT_LIST, AT(described), 0, 0, NULL, "\"KEY=VALUE,... COMMAND\"",
     "the same by keys: minute, hour, day, month, week, unique, harakiri", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"cron-harakiri", NULL, 0, BASK_OPT_DURATION, AT(limit_ms), 0, YEAR_MS, "0", "SECONDS",
     "kill the command of a cron that runs for longer; 0: never", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_cron_option_table(struct bask_cron_options *values)
{
    return (struct bask_option_table){
        .group = "Cron",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

int
crons_each(const struct bask_cron_options *options, cron_option_f *visit, void *context)
{
    const struct {
        const struct bask_values *values;
        enum cron_form form;
    } forms[] = {
        {&options->plain, CRON_PLAIN},
        {&options->unique, CRON_UNIQUE},
        {&options->described, CRON_DESCRIBED},
    };
    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++)
        for (size_t i = 0; i < forms[form].values->count; i++) {
            int err = visit(&forms[form].values->items[i], forms[form].form, context);
            if (err)
                return err;
        }
    return BASK_OK;
}

static int
check(const struct bask_value *value, enum cron_form form, void *context)
{
    struct cron_spec spec;
    char reason[256];
    const struct bask_str *error = context; /* where to write, and how much */
    int err = cron_spec_parse(form, value->text, &spec, reason, sizeof reason);
    if (err)
        snprintf((char *)error->ptr, error->len, "%.*s: cron \"%.*s\": %s", BASK_FMT(value->origin),
                 BASK_FMT(value->text), reason);
    else
        cron_spec_fini(&spec);
    return err;
}

int
bask_crons_check(const struct bask_cron_options *options, char *error, size_t error_size)
{
    bask_str room = {error, error_size};
    return crons_each(options, check, &room);
}
