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
    {"master-fifo", NULL, 0, BASK_OPT_LIST, AT(fifos), 0, 0, NULL, "FILE",
     "make this named pipe and obey its letters; up to ten, of which a digit chooses one",
     .flags = BASK_OPT_FIXED},
    {"control-socket", NULL, 0, BASK_OPT_STRING, AT(control_socket), 0, 0, NULL, "FILE",
     "obey bask-ctl on this unix socket, which only root and the server's user may use",
     .flags = BASK_OPT_FIXED},
    {"binary-path", NULL, 0, BASK_OPT_STRING, AT(binary_path), 0, 0, NULL, "FILE",
     "the program that an upgrade starts, instead of the one that runs", .flags = BASK_OPT_FIXED},
    {"touch-reload", NULL, 0, BASK_OPT_LIST, AT(touch_reload), 0, 0, NULL, "FILE",
     "reload when this file or folder is created, replaced or touched; looked at each second",
     .flags = BASK_OPT_FIXED},
    {"touch-chain-reload", NULL, 0, BASK_OPT_LIST, AT(touch_chain_reload), 0, 0, NULL, "FILE",
     "the same, for uWSGI's sake: one worker after the other is the normal way",
     .flags = BASK_OPT_FIXED},
    {"touch-workers-reload", NULL, 0, BASK_OPT_LIST, AT(touch_workers_reload), 0, 0, NULL, "FILE",
     "replace the workers, by new processes of the same version, when this file is touched",
     .flags = BASK_OPT_FIXED},
    {"touch-mules-reload", NULL, 0, BASK_OPT_LIST, AT(touch_mules_reload), 0, 0, NULL, "FILE",
     "replace the mules when this file is touched", .flags = BASK_OPT_FIXED},
    {"touch-spoolers-reload", NULL, 0, BASK_OPT_LIST, AT(touch_spoolers_reload), 0, 0, NULL, "FILE",
     "replace the spoolers when this file is touched", .flags = BASK_OPT_FIXED},
    {"touch-stop", "touch-gracefully-stop", 0, BASK_OPT_LIST, AT(touch_stop), 0, 0, NULL, "FILE",
     "stop when the requests are done when this file is touched", .flags = BASK_OPT_FIXED},
    {"touch-logreopen", NULL, 0, BASK_OPT_LIST, AT(touch_logreopen), 0, 0, NULL, "FILE",
     "open the log again when this file is touched, after something has moved the log",
     .flags = BASK_OPT_FIXED},
    {"touch-logrotate", NULL, 0, BASK_OPT_LIST, AT(touch_logrotate), 0, 0, NULL, "FILE",
     "move the log to a name with the time in it, and begin a new one, when this file is touched",
     .flags = BASK_OPT_FIXED},
    {"touch-exec", NULL, 0, BASK_OPT_LIST, AT(touch_exec), 0, 0, NULL, "\"FILE COMMAND\"",
     "run this command by /bin/sh when the file is touched", .flags = BASK_OPT_FIXED},
    {"hook-touch", NULL, 0, BASK_OPT_LIST, AT(hook_touch), 0, 0, NULL, "\"FILE ACTION:ARGS\"",
     "do this in the master when the file is touched; as --hook-asap and others do it",
     .flags = BASK_OPT_FIXED},
    {"fs-reload", NULL, 0, BASK_OPT_LIST, AT(fs_reload), 0, 0, NULL, "FILE",
     "reload as soon as this file, or one in this folder, has changed", .flags = BASK_OPT_FIXED},
    {"fs-brutal-reload", NULL, 0, BASK_OPT_LIST, AT(fs_brutal_reload), 0, 0, NULL, "FILE",
     "the same by a reload that cuts requests off", .flags = BASK_OPT_FIXED},
    {"reload-on-fd", NULL, 0, BASK_OPT_LIST, AT(reload_on_fd), 0, 0, NULL, "\"FD[:BYTES] [TEXT]\"",
     "reload when this descriptor is readable, and read so many bytes (1; eventfd: 8)",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"brutal-reload-on-fd", NULL, 0, BASK_OPT_LIST, AT(brutal_reload_on_fd), 0, 0, NULL,
     "\"FD[:BYTES] [TEXT]\"", "the same by a reload that cuts requests off", .implies = "master",
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
