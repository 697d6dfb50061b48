/* Rows of daemons, and whether their values can be understood. */
#include "master/daemons.h"

#include "base/err.h"
#include "master/daemon_spec.h"
#include "master/private.h"

#include <stdio.h>
#include <stdlib.h>

#define AT(member) offsetof(struct bask_daemon_options, member)

static const struct bask_option rows[] = {
    {"attach-daemon", NULL, 0, BASK_OPT_LIST, AT(plain), 0, 0, NULL, "COMMAND",
     "run a command beside the server: it is started again when it ends, and ends with the server",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"attach-control-daemon", NULL, 0, BASK_OPT_LIST, AT(control), 0, 0, NULL, "COMMAND",
     "the same; the server stops when it ends", .implies = "master", .flags = BASK_OPT_FIXED},
    {"smart-attach-daemon", NULL, 0, BASK_OPT_LIST, AT(smart), 0, 0, NULL, "PIDFILE COMMAND",
     "keep a command running that goes to the background by itself; it outlives the server",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"smart-attach-daemon2", NULL, 0, BASK_OPT_LIST, AT(smart2), 0, 0, NULL, "PIDFILE COMMAND",
     "the same for a command that stays in the foreground: the server writes the pidfile",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"attach-daemon2", NULL, 0, BASK_OPT_LIST, AT(described), 0, 0, NULL, "KEY=VALUE,...",
     "a daemon by its keys: cmd, pidfile, freq, touch, chdir, stopsignal, reloadsignal, control, "
     "daemonize, stdin, notifypid, max-throttle, uid, gid, ns_pid",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"daemons-honour-stdin", NULL, 0, BASK_OPT_FLAG, AT(honour_stdin), 0, 0, NULL, NULL,
     "daemons keep the server's standard input", .flags = BASK_OPT_FIXED},
    {"reload-mercy", NULL, 0, BASK_OPT_DURATION, AT(mercy_ms), 0, 86400000, "3", "SECONDS",
     "how long a daemon that shall end may take before it is killed", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_daemon_option_table(struct bask_daemon_options *values)
{
    return (struct bask_option_table){
        .group = "Daemons",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

static int
check(const struct bask_value *value, enum daemon_form form, void *context)
{
    struct daemon_spec spec;
    char reason[256] = "out of memory";
    const struct bask_str *error = context; /* where to write, and how much */
    int err = daemon_spec_parse(form, value->text, &spec, reason, sizeof reason);
    if (!err) {
        struct bask_priv priv = {0};
        err = daemon_spec_priv(&spec, &priv, reason, sizeof reason);
        free(priv.groups);
        daemon_spec_fini(&spec);
    }
    if (err)
        snprintf((char *)error->ptr, error->len, "%.*s: daemon \"%.*s\": %s",
                 BASK_FMT(value->origin), BASK_FMT(value->text), reason);
    return err;
}

int
daemons_each(const struct bask_daemon_options *options, daemon_option_f *visit, void *context)
{
    const struct {
        const struct bask_values *values;
        enum daemon_form form;
    } forms[] = {
        {&options->plain, DAEMON_PLAIN},         {&options->control, DAEMON_CONTROL},
        {&options->smart, DAEMON_SMART},         {&options->smart2, DAEMON_SMART2},
        {&options->described, DAEMON_DESCRIBED},
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
found_one(const struct bask_value *value, enum daemon_form form, void *context)
{
    (void)value;
    (void)form;
    *(bool *)context = true;
    return BASK_OK;
}

bool
bask_daemons_are_on(const struct bask_daemon_options *options)
{
    bool found = false;
    daemons_each(options, found_one, &found);
    return found;
}

int
bask_daemons_check(const struct bask_daemon_options *options, char *error, size_t error_size)
{
    bask_str room = {error, error_size};
    return daemons_each(options, check, &room);
}
