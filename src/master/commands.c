/* Commands are rows: a name, a byte, a function. */
#include "master/commands.h"

#include "master/private.h"
#include "obs/log.h"

#include <signal.h>
#include <string.h>

static unsigned
reload(struct master *master)
{
    return reload_ask(master, master->plan->options->lazy ? RELOAD_WORKERS : RELOAD_GRACEFUL);
}

static unsigned
reload_brutal(struct master *master)
{
    return reload_ask(master, RELOAD_BRUTAL);
}

static unsigned
reload_workers(struct master *master)
{
    return reload_ask(master, RELOAD_WORKERS);
}

static unsigned
reload_workers_brutal(struct master *master)
{
    return reload_ask(master, RELOAD_WORKERS_BRUTAL);
}

static unsigned
stop_with(struct master *master, bool brutal)
{
    if (master->stopping && (master->brutal || !brutal))
        return 0;
    bask_log(BASK_LOG_INFO, "%s", brutal ? "stopping" : "stopping when the requests are done");
    master->stopping = true;
    master->brutal = brutal;
    atomic_store(&master->plan->board->server->stopping, 1);
    roster_stop(master);
    return 0;
}

static unsigned
stop(struct master *master)
{
    return stop_with(master, true);
}

static unsigned
stop_gracefully(struct master *master)
{
    return stop_with(master, false);
}

static unsigned
pause_or_resume(struct master *master)
{
    master->paused = !master->paused;
    bask_log(BASK_LOG_INFO, master->paused ? "paused: workers accept no connections"
                                           : "resumed: workers accept connections");
    atomic_store(&master->plan->board->server->paused, master->paused);
    roster_signal(master, SIGTSTP);
    return 0;
}

static const struct row {
    const char *name;
    char byte; /* in the master FIFO, uWSGI's */
    unsigned (*obey)(struct master *master);
} rows[MASTER_COMMAND_COUNT] = {
    [MASTER_RELOAD] = {"reload", 'r', reload},
    [MASTER_RELOAD_BRUTAL] = {"reload-brutal", 'R', reload_brutal},
    [MASTER_RELOAD_CHAIN] = {"reload-chain", 'c', reload},
    [MASTER_WORKERS] = {"reload-workers", 'w', reload_workers},
    [MASTER_WORKERS_BRUTAL] = {"reload-workers-brutal", 'W', reload_workers_brutal},
    [MASTER_STOP] = {"stop-now", 'Q', stop},
    [MASTER_STOP_GRACEFULLY] = {"stop", 'q', stop_gracefully},
    [MASTER_PAUSE] = {"pause", 'p', pause_or_resume},
};

const char *
master_command_name(enum master_command command)
{
    return rows[command].name;
}

bool
master_command_named(bask_str name, enum master_command *ret_command)
{
    for (int i = 0; i < MASTER_COMMAND_COUNT; i++)
        if (bask_str_eq(name, bask_str_of(rows[i].name))) {
            *ret_command = (enum master_command)i;
            return true;
        }
    return false;
}

bool
master_command_by_byte(char byte, enum master_command *ret_command)
{
    for (int i = 0; i < MASTER_COMMAND_COUNT; i++)
        if (rows[i].byte == byte) {
            *ret_command = (enum master_command)i;
            return true;
        }
    return false;
}

unsigned
master_obey(struct master *master, enum master_command command)
{
    return rows[command].obey(master);
}
