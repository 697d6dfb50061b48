/* The parts of alarms in the master: commands that are run, and what the master itself watches. */
#pragma once

#include "base/str.h"
#include "loop/loop.h"
#include "svc/alarms.h"

#include <sys/types.h>

/* alarm_commands.c */
struct alarm_commands;
/* NULL: out of memory. */
struct alarm_commands *alarm_commands_new(struct bask_loop *loop, int64_t limit_us);
void alarm_commands_free(struct alarm_commands **commands);
/* Starts the command of an alarm, with the message on its standard input. BASK_E_LIMIT: so many run
 * already; BASK_E_SYSTEM, which was logged. */
int alarm_commands_run(struct alarm_commands *commands, const struct bask_alarm *alarm,
                       bask_str message);
/* The process has ended: true if it was one of them. */
bool alarm_commands_ended(struct alarm_commands *commands, pid_t pid, int status);
/* They have little time left; true when none runs. */
bool alarm_commands_stop(struct alarm_commands *commands);

/* alarm_sources.c */
struct alarm_sources;
/* Queues of `sockets`, and descriptors. NULL: out of memory. */
struct alarm_sources *alarm_sources_new(struct bask_loop *loop, const struct bask_alarms *all,
                                        const int *sockets, size_t count);
void alarm_sources_free(struct alarm_sources **sources);
