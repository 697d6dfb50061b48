/* A logger: what its text means, and what it does with a line, whatever its kind is. */
#include "base/err.h"
#include "logs/private.h"
#include "obs/outlet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAITING_MAX = 1 << 20 }; /* bytes for a command that is not there */

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
    logger.kind = logger_kind_named(kind);
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
    if (logger->fd < 0 || logger_is(logger, "fd"))
        return;
    close(logger->fd);
    logger->fd = -1;
}

void
logger_flush(struct logger *logger)
{
    char note[256];
    size_t noted;
    if (logger->kind->frame || !bask_buf_len(&logger->out))
        return;
    if (logger_is(logger, "stdio")) {
        bask_outlet_write(bask_buf_view(&logger->out).ptr, bask_buf_len(&logger->out));
        bask_buf_consume(&logger->out, bask_buf_len(&logger->out));
        return;
    }
    if (logger_is(logger, "pipe") && !logger_command_is_there(logger)) {
        if (bask_buf_len(&logger->out) > WAITING_MAX)
            logger_drop(logger, "the command is not there");
        return;
    }
    if (!logger_write(logger)) {
        int why = errno;
        if (logger_is(logger, "pipe") && why == EPIPE) {
            logger_command_lose(logger);
            return;
        }
        logger->held = true;
        logger_drop(logger, why == EAGAIN ? "nobody reads them" : strerror(why));
    } else if ((noted = logger_describe_loss(logger, note, sizeof note))) {
        bask_buf_append(&logger->out, bask_str_n(note, noted));
        logger_flush(logger);
    }
    logger_file_begin_anew_if_large(logger);
}

void
logger_put(struct logger *logger, bask_str message, const struct moment *now)
{
    if (logger->kind->frame) {
        logger_send(logger, message, now);
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
    logger->started_us = 0; /* there is no later */
    logger_flush(logger);
    logger_close(logger);
    logger_command_await_end(logger);
}

bool
logger_is_waiting(const struct logger *logger)
{
    return logger_is(logger, "pipe") && logger->fd < 0 && bask_buf_len(&logger->out);
}
