/* A blocking client with a deadline. */
#include "cli/ask.h"

#include "base/err.h"
#include "sys/clock.h"
#include "sys/sock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { PIECE = 4096 };

/* Milliseconds for poll(2); 0: time is up. */
static int
time_left(int64_t deadline_us)
{
    if (!deadline_us)
        return -1;
    int64_t left = (deadline_us - bask_clock_us() + 999) / 1000;
    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static int
open_connection(bask_str path, int *ret_fd, char *error, size_t error_size)
{
    struct bask_sockaddr address;
    int err = bask_sock_parse(path, &address, error, error_size);
    if (err)
        return err;
    if (address.u.any.sa_family != AF_UNIX) {
        snprintf(error, error_size, "%.*s is not the path of a unix socket", BASK_FMT(path));
        return BASK_E_SYNTAX;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, &address.u.any, address.length)) {
        snprintf(error, error_size, "no server answers at %.*s: %s", BASK_FMT(path),
                 strerror(errno));
        if (fd >= 0)
            close(fd);
        return BASK_E_SYSTEM;
    }
    *ret_fd = fd;
    return BASK_OK;
}

/* Some more bytes. */
static int
receive(int fd, int64_t deadline_us, struct bask_buf *bytes)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    int count;
    do {
        count = poll(&readable, 1, time_left(deadline_us));
    } while (count < 0 && errno == EINTR);
    if (count == 0)
        return BASK_E_TIMEOUT;
    if (bask_buf_reserve(bytes, PIECE))
        return BASK_E_NOMEM;
    ssize_t n = recv(fd, bytes->data + bytes->end, PIECE, 0);
    if (n <= 0)
        return BASK_E_CLOSED;
    bytes->end += (size_t)n;
    return BASK_OK;
}

static int
receive_answer(int fd, int64_t deadline_us, struct bask_control_answer *ret_answer,
               struct bask_buf *bytes)
{
    int err, used = -2;
    while (used == -2) {
        err = receive(fd, deadline_us, bytes);
        if (err)
            return err;
        used = bask_control_parse_answer(bask_buf_view(bytes).ptr, bask_buf_len(bytes), ret_answer);
    }
    if (used < 0)
        return BASK_E_SYNTAX;
    bask_buf_consume(bytes, (size_t)used);
    while (bask_buf_len(bytes) < ret_answer->length) {
        err = receive(fd, deadline_us, bytes);
        if (err)
            return err;
    }
    return BASK_OK;
}

/* A server that stops has ended only when the connection has. */
static int
wait_for_end(int fd, int64_t deadline_us)
{
    struct bask_buf bytes = {0};
    int err;
    do {
        err = receive(fd, deadline_us, &bytes);
        bask_buf_consume(&bytes, bask_buf_len(&bytes));
    } while (!err);
    bask_buf_fini(&bytes);
    return err == BASK_E_CLOSED ? BASK_OK : err;
}

int
cli_ask(bask_str path, const struct bask_control_request *request, int64_t limit_ms,
        struct bask_control_answer *ret_answer, struct bask_buf *ret_text, char *error,
        size_t error_size)
{
    char line[BASK_CONTROL_LINE + 1];
    struct bask_buf bytes = {0};
    int64_t deadline_us = limit_ms ? bask_clock_us() + limit_ms * 1000 : 0;
    int fd, length = bask_control_format(line, request);
    if (length < 0) {
        snprintf(error, error_size, "\"%.*s\" is not a command", BASK_FMT(request->command));
        return length;
    }
    int err = open_connection(path, &fd, error, error_size);
    if (err)
        return err;
    if (send(fd, line, (size_t)length, MSG_NOSIGNAL) != length)
        err = BASK_E_CLOSED;
    if (!err)
        err = receive_answer(fd, deadline_us, ret_answer, &bytes);
    if (!err && request->wait)
        err = wait_for_end(fd, deadline_us);
    close(fd);
    if (err) {
        snprintf(error, error_size, "the server's answer: %s", bask_err_text(err));
        bask_buf_fini(&bytes);
        return err;
    }
    *ret_text = bytes;
    return BASK_OK;
}
