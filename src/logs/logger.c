/*
 * A logger: what its text means, and the way of lines to where they shall go. Kinds are rows of a
 * table. Nobody is waited for for long: what cannot be written is lost, counted, and told of at the
 * same place when it is free again.
 */
#include "base/err.h"
#include "base/units.h"
#include "logs/private.h"
#include "obs/log.h"
#include "obs/outlet.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATIENCE_US = 500000,
    STEP_MS = 10, /* a socket cannot be asked whether it has room */
    SHORT_LIFE_US = 1000000,
    LAST_WORDS_US = 2000000, /* for a command that has seen the end of its input */
    WAITING_MAX = 1 << 20,   /* bytes for a command that is not there */
};

const char bask_logs_kinds[] = "file, fd, stdio, socket, syslog, rsyslog, pipe, systemd";

static int
want_argument(const struct logger *logger, const char *what, char *error, size_t error_size)
{
    if (logger->argument.len)
        return BASK_OK;
    snprintf(error, error_size, "expected %s:%s", logger->kind->name, what);
    return BASK_E_SYNTAX;
}

static char *
copy_of(bask_str text)
{
    return strndup(text.ptr, text.len);
}

/* "PATH" or "logfile=PATH[,maxsize=BYTES][,backupname=PATH]" */
static int
parse_file(struct logger *logger, char *error, size_t error_size)
{
    static const char expected[] = "PATH, or logfile=PATH[,maxsize=BYTES][,backupname=PATH]";
    bask_str rest = logger->argument, item, key, value;
    int err = want_argument(logger, expected, error, error_size);
    bool has_keys = bask_str_starts(rest, BASK_STR("logfile=")) ||
                    bask_str_starts(rest, BASK_STR("maxsize=")) ||
                    bask_str_starts(rest, BASK_STR("backupname="));
    if (err || !has_keys)
        return err || (logger->path = copy_of(rest)) ? err : BASK_E_NOMEM;
    while (rest.len && !err) {
        item = rest;
        rest = (bask_str){0};
        bask_str_cut(item, ',', &item, &rest);
        bool is_pair = bask_str_cut(item, '=', &key, &value) && value.len;
        if (is_pair && bask_str_eq(key, BASK_STR("logfile")) && !logger->path)
            logger->path = copy_of(value);
        else if (is_pair && bask_str_eq(key, BASK_STR("backupname")) && !logger->backup)
            logger->backup = copy_of(value);
        else if (!is_pair || !bask_str_eq(key, BASK_STR("maxsize")) ||
                 bask_size_parse(value, &logger->max_bytes))
            err = BASK_E_SYNTAX;
    }
    if (err || !logger->path) {
        snprintf(error, error_size, "expected file:%s", expected);
        return BASK_E_SYNTAX;
    }
    return BASK_OK;
}

static int
parse_fd(struct logger *logger, char *error, size_t error_size)
{
    long long number;
    if (bask_str_to_i64(logger->argument, &number) || number > INT_MAX ||
        fcntl((int)number, F_GETFD) < 0) {
        snprintf(error, error_size, "expected fd:NUMBER, of a descriptor that is open");
        return BASK_E_SYNTAX;
    }
    logger->fd = (int)number;
    return BASK_OK;
}

static int
parse_address(struct logger *logger, bask_str text, char *error, size_t error_size)
{
    return bask_sock_parse(text, &logger->addr, error, error_size);
}

/* "ADDRESS[,PREFIX]" */
static int
parse_socket(struct logger *logger, char *error, size_t error_size)
{
    bask_str address = logger->argument;
    int err = want_argument(logger, "HOST:PORT or PATH, and [,PREFIX]", error, error_size);
    bask_str_cut(address, ',', &address, &logger->words);
    return err ? err : parse_address(logger, address, error, error_size);
}

/* "[IDENT[,FACILITY[,SOCKET]]]" */
static int
parse_syslog(struct logger *logger, char *error, size_t error_size)
{
    bask_str words = logger->argument, facility = {0}, socket = {0};
    unsigned number = 3; /* daemon */
    bask_str_cut(words, ',', &words, &facility);
    bask_str_cut(facility, ',', &facility, &socket);
    if (facility.len && syslog_facility(facility, &number)) {
        snprintf(error, error_size,
                 "syslog has no facility \"%.*s\"; expected daemon, user, local0 "
                 "to local7 or another of syslog(3)",
                 BASK_FMT(facility));
        return BASK_E_SYNTAX;
    }
    logger->words = words.len ? words : BASK_STR("bask");
    logger->priority = number * 8 + 6;
    return parse_address(logger, socket.len ? socket : BASK_STR("/dev/log"), error, error_size);
}

