/*
 * Another server, asked over a socket by a thread that waits. Every wait has a limit: so long
 * without progress.
 */
#pragma once

#include "base/str.h"

#include <sys/types.h>

/* What went wrong has one sentence in `error`. */
struct bask_peer {
    int fd;
    int timeout_ms;
    char *error;
    size_t error_size;
};

/* Connects. 0; BASK_E_NOTFOUND: no such node, or nobody is there; BASK_E_TIMEOUT; BASK_E_SYSTEM. */
int bask_peer_open(struct bask_peer *peer, bask_str node);
void bask_peer_close(struct bask_peer *peer);
/* Sends all of it. 0, BASK_E_CLOSED, BASK_E_TIMEOUT. */
int bask_peer_send(struct bask_peer *peer, bask_str bytes);
/* More than 0 bytes; 0: the peer has ended; BASK_E_TIMEOUT; BASK_E_CLOSED: it broke off. */
ssize_t bask_peer_receive(struct bask_peer *peer, char *buffer, size_t size);
