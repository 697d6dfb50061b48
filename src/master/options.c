/* Rows of the master: stopping, reloading, replacing. */
#include "master/options.h"

#include <stddef.h>

#define AT(member) offsetof(struct bask_master_options, member)

enum { DAY_MS = 86400000 };

static const struct bask_option rows[] = {
    {"die-on-term", NULL, 0, BASK_OPT_FLAG, AT(die_on_term), 0, 0, NULL, NULL,
     "SIGTERM stops the server at once instead of reloading it; SIGQUIT reloads",
     .flags = BASK_OPT_FIXED},
    {"graceful-on-term", NULL, 0, BASK_OPT_FLAG, AT(graceful_on_term), 0, 0, NULL, NULL,
     "SIGTERM stops the server when its requests are done", .flags = BASK_OPT_FIXED},
    {"exit-on-reload", NULL, 0, BASK_OPT_FLAG, AT(exit_on_reload), 0, 0, NULL, NULL,
     "end, with status 0, instead of reloading", .flags = BASK_OPT_FIXED},
    {"lazy", NULL, 0, BASK_OPT_FLAG, AT(lazy), 0, 0, NULL, NULL,
     "as --lazy-apps; and a reload only replaces the workers", .implies = "lazy-apps",
     .flags = BASK_OPT_FIXED},
    {"worker-reload-mercy", "graceful-timeout", 0, BASK_OPT_DURATION, AT(worker_reload_mercy_ms), 0,
     DAY_MS, "60", "SECONDS",
     "how long a worker that shall end may go on with its requests before it is killed",
     .flags = BASK_OPT_FIXED},
    {"forkbomb-delay", NULL, 0, BASK_OPT_DURATION, AT(forkbomb_delay_ms), 0, DAY_MS, "1", "SECONDS",
     "a worker that lived shorter than this is replaced only after as long",
     .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_master_option_table(struct bask_master_options *values)
{
    return (struct bask_option_table){
        .group = "Stopping and reloading",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}
