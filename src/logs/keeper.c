/*
 * The process that reads what all others write, and gives it to the loggers. It ends when nobody is
 * left who could write: signals that end servers are not for it, and a log that ended before its
 * server would be none.
 */
#include "base/err.h"
#include "logs/private.h"
#include "obs/log.h"
#include "obs/outlet.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READ_BYTES = 65536,
    LINE_WAITS_MS = 1000, /* for its end; and commands for their next start */
};

static volatile sig_atomic_t reopen, move, ended;

static void
on_signal(int number)
{
    *(number == SIGUSR1 ? &reopen : number == SIGUSR2 ? &move : &ended) = 1;
}

/* What is waited for comes while poll(2) waits, and at no other time. */
static void
take_signals(sigset_t *ret_waiting)
{
    static const int ignored[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGPIPE, SIGXFSZ};
    static const int taken[] = {SIGUSR1, SIGUSR2, SIGCHLD};
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    sigemptyset(ret_waiting);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        sigaction(taken[i], &action, NULL);
        sigaddset(&blocked, taken[i]);
    }
    sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static void
close_others(const struct bask_logs *logs)
{
    size_t count = 0;
    int *kept = calloc(STREAMS + logs->count, sizeof *kept);
    if (!kept)
        return;
    for (size_t i = 0; i < STREAMS; i++)
        kept[count++] = logs->streams[i].ends[0];
    for (size_t i = 0; i < logs->count; i++)
        kept[count++] = logs->loggers[i].fd;
    bask_proc_close_all_but(kept, count);
    free(kept);
}

static void
open_loggers(struct bask_logs *logs)
{
    char error[512];
    for (size_t i = 0; i < logs->count; i++)
        if (logger_open(&logs->loggers[i], error, sizeof error))
            bask_log(BASK_LOG_WARN, "logger %.*s: %s", BASK_FMT(logs->loggers[i].text), error);
}

static void
act_on_signals(struct bask_logs *logs)
{
    int status;
    pid_t pid;
    if (ended) {
        ended = 0;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            for (size_t i = 0; i < logs->count; i++)
                if (logger_ended(&logs->loggers[i], pid, status))
                    break;
    }
    if (!reopen && !move)
        return;
    for (size_t i = 0; i < logs->count; i++)
        logger_turn(&logs->loggers[i], move);
    if (move && bask_log_target())
        bask_log_move(logs->backup);
    bask_log_reopen();
    reopen = move = 0;
}

/* The log's own file, for lines that are nobody else's. */
static void
look_at_size(struct bask_logs *logs)
{
    struct stat status;
    if (!logs->max_bytes || !bask_log_target() || fstat(STDERR_FILENO, &status) ||
        !S_ISREG(status.st_mode) || status.st_size <= logs->max_bytes ||
        bask_clock_us() < logs->stays_until_us)
        return;
    if (bask_log_has_moved() ? bask_log_reopen() : bask_log_move(logs->backup))
        logs->stays_until_us = bask_clock_us() + AFTER_FAILURE_US;
}

/* False: nobody can write to it any more. */
static bool
read_some(struct bask_logs *logs, enum stream_kind kind)
{
    struct stream *stream = &logs->streams[kind];
    if (bask_buf_reserve(&stream->in, READ_BYTES))
        return true;
    ssize_t n = read(stream->ends[0], stream->in.data + stream->in.end, READ_BYTES);
    if (n > 0)
        stream->in.end += (size_t)n;
    stream_take_lines(logs, kind, n == 0);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool
is_waiting(const struct bask_logs *logs)
{
    for (size_t i = 0; i < STREAMS; i++)
        if (bask_buf_len(&logs->streams[i].in))
            return true;
    for (size_t i = 0; i < logs->count; i++)
        if (logger_is_waiting(&logs->loggers[i]))
            return true;
    return false;
}

/* True: there is somebody who could write. */
static bool
turn(struct bask_logs *logs, const sigset_t *waiting)
{
    const struct timespec pause = {.tv_sec = LINE_WAITS_MS / 1000};
    struct pollfd files[STREAMS];
    bool open = false;
    for (size_t i = 0; i < STREAMS; i++) {
        files[i] = (struct pollfd){.fd = logs->streams[i].ends[0], .events = POLLIN};
        open |= files[i].fd >= 0;
    }
    if (!open)
        return false;
    int came = ppoll(files, STREAMS, is_waiting(logs) ? &pause : NULL, waiting);
    for (size_t i = 0; i < STREAMS; i++) {
        if (came == 0)
            stream_take_lines(logs, (enum stream_kind)i, true);
        if (came <= 0 || !files[i].revents || read_some(logs, (enum stream_kind)i))
            continue;
        close(logs->streams[i].ends[0]);
        logs->streams[i].ends[0] = -1;
    }
    act_on_signals(logs);
    for (size_t i = 0; i < logs->count; i++)
        logger_flush(&logs->loggers[i]);
    look_at_size(logs);
    return true;
}

void
bask_logs_keep(struct bask_logs *logs)
{
    sigset_t waiting;
    bask_log_also_to(-1);
    bask_log_come_back();
    bask_outlet_forget(); /* what it has opened is about to be closed */
    close_others(logs);
    take_signals(&waiting);
    open_loggers(logs);
    while (turn(logs, &waiting))
        continue;
    for (size_t i = 0; i < logs->count; i++)
        logger_finish(&logs->loggers[i]);
}
