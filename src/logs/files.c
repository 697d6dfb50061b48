/* A logger that writes a file: its name, its size, and what becomes of it when it is moved. */
#include "sys/files.h"
#include "base/err.h"
#include "base/units.h"
#include "logs/private.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
copy_of(bask_str text)
{
    return strndup(text.ptr, text.len);
}

int
logger_file_parse(struct logger *logger, char *error, size_t error_size)
{
    static const char expected[] = "PATH, or logfile=PATH[,maxsize=BYTES][,backupname=PATH]";
    bask_str rest = logger->argument, item, key, value;
    int err = logger_wants(logger, expected, error, error_size);
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

int
logger_file_open(struct logger *logger, char *error, size_t error_size)
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

void
logger_turn(struct logger *logger, bool move)
{
    char error[512], to[PATH_MAX];
    int before = logger->fd;
    bool failed = false;
    if (!logger_is(logger, "file"))
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
void
logger_file_begin_anew_if_large(struct logger *logger)
{
    struct stat status, named;
    if (!logger->max_bytes || logger->fd < 0 || fstat(logger->fd, &status) ||
        status.st_size <= logger->max_bytes || bask_clock_us() < logger->stays_until_us)
        return;
    bool stays = !stat(logger->path, &named) && named.st_ino == status.st_ino &&
                 named.st_dev == status.st_dev;
    logger_turn(logger, stays);
}
