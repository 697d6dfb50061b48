/* The kinds of loggers, rows of a table: what an argument means, and what is opened for it. */
#include "base/err.h"
#include "logs/private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

const char bask_logs_kinds[] = "file, fd, stdio, socket, syslog, rsyslog, pipe, systemd";

int
logger_wants(const struct logger *logger, const char *what, char *error, size_t error_size)
{
    if (logger->argument.len)
        return BASK_OK;
    snprintf(error, error_size, "expected %s:%s", logger->kind->name, what);
    return BASK_E_SYNTAX;
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
    int err = logger_wants(logger, "HOST:PORT or PATH, and [,PREFIX]", error, error_size);
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
    int err = logger_wants(logger, "HOST[:PORT][,IDENT[,PRIORITY]]", error, error_size);
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
    {"file", logger_file_parse, logger_file_open, NULL},
    {"fd", parse_fd, open_nothing, NULL},
    {"stdio", open_nothing, open_nothing, NULL},
    {"socket", parse_socket, open_datagrams, frame_plain},
    {"syslog", parse_syslog, open_datagrams, frame_syslog},
    {"rsyslog", parse_rsyslog, open_datagrams, frame_syslog},
    {"pipe", logger_command_parse, open_nothing, NULL},
    {"systemd", parse_systemd, open_datagrams, frame_journal},
};

const struct logger_kind *
logger_kind_named(bask_str name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (bask_str_eq(name, bask_str_of(kinds[i].name)))
            return &kinds[i];
    return NULL;
}
