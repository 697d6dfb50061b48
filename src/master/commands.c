/* Commands are rows: a name, a byte, a function. */
#include "master/commands.h"

#include "base/err.h"
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
    atomic_store(&master->plan->board->server->replaced, master->replaced || master->heir);
    atomic_store(&master->plan->board->server->stopping, 1);
    upgrade_abandon(master);
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
upgrade(struct master *master)
{
    return reload_ask(master, RELOAD_UPGRADE);
}

static void
set_paused(struct master *master, bool paused)
{
    if (master->paused == paused)
        return;
    if (master->plan->programs) {
        bask_log(BASK_LOG_WARN, "workers of --worker-exec cannot be paused");
        return;
    }
    master->paused = paused;
    bask_log(BASK_LOG_INFO, paused ? "paused: workers accept no connections"
                                   : "resumed: workers accept connections");
    atomic_store(&master->plan->board->server->paused, paused);
    roster_signal(master, SIGTSTP);
    upgrade_tell(master, BASK_MESSAGE_PAUSED, master->paused);
}

static unsigned
pause_workers(struct master *master)
{
    set_paused(master, true);
    return 0;
}

static unsigned
resume_workers(struct master *master)
{
    set_paused(master, false);
    return 0;
}

static unsigned
pause_or_resume(struct master *master)
{
    set_paused(master, !master->paused);
    return 0;
}

static unsigned
log_reopen(struct master *master)
{
    logfile_reopen(master);
    return 0;
}

static unsigned
log_rotate(struct master *master)
{
    logfile_rotate(master);
    return 0;
}

static unsigned
rewrite_pidfiles(struct master *master)
{
    if (master->plan->announce)
        master->plan->announce(master->plan->context);
    return 0;
}

static unsigned
no_emperor(struct master *master)
{
    (void)master;
    bask_log(BASK_LOG_WARN, "the FIFO asks for the emperor, and this server has none");
    return 0;
}

static unsigned
no_subscriptions(struct master *master)
{
    (void)master;
    bask_log(BASK_LOG_WARN, "the FIFO asks for subscriptions, and this server has none");
    return 0;
}

static unsigned
more_workers(struct master *master)
{
    scaling_change(master, 1);
    return 0;
}

static unsigned
fewer_workers(struct master *master)
{
    scaling_change(master, -1);
    return 0;
}

static unsigned
cheap(struct master *master)
{
    scaling_go_cheap(master);
    return 0;
}

static unsigned
reload_mules(struct master *master)
{
    aides_renew(master, BASK_AIDE_MULE);
    return 0;
}

static unsigned
reload_spoolers(struct master *master)
{
    aides_renew(master, BASK_AIDE_SPOOLER);
    return 0;
}

static const struct row {
    const char *name; /* NULL: only the FIFO has it */
    char byte;        /* in the master FIFO, uWSGI's; 0: none */
    enum master_outcome outcome;
    unsigned (*obey)(struct master *master);
    int (*report)(const struct master *master, struct bask_buf *text);
} rows[MASTER_COMMAND_COUNT] = {
    [MASTER_RELOAD] = {"reload", 'r', MASTER_RELOADS, reload, NULL},
    [MASTER_RELOAD_BRUTAL] = {"reload-brutal", 'R', MASTER_RELOADS, reload_brutal, NULL},
    [MASTER_RELOAD_CHAIN] = {"reload-chain", 'c', MASTER_RELOADS, reload, NULL},
    [MASTER_WORKERS] = {"reload-workers", 'w', MASTER_RELOADS, reload_workers, NULL},
    [MASTER_WORKERS_BRUTAL] = {"reload-workers-brutal", 'W', MASTER_RELOADS, reload_workers_brutal,
                               NULL},
    [MASTER_UPGRADE] = {"upgrade", 'f', MASTER_RELOADS, upgrade, NULL},
    [MASTER_STOP] = {"stop-now", 'Q', MASTER_STOPS, stop, NULL},
    [MASTER_STOP_GRACEFULLY] = {"stop", 'q', MASTER_STOPS, stop_gracefully, NULL},
    [MASTER_PAUSE] = {"pause", 0, MASTER_DONE_AT_ONCE, pause_workers, NULL},
    [MASTER_RESUME] = {"resume", 0, MASTER_DONE_AT_ONCE, resume_workers, NULL},
    [MASTER_PAUSE_OR_RESUME] = {NULL, 'p', MASTER_DONE_AT_ONCE, pause_or_resume, NULL},
    [MASTER_LOG_REOPEN] = {"log-reopen", 'l', MASTER_DONE_AT_ONCE, log_reopen, NULL},
    [MASTER_LOG_ROTATE] = {"log-rotate", 'L', MASTER_DONE_AT_ONCE, log_rotate, NULL},
    [MASTER_PIDFILES] = {"pidfiles", 'P', MASTER_DONE_AT_ONCE, rewrite_pidfiles, NULL},
    [MASTER_STATUS] = {"status", 's', MASTER_REPORTS, NULL, report_table},
    [MASTER_STATUS_JSON] = {"status-json", 0, MASTER_REPORTS, NULL, report_json},
    [MASTER_REINFORCE] = {NULL, 'B', MASTER_DONE_AT_ONCE, no_emperor, NULL},
    [MASTER_RESCAN] = {NULL, 'E', MASTER_DONE_AT_ONCE, no_emperor, NULL},
    [MASTER_SUBSCRIPTIONS] = {NULL, 'S', MASTER_DONE_AT_ONCE, no_subscriptions, NULL},
    [MASTER_MORE_WORKERS] = {"more-workers", '+', MASTER_DONE_AT_ONCE, more_workers, NULL},
    [MASTER_FEWER_WORKERS] = {"fewer-workers", '-', MASTER_DONE_AT_ONCE, fewer_workers, NULL},
    [MASTER_CHEAP] = {"cheap", 'C', MASTER_DONE_AT_ONCE, cheap, NULL},
    [MASTER_MULES] = {"reload-mules", 0, MASTER_DONE_AT_ONCE, reload_mules, NULL},
    [MASTER_SPOOLERS] = {"reload-spoolers", 0, MASTER_DONE_AT_ONCE, reload_spoolers, NULL},
};

bool
master_command_named(bask_str name, enum master_command *ret_command)
{
    for (int i = 0; i < MASTER_COMMAND_COUNT; i++)
        if (rows[i].name && bask_str_eq(name, bask_str_of(rows[i].name))) {
            *ret_command = (enum master_command)i;
            return true;
        }
    return false;
}

bool
master_command_by_byte(char byte, enum master_command *ret_command)
{
    for (int i = 0; i < MASTER_COMMAND_COUNT; i++)
        if (byte && rows[i].byte == byte) {
            *ret_command = (enum master_command)i;
            return true;
        }
    return false;
}

enum master_outcome
master_command_outcome(enum master_command command)
{
    return rows[command].outcome;
}

int
master_report(const struct master *master, enum master_command command, struct bask_buf *text)
{
    return rows[command].report ? rows[command].report(master, text) : BASK_E_STATE;
}

static void
log_report(const struct master *master, enum master_command command)
{
    struct bask_buf text = {0};
    if (!master_report(master, command, &text)) {
        bask_str lines = bask_buf_view(&text);
        lines.len -= lines.len > 0; /* the log ends the last one */
        bask_log(BASK_LOG_INFO, "%.*s", BASK_FMT(lines));
    }
    bask_buf_fini(&text);
}

unsigned
master_obey(struct master *master, enum master_command command)
{
    if (rows[command].obey)
        return rows[command].obey(master);
    log_report(master, command);
    return 0;
}
