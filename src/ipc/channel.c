/* A SOCK_SEQPACKET pair: a record arrives whole or not at all. */
#include "ipc/channel.h"

#include "base/err.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum { SEND_TIMEOUT_MS = 5000 };

int
bask_channel_open(int ret_ends[2])
{
    int failure = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret_ends);
    return failure ? BASK_E_SYSTEM : BASK_OK;
}

int
bask_channel_send(int fd, const struct bask_message *message)
{
    for (;;) {
        if (send(fd, message, sizeof *message, MSG_NOSIGNAL) == (ssize_t)sizeof *message)
            return BASK_OK;
        if (errno == EPIPE || errno == ECONNRESET)
            return BASK_E_CLOSED;
        if (errno != EAGAIN && errno != EINTR)
            return BASK_E_SYSTEM;
        struct pollfd writable = {.fd = fd, .events = POLLOUT};
        if (errno == EAGAIN && poll(&writable, 1, SEND_TIMEOUT_MS) == 0)
            return BASK_E_SYSTEM;
    }
}

void
bask_channel_close_to_senders(int fd)
{
    shutdown(fd, SHUT_RD);
}

int
bask_channel_receive(int fd, struct bask_message *ret_message)
{
    struct bask_message message;
    ssize_t n;
    do
        n = recv(fd, &message, sizeof message, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return BASK_E_AGAIN;
    if (n != (ssize_t)sizeof message)
        return BASK_E_CLOSED;
    *ret_message = message;
    return BASK_OK;
}
