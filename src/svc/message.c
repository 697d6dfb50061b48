/*
 * A packet of any modifier to another server, and what it says: uwsgi.send_message of uWSGI 1.
 */
#include "svc/private.h"

#include "base/buf.h"
#include "base/err.h"
#include "proto/rpc.h"
#include "proto/uwsgi.h"
#include "svc/peer.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 65536, ANSWER_MAX = 1 << 30, PACKET_MAX = 65535, PING = 100 };

static int
complain(struct bask_peer *peer, int err)
{
    snprintf(peer->error, peer->error_size, "%s", bask_err_text(err));
    return err;
}

/* An answer that says itself where it ends: nobody has to wait for the peer to close. */
static bool
is_whole(const struct bask_buf *answer)
{
    struct bask_uwsgi_packet packet;
    bask_str bytes = bask_buf_view(answer);
    int len = bask_uwsgi_parse(bytes.ptr, bytes.len, PACKET_MAX, &packet);
    return len > 0 && (packet.modifier1 == BASK_MODIFIER_RESPONSE || packet.modifier1 == PING);
}

static int
receive_all(struct bask_peer *peer, struct bask_buf *answer)
{
    while (!is_whole(answer)) {
        if (bask_buf_len(answer) > ANSWER_MAX)
            return complain(peer, BASK_E_LIMIT);
        if (bask_buf_reserve(answer, PIECE))
            return complain(peer, BASK_E_NOMEM);
        ssize_t n = bask_peer_receive(peer, answer->data + answer->end, PIECE);
        if (n <= 0)
            return (int)n;
        answer->end += (size_t)n;
    }
    return BASK_OK;
}

static int
converse(struct bask_peer *peer, uint32_t modifiers, bask_str packet, struct bask_buf *answer)
{
    const char head[BASK_UWSGI_HEADER] = {(char)(modifiers & 0xff), (char)(packet.len & 0xff),
                                          (char)(packet.len >> 8), (char)(modifiers >> 8)};
    int err = bask_peer_send(peer, bask_str_n(head, sizeof head));
    if (!err)
        err = bask_peer_send(peer, packet);
    return err ? err : receive_all(peer, answer);
}

int
svc_message_send(bask_str node, uint32_t modifiers, bask_str packet, int timeout_ms,
                 bask_str *ret_answer, char *error, size_t error_size)
{
    struct bask_peer peer = {.timeout_ms = timeout_ms > 0 ? timeout_ms : svc.timeout_ms,
                             .error = error,
                             .error_size = error_size};
    struct bask_buf answer = {0};
    if (packet.len > PACKET_MAX)
        return complain(&peer, BASK_E_LIMIT);
    int err = bask_peer_open(&peer, node);
    if (err)
        return err;
    err = converse(&peer, modifiers, packet, &answer);
    bask_peer_close(&peer);
    if (err) {
        bask_buf_fini(&answer);
        return err;
    }
    *ret_answer = bask_buf_view(&answer); /* `release` frees it: it begins where malloc said */
    return BASK_OK;
}
