/*
 * The file that the log goes to, which every process has open for itself: it is moved, and opened
 * again, when somebody says so or when it is large enough. Who has not heard of it yet writes to
 * the file under its new name, so no line is lost on the way.
 */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { LOOK_US = 1000000, AFTER_FAILURE_US = 60000000 };

struct logfile {
    struct master *master;
    struct bask_timer look;
};

/* Others open it after the master, so that nobody opens what is about to be moved. */
void
logfile_reopen(struct master *master)
{
    if (bask_log_is_diverted()) {
        keeper_turn(master, false);
        return;
    }
    atomic_fetch_add(&master->plan->board->server->log_turns, 1);
    bask_log_reopen();
    roster_signal(master, SIGTSTP);
    aides_signal(master, SIGTSTP);
    generation_look(master);
    bask_log(BASK_LOG_INFO, "the log was opened again");
}

static int
move(const struct master *master)
{
    const struct bask_log_options *options = master->plan->log;
    bool named = options && options->backup_name.len;
    return bask_log_move(named ? options->backup_name.ptr : NULL);
}

void
logfile_rotate(struct master *master)
{
    if (bask_log_is_diverted())
        keeper_turn(master, true);
    else if (move(master) != BASK_E_STATE)
        logfile_reopen(master); /* it may be somebody else who has moved it */
}

static bool
is_too_large(const struct master *master)
{
    struct stat status;
    return bask_log_target() && !master->heir && !master->replaced &&
           !stat(bask_log_target(), &status) && S_ISREG(status.st_mode) &&
           status.st_size > master->plan->log->max_bytes;
}

static void
on_look(struct bask_timer *timer)
{
    struct logfile *logfile = BASK_CONTAINER(timer, struct logfile, look);
    bool large = is_too_large(logfile->master), failed = large && move(logfile->master);
    if (large && !failed)
        logfile_reopen(logfile->master);
    bask_loop_timer_start(logfile->master->loop, timer, failed ? AFTER_FAILURE_US : LOOK_US);
}

int
logfile_watch(struct master *master)
{
    if (!master->plan->log || !master->plan->log->max_bytes || bask_log_is_diverted())
        return BASK_OK;
    struct logfile *logfile = calloc(1, sizeof *logfile);
    if (!logfile)
        return BASK_E_NOMEM;
    *logfile = (struct logfile){.master = master, .look.on_due = on_look};
    master->logfile = logfile;
    bask_loop_timer_start(master->loop, &logfile->look, LOOK_US);
    return BASK_OK;
}

void
logfile_free(struct logfile **logfile)
{
    if (*logfile)
        bask_loop_timer_stop(&(*logfile)->look);
    free(*logfile);
    *logfile = NULL;
}
