/*
 * The last step of lines and datagrams: out. Nobody is waited for for long; what cannot be written
 * is lost, counted, and told of at the same place when it is free again.
 */
#include "base/err.h"
#include "logs/private.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    PATIENCE_US = 500000,
    STEP_MS = 10, /* a socket cannot be asked whether it has room */
};

static void
note_loss(struct logger *logger, uint64_t lines, const char *why)
{
    if (!logger->lost) {
        logger->lost_us = bask_clock_us();
        bask_log(BASK_LOG_WARN, "logger %.*s: lines are lost: %s", BASK_FMT(logger->text), why);
    }
    logger->lost += lines;
}

size_t
logger_describe_loss(struct logger *logger, char *note, size_t size)
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

void
logger_send(struct logger *logger, bask_str message, const struct moment *now)
{
    char note[256];
    bask_buf_consume(&logger->out, bask_buf_len(&logger->out));
    if (logger->kind->frame(logger, message, now, &logger->out) ||
        !send_datagram(logger, bask_buf_view(&logger->out)))
        return;
    size_t len = logger_describe_loss(logger, note, sizeof note);
    if (len)
        logger_send(logger, bask_str_n(note, len), now);
}

/* Another's pipe, whose writes wait, gets no more than fits. */
bool
logger_write(struct logger *logger)
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

void
logger_drop(struct logger *logger, const char *why)
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