/* "HOST[:PORT][,IDENT[,PRIORITY]]", or the path of a socket in the place of HOST. */
static int
parse_rsyslog(struct logger *logger, char *error, size_t error_size)
{
    char text[HOST_MAX + 8];
    bask_str address = logger->argument, ident = {0}, priority = {0};
    long long number = 29;
    int err = want_argument(logger, "HOST[:PORT][,IDENT[,PRIORITY]]", error, error_size);
    bask_str_cut(address, ',', &address, &ident);
    bask_str_cut(ident, ',', &ident, &priority);
    if (!err && priority.len && (bask_str_to_i64(priority, &number) || number > 191)) {
        snprintf(error, error_size, "expected a priority from 0 to 191, not \"%.*s\"",
                 BASK_FMT(priority));
        err = BASK_E_SYNTAX;
    }
    logger->priority = (unsigned)number;
    logger->words = ident;
    if (!err && !ident.len && asprintf(&logger->path, "%s bask", logger->host) >= 0)
        logger->words = bask_str_of(logger->path);
    bool has_port = memchr(address.ptr ? address.ptr : "", ':', address.len) &&
                    !bask_str_ends(address, BASK_STR("]"));
    bool is_path = address.len && (*address.ptr == '/' || *address.ptr == '@');
    if (err || is_path || has_port || address.len > HOST_MAX)
        return err ? err : parse_address(logger, address, error, error_size);
    snprintf(text, sizeof text, "%.*s:514", BASK_FMT(address));
    return parse_address(logger, bask_str_of(text), error, error_size);
}

/* "[SOCKET]" */
static int
parse_systemd(struct logger *logger, char *error, size_t error_size)
{
    return parse_address(
        logger, logger->argument.len ? logger->argument : BASK_STR("/run/systemd/journal/socket"),
        error, error_size);
}

static int
parse_pipe(struct logger *logger, char *error, size_t error_size)
{
    return want_argument(logger, "COMMAND", error, error_size);
}

