/*
 * What a master can be told, whoever tells it: signals, the FIFO, the control socket, a touched
 * file.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

struct master;

enum master_command {
    MASTER_RELOAD,          /* a new generation; requests end */
    MASTER_RELOAD_BRUTAL,   /* a new generation; requests are cut off */
    MASTER_RELOAD_CHAIN,    /* as MASTER_RELOAD: one worker after the other is the normal way */
    MASTER_WORKERS,         /* new processes of the same generation; requests end */
    MASTER_WORKERS_BRUTAL,  /* the same; requests are cut off */
    MASTER_UPGRADE,         /* a new program over the same sockets */
    MASTER_STOP,            /* requests get a moment */
    MASTER_STOP_GRACEFULLY, /* requests end */
    MASTER_PAUSE,           /* accept nothing */
    MASTER_RESUME,
    MASTER_PAUSE_OR_RESUME,
    MASTER_LOG_REOPEN, /* something has moved the log */
    MASTER_LOG_ROTATE, /* move it, and open a new one */
    MASTER_PIDFILES,   /* write them again */
    MASTER_STATUS,     /* a report for people */
    MASTER_STATUS_JSON,
    MASTER_REINFORCE, /* what uWSGI's FIFO has and this server has no use for */
    MASTER_RESCAN,
    MASTER_SUBSCRIPTIONS,
    MASTER_MORE_WORKERS,  /* one more */
    MASTER_FEWER_WORKERS, /* one less */
    MASTER_CHEAP,         /* none, until a connection comes */
    MASTER_MULES,         /* new processes of the same generation for them */
    MASTER_SPOOLERS,
    MASTER_COMMAND_COUNT,
};

/* What comes of a command, for those who want to wait for its end. */
enum master_outcome {
    MASTER_DONE_AT_ONCE,
    MASTER_RELOADS,
    MASTER_STOPS,
    MASTER_REPORTS,
};

/* By its name, which is bask-ctl's, or by its byte in the master FIFO; false: there is none. */
bool master_command_named(bask_str name, enum master_command *ret_command);
bool master_command_by_byte(char byte, enum master_command *ret_command);
enum master_outcome master_command_outcome(enum master_command command);

/* Obeys at once or, where that is not possible, as soon as it is. The number of the reload that it
 * led to, for a struct reload_watcher; 0: it is not one. A report goes to the log. */
unsigned master_obey(struct master *master, enum master_command command);
/* The text of a report. 0 or BASK_E_NOMEM. */
int master_report(const struct master *master, enum master_command command, struct bask_buf *text);
