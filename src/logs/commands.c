/* A logger that is a command: its lines are what it reads. One that ends is started again. */
#include "base/err.h"
#include "logs/private.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SHORT_LIFE_US = 1000000,
    LAST_WORDS_US = 2000000, /* for one that has seen the end of its input */
    STEP_MS = 10,
};

int
logger_command_parse(struct logger *logger, char *error, size_t error_size)
{
    return logger_wants(logger, "COMMAND", error, error_size);
}

/* Its own pipe does not wait; the command goes on with what it was started for until its end. */
static void
start(struct logger *logger)
{
    char error[256], *command = NULL;
    int ends[2];
    logger->started_us = bask_clock_us();
    if (asprintf(&command, "%.*s", BASK_FMT(logger->argument)) < 0)
        return;
    if (pipe2(ends, O_CLOEXEC)) {
        bask_log(BASK_LOG_WARN, "logger %.*s: no pipe: %s", BASK_FMT(logger->text),
                 strerror(errno));
        free(command);
        return;
    }
    const struct bask_shell_command how = {.command = command, .input = ends[0]};
    if (bask_shell_start(&how, &logger->pid, error, sizeof error)) {
        bask_log(BASK_LOG_WARN, "logger %.*s: %s", BASK_FMT(logger->text), error);
        logger->pid = 0;
        close(ends[1]);
    } else {
        logger->fd = ends[1];
        logger->may_wait = true;
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
    }
    close(ends[0]);
    free(command);
}

/* Its command is gone: the line that it was in is nobody's. The next one is there at once, unless
 * the last one lived too short. */
void
logger_command_lose(struct logger *logger)
{
    bask_str rest = bask_buf_view(&logger->out);
    const char *end = logger->in_line ? memchr(rest.ptr, '\n', rest.len) : NULL;
    if (end)
        bask_buf_consume(&logger->out, (size_t)(end - rest.ptr) + 1);
    logger->in_line = false;
    logger_close(logger);
}

bool
logger_command_is_there(struct logger *logger)
{
    if (logger->fd < 0 && !logger->pid &&
        (!logger->started_us || bask_clock_us() - logger->started_us >= SHORT_LIFE_US))
        start(logger);
    return logger->fd >= 0;
}

bool
logger_ended(struct logger *logger, pid_t pid, int status)
{
    if (!logger->pid || logger->pid != pid)
        return false;
    bask_log(BASK_LOG_WARN, "logger %.*s: the command ended (%s %d); it is started again",
             BASK_FMT(logger->text), WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    logger->pid = 0;
    logger_command_lose(logger);
    return true;
}

void
logger_command_await_end(struct logger *logger)
{
    int64_t until_us = bask_clock_us() + LAST_WORDS_US;
    while (logger->pid && waitpid(logger->pid, NULL, WNOHANG) == 0 && bask_clock_us() < until_us)
        poll(NULL, 0, STEP_MS);
    logger->pid = 0;
}