static int
open_file(struct logger *logger, char *error, size_t error_size)
{
    char *path = logger->path[0] == '/' ? NULL : bask_file_absolute(logger->path);
    if (path) {
        free(logger->path);
        logger->path = path;
    }
    logger->fd =
        open(logger->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (logger->fd >= 0)
        return BASK_OK;
    snprintf(error, error_size, "cannot open %s: %s", logger->path, strerror(errno));
    return BASK_E_SYSTEM;
}

static int
open_datagrams(struct logger *logger, char *error, size_t error_size)
{
    logger->fd = socket(logger->addr.u.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (logger->fd >= 0)
        return BASK_OK;
    snprintf(error, error_size, "no socket: %s", strerror(errno));
    return BASK_E_SYSTEM;
}

static int
open_nothing(struct logger *logger, char *error, size_t error_size)
{
    (void)logger, (void)error, (void)error_size;
    return BASK_OK;
}

static const struct logger_kind kinds[] = {
    {"file", parse_file, open_file, NULL},
    {"fd", parse_fd, open_nothing, NULL},
    {"stdio", open_nothing, open_nothing, NULL},
    {"socket", parse_socket, open_datagrams, frame_plain},
    {"syslog", parse_syslog, open_datagrams, frame_syslog},
    {"rsyslog", parse_rsyslog, open_datagrams, frame_syslog},
    {"pipe", parse_pipe, open_nothing, NULL},
    {"systemd", parse_systemd, open_datagrams, frame_journal},
};

static bool
is(const struct logger *logger, const char *name)
{
    return strcmp(logger->kind->name, name) == 0;
}

static const struct logger_kind *
kind_named(bask_str name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (bask_str_eq(name, bask_str_of(kinds[i].name)))
            return &kinds[i];
    return NULL;
}

/* What is before the first space is a name if it has nothing that no name has. */
static bool
is_name(bask_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = bask_lower(text.ptr[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return text.len;
}

int
logger_parse(bask_str text, struct logger *ret_logger, char *error, size_t error_size)
{
    struct logger logger = {.host = ret_logger->host, .fd = -1};
    bask_str name, rest, kind;
    if (bask_str_cut(text, ' ', &name, &rest) && is_name(name)) {
        logger.name = name;
        text = bask_str_trim(rest);
    }
    logger.text = kind = text;
    bask_str_cut(text, ':', &kind, &logger.argument);
    logger.kind = kind_named(kind);
    if (!logger.kind) {
        snprintf(error, error_size, "there is no logger \"%.*s\" here; there are %s",
                 BASK_FMT(kind), bask_logs_kinds);
        return BASK_E_NOTFOUND;
    }
    int err = logger.kind->parse(&logger, error, error_size);
    if (err)
        logger_free(&logger);
    else
        *ret_logger = logger;
    return err;
}

void
logger_free(struct logger *logger)
{
    free(logger->path);
    free(logger->backup);
    free(logger->words_of);
    bask_buf_fini(&logger->out);
    *logger = (struct logger){.fd = -1};
}

int
logger_open(struct logger *logger, char *error, size_t error_size)
{
    struct stat status;
    int err = logger->kind->open(logger, error, error_size);
    if (!err && logger->fd >= 0 && !fstat(logger->fd, &status))
        logger->may_wait = !S_ISREG(status.st_mode);
    return err;
}

/* The descriptor of "fd" is not ours. */
void
logger_close(struct logger *logger)
{
    if (logger->fd < 0 || is(logger, "fd"))
        return;
    close(logger->fd);
    logger->fd = -1;
}

/* Its own pipe does not wait; the command goes on with what it was started for until its end. */
static void
start_command(struct logger *logger)
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

static void
note_loss(struct logger *logger, uint64_t lines, const char *why)
{
    if (!logger->lost) {
        logger->lost_us = bask_clock_us();
        bask_log(BASK_LOG_WARN, "logger %.*s: lines are lost: %s", BASK_FMT(logger->text), why);
    }
    logger->lost += lines;
}

/* A line about what was lost; 0: nothing was. */
static size_t
describe_loss(struct logger *logger, char *note, size_t size)
{
    if (!logger->lost)
        return 0;
    size_t used = bask_log_begin(BASK_LOG_WARN, note, size);
    used += (size_t)snprintf(note + used, size - used,
                             "%llu lines were lost here: nothing could be written for %.1f s\n",
                             (unsigned long long)logger->lost,
                             (double)(bask_clock_us() - logger->lost_us) / 1e6);
    logger->lost = 0;
    return used;
}

/* A while for whoever does not take it; false: the time is up. */
static bool
wait_for_room(const struct logger *logger, int64_t *until_us)
{
    int64_t now = bask_clock_us();
    *until_us = *until_us ? *until_us : now + PATIENCE_US;
    struct pollfd out = {.fd = logger->fd, .events = POLLOUT};
    if (logger->held || now >= *until_us)
        return false;
    if (logger->kind->frame)
        poll(NULL, 0, STEP_MS);
    else
        poll(&out, 1, (int)((*until_us - now + 999) / 1000));
    return true;
}

static bool
send_datagram(struct logger *logger, bask_str bytes)
{
    int64_t until_us = 0;
    while (sendto(logger->fd, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL,
                  &logger->addr.u.any, logger->addr.length) < 0)
        if (errno != EINTR &&
            ((errno != EAGAIN && errno != ENOBUFS) || !wait_for_room(logger, &until_us))) {
            note_loss(logger, 1, strerror(errno));
            logger->held = true;
            return false;
        }
    logger->held = false;
    return true;
}

static void
put_datagram(struct logger *logger, bask_str message, const struct moment *now)
{
    char note[256];
    bask_buf_consume(&logger->out, bask_buf_len(&logger->out));
    if (logger->kind->frame(logger, message, now, &logger->out) ||
        !send_datagram(logger, bask_buf_view(&logger->out)))
        return;
    size_t len = describe_loss(logger, note, sizeof note);
    if (len)
        put_datagram(logger, bask_str_n(note, len), now);
}

/* Writes as much as goes out in time; false if that is not all, and errno tells. Another's pipe,
 * whose writes wait, gets no more than fits. */
static bool
write_out(struct logger *logger)
{
    int64_t until_us = 0;
    while (bask_buf_len(&logger->out)) {
        bask_str rest = bask_buf_view(&logger->out);
        struct pollfd room = {.fd = logger->fd, .events = POLLOUT};
        bool is_full = logger->may_wait && poll(&room, 1, 0) == 0;
        size_t len = logger->may_wait && rest.len > PIPE_BUF ? PIPE_BUF : rest.len;
        ssize_t n = is_full ? -1 : write(logger->fd, rest.ptr, len);
        if (n > 0) {
            logger->in_line = rest.ptr[n - 1] != '\n';
            bask_buf_consume(&logger->out, (size_t)n);
            until_us = 0;
            logger->held = false;
            continue;
        }
        if (is_full)
            errno = EAGAIN;
        if (errno != EINTR && (errno != EAGAIN || !wait_for_room(logger, &until_us)))
            return false;
    }
    return true;
}

/* All that waits is lost but the end of a line whose beginning went out. */
static void
drop(struct logger *logger, const char *why)
{
    bask_str rest = bask_buf_view(&logger->out);
    const char *end = logger->in_line ? memchr(rest.ptr, '\n', rest.len) : NULL;
    size_t kept = end ? (size_t)(end - rest.ptr) + 1 : 0;
    uint64_t lines = 0;
    for (size_t i = kept; i < rest.len; i++)
        lines += rest.ptr[i] == '\n';
    logger->out.end = logger->out.start + kept;
    if (lines)
        note_loss(logger, lines, why);
}

/* Its command is gone: the line that it was in is nobody's. The next one is there at once, unless
 * the last one lived too short. */
static void
lose_command(struct logger *logger)
{
    bask_str rest = bask_buf_view(&logger->out);
    const char *end = logger->in_line ? memchr(rest.ptr, '\n', rest.len) : NULL;
    if (end)
        bask_buf_consume(&logger->out, (size_t)(end - rest.ptr) + 1);
    logger->in_line = false;
    logger_close(logger);
}

static bool
has_command(struct logger *logger)
{
    if (logger->fd < 0 && !logger->pid &&
        (!logger->started_us || bask_clock_us() - logger->started_us >= SHORT_LIFE_US))
        start_command(logger);
    return logger->fd >= 0;
}

void
logger_turn(struct logger *logger, bool move)
{
    char error[512], to[PATH_MAX];
    int before = logger->fd;
    bool failed = false;
    if (!is(logger, "file"))
        return;
    if (move && bask_file_put_aside(logger->path, logger->backup, to, sizeof to)) {
        bask_log(BASK_LOG_WARN, "logger %.*s: cannot move it to %s: %s", BASK_FMT(logger->text), to,
                 strerror(errno));
        failed = true;
    }
    if (logger_open(logger, error, sizeof error)) {
        bask_log(BASK_LOG_WARN, "logger %.*s: %s", BASK_FMT(logger->text), error);
        logger->fd = before;
        failed = true;
    } else if (before >= 0) {
        close(before);
    }
    logger->stays_until_us = failed ? bask_clock_us() + AFTER_FAILURE_US : 0;
}

/* Another logger, or the server before an upgrade, may have moved it already. */
static void
begin_anew_if_large(struct logger *logger)
{
    struct stat status, named;
    if (!logger->max_bytes || logger->fd < 0 || fstat(logger->fd, &status) ||
        status.st_size <= logger->max_bytes || bask_clock_us() < logger->stays_until_us)
        return;
    bool stays = !stat(logger->path, &named) && named.st_ino == status.st_ino &&
                 named.st_dev == status.st_dev;
    logger_turn(logger, stays);
}

void
logger_flush(struct logger *logger)
{
    char note[256];
    size_t noted;
    if (logger->kind->frame || !bask_buf_len(&logger->out))
        return;
    if (is(logger, "stdio")) {
        bask_outlet_write(bask_buf_view(&logger->out).ptr, bask_buf_len(&logger->out));
        bask_buf_consume(&logger->out, bask_buf_len(&logger->out));
        return;
    }
    if (is(logger, "pipe") && !has_command(logger)) {
        if (bask_buf_len(&logger->out) > WAITING_MAX)
            drop(logger, "the command is not there");
        return;
    }
    if (!write_out(logger)) {
        int why = errno;
        if (is(logger, "pipe") && why == EPIPE) {
            lose_command(logger);
            return;
        }
        logger->held = true;
        drop(logger, why == EAGAIN ? "nobody reads them" : strerror(why));
    } else if ((noted = describe_loss(logger, note, sizeof note))) {
        bask_buf_append(&logger->out, bask_str_n(note, noted));
        logger_flush(logger);
    }
    begin_anew_if_large(logger);
}

void
logger_put(struct logger *logger, bask_str message, const struct moment *now)
{
    if (logger->kind->frame) {
        put_datagram(logger, message, now);
        return;
    }
    bool has_end = message.len && message.ptr[message.len - 1] == '\n';
    if (bask_buf_reserve(&logger->out, message.len + 1))
        return;
    bask_buf_append(&logger->out, message);
    if (!has_end)
        bask_buf_append(&logger->out, BASK_STR("\n"));
}

void
logger_finish(struct logger *logger)
{
    int64_t until_us = bask_clock_us() + LAST_WORDS_US;
    logger->started_us = 0; /* there is no later */
    logger_flush(logger);
    logger_close(logger);
    while (logger->pid && waitpid(logger->pid, NULL, WNOHANG) == 0 && bask_clock_us() < until_us)
        poll(NULL, 0, STEP_MS);
    logger->pid = 0;
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
    lose_command(logger);
    return true;
}

bool
logger_is_waiting(const struct logger *logger)
{
    return is(logger, "pipe") && logger->fd < 0 && bask_buf_len(&logger->out);
}
