/* Sockets that do not block, and poll(2) where they would. */
#include "svc/peer.h"

#include "base/err.h"
#include "sys/sock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static int
complain(struct bask_peer *peer, int err, const char *why)
{
    snprintf(peer->error, peer->error_size, "%s", why);
    return err;
}

static int
wait_for(struct bask_peer *peer, short events)
{
    struct pollfd poller = {.fd = peer->fd, .events = events};
    int n;
    do
        n = poll(&poller, 1, peer->timeout_ms);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return complain(peer, BASK_E_TIMEOUT, "no answer in time");
    return n < 0 ? complain(peer, BASK_E_SYSTEM, strerror(errno)) : BASK_OK;
}

/* How the connecting that connect(2) began has ended. */
static int
finish_connecting(struct bask_peer *peer)
{
    int failure = 0;
    socklen_t size = sizeof failure;
    int err = wait_for(peer, POLLOUT);
    if (err)
        return err;
    getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    return failure ? complain(peer, BASK_E_NOTFOUND, strerror(failure)) : BASK_OK;
}

int
bask_peer_open(struct bask_peer *peer, bask_str node)
{
    struct bask_sockaddr addr;
    if (bask_sock_parse(node, &addr, peer->error, peer->error_size))
        return BASK_E_NOTFOUND;
    peer->fd = socket(addr.u.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (peer->fd < 0)
        return complain(peer, BASK_E_SYSTEM, strerror(errno));
    int err = BASK_OK;
    if (connect(peer->fd, &addr.u.any, addr.length)) {
        if (errno == EINPROGRESS || errno == EINTR)
            err = finish_connecting(peer);
        else
            err = complain(peer, BASK_E_NOTFOUND, strerror(errno));
    }
    if (err)
        bask_peer_close(peer);
    return err;
}

void
bask_peer_close(struct bask_peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
}

int
bask_peer_send(struct bask_peer *peer, bask_str bytes)
{
    while (bytes.len) {
        ssize_t n = send(peer->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (n > 0) {
            bytes = bask_str_n(bytes.ptr + n, bytes.len - (size_t)n);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return complain(peer, BASK_E_CLOSED, strerror(errno));
        int err = wait_for(peer, POLLOUT);
        if (err)
            return err;
    }
    return BASK_OK;
}

ssize_t
bask_peer_receive(struct bask_peer *peer, char *buffer, size_t size)
{
    for (;;) {
        ssize_t n = recv(peer->fd, buffer, size, 0);
        if (n >= 0)
            return n;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return complain(peer, BASK_E_CLOSED, strerror(errno));
        int err = wait_for(peer, POLLIN);
        if (err)
            return err;
    }
}
