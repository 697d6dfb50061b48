/*
 * Commands of alarms. The message is what they read, never a part of what the shell is told. A few
 * run at a time, each for a limited time, in a session of its own, so that what they have started
 * ends with them.
 */
#include "master/alarms.h"

#include "base/err.h"
#include "obs/log.h"
#include "sys/proc.h"
#include "sys/shell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IN_ALL = 16, OF_ONE = 4, LAST_US = 5000000 };

struct command {
    struct bask_timer timer; /* it runs too long */
    const struct bask_alarm *alarm;
    pid_t pid; /* 0: none */
};

struct alarm_commands {
    struct bask_loop *loop;
    int64_t limit_us;
    bool stopping;
    struct command items[IN_ALL];
};

static void
on_limit(struct bask_timer *timer)
{
    struct command *command = BASK_CONTAINER(timer, struct command, timer);
    bask_log(BASK_LOG_WARN,
             "the command of the alarm %.*s (pid: %d) runs for too long: it is killed",
             BASK_FMT(command->alarm->name), (int)command->pid);
    kill(-command->pid, SIGKILL);
}

/* NULL: enough of them run. */
static struct command *
find_free(struct alarm_commands *commands, const struct bask_alarm *alarm)
{
    struct command *found = NULL;
    unsigned running = 0;
    for (size_t i = 0; i < IN_ALL; i++) {
        struct command *command = &commands->items[i];
        if (!command->pid)
            found = command;
        else
            running += command->alarm == alarm;
    }
    return running < OF_ONE ? found : NULL;
}

/* A file, so that nobody has to wait until it is read; BASK_E_SYSTEM. */
static int
open_message(bask_str message)
{
    int fd = bask_proc_scratch_file("bask-alarm");
    if (fd < 0)
        return BASK_E_SYSTEM;
    ssize_t n = write(fd, message.ptr, message.len);
    if (n == (ssize_t)message.len && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    close(fd);
    return BASK_E_SYSTEM;
}

int
alarm_commands_run(struct alarm_commands *commands, const struct bask_alarm *alarm,
                   bask_str message)
{
    char error[256];
    struct command *command = find_free(commands, alarm);
    if (!command)
        return BASK_E_LIMIT;
    int input = open_message(message), err = BASK_E_SYSTEM;
    if (input < 0)
        snprintf(error, sizeof error, "%s", strerror(errno));
    else
        err = bask_shell_start(
            &(struct bask_shell_command){.command = alarm->argument.ptr, .input = input},
            &command->pid, error, sizeof error);
    if (input >= 0)
        close(input);
    if (err) {
        command->pid = 0;
        bask_log(BASK_LOG_ERROR, "the command of the alarm %.*s cannot be run: %s",
                 BASK_FMT(alarm->name), error);
        return err;
    }
    command->alarm = alarm;
    command->timer.on_due = on_limit;
    bask_loop_timer_start(commands->loop, &command->timer,
                          commands->stopping && commands->limit_us > LAST_US ? LAST_US
                                                                             : commands->limit_us);
    return BASK_OK;
}

bool
alarm_commands_ended(struct alarm_commands *commands, pid_t pid, int status)
{
    for (size_t i = 0; i < IN_ALL; i++) {
        struct command *command = &commands->items[i];
        if (command->pid != pid)
            continue;
        if (WIFEXITED(status) && WEXITSTATUS(status))
            bask_log(BASK_LOG_WARN, "the command of the alarm %.*s ended with status %d",
                     BASK_FMT(command->alarm->name), WEXITSTATUS(status));
        bask_loop_timer_stop(&command->timer);
        command->pid = 0;
        return true;
    }
    return false;
}

bool
alarm_commands_stop(struct alarm_commands *commands)
{
    bool left = false;
    for (size_t i = 0; i < IN_ALL; i++) {
        struct command *command = &commands->items[i];
        if (!command->pid)
            continue;
        left = true;
        if (!commands->stopping && commands->limit_us > LAST_US)
            bask_loop_timer_start(commands->loop, &command->timer, LAST_US);
    }
    commands->stopping = true;
    return !left;
}

struct alarm_commands *
alarm_commands_new(struct bask_loop *loop, int64_t limit_us)
{
    struct alarm_commands *commands = calloc(1, sizeof *commands);
    if (!commands)
        return NULL;
    commands->loop = loop;
    commands->limit_us = limit_us;
    return commands;
}

void
alarm_commands_free(struct alarm_commands **commands)
{
    for (size_t i = 0; *commands && i < IN_ALL; i++)
        if ((*commands)->items[i].pid)
            bask_loop_timer_stop(&(*commands)->items[i].timer);
    free(*commands);
    *commands = NULL;
}
