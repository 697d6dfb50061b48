/*
 * What a master can be told, whoever tells it: signals, the FIFO, the control socket, a touched
 * file.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

struct master;

enum master_command {
    MASTER_RELOAD,          /* a new generation; requests end */
    MASTER_RELOAD_BRUTAL,   /* a new generation; requests are cut off */
    MASTER_RELOAD_CHAIN,    /* as MASTER_RELOAD: one worker after the other is the normal way */
    MASTER_WORKERS,         /* new processes of the same generation; requests end */
    MASTER_WORKERS_BRUTAL,  /* the same; requests are cut off */
    MASTER_STOP,            /* requests get a moment */
    MASTER_STOP_GRACEFULLY, /* requests end */
    MASTER_PAUSE,           /* accept nothing, or again */
    MASTER_COMMAND_COUNT,
};

/* The words of bask-ctl and of log lines: "reload", "stop". */
const char *master_command_name(enum master_command command);
/* By name, or by its byte in the master FIFO; false: there is none. */
bool master_command_named(bask_str name, enum master_command *ret_command);
bool master_command_by_byte(char byte, enum master_command *ret_command);

/* Obeys at once or, where that is not possible, as soon as it is. The number of the reload that it
 * led to, for a struct reload_watcher; 0: it is not one. */
unsigned master_obey(struct master *master, enum master_command command);
