/*
 * One WebSocket's side of a conversation, without its connection: bytes come in, messages and what
 * else the client says come out. Who waits, reads and answers is plugin/host_websocket.c.
 */
#pragma once

#include "base/buf.h"
#include "base/utf8.h"
#include "proto/ws.h"

enum bask_websocket_event {
    BASK_WEBSOCKET_MORE,    /* bytes are needed */
    BASK_WEBSOCKET_MESSAGE, /* a whole one; `opcode` tells TEXT from BINARY */
    BASK_WEBSOCKET_PING,    /* to be answered with the same payload */
    BASK_WEBSOCKET_PONG,
    BASK_WEBSOCKET_CLOSE,  /* `code`, and the reason as payload */
    BASK_WEBSOCKET_FAILED, /* `code` is why, and the payload says it; nothing else comes */
};

/* All zero at the start, but for `max`. */
struct bask_websocket {
    uint64_t max;            /* bytes of a message */
    struct bask_buf in;      /* what came and was not looked at; the caller appends to it */
    struct bask_buf message; /* the one that is being put together, or was handed out last */
    bool handed_out;
    unsigned char opcode; /* of the message; 0: none has begun */
    unsigned code;
    bool in_frame;
    struct bask_ws_head frame;
    uint64_t frame_at;     /* bytes of its payload that came */
    struct bask_utf8 utf8; /* of a text; whole between two messages */
    char control[BASK_WS_CONTROL_MAX];
};

/* The next thing that the client said. The payload is valid until the next call. */
enum bask_websocket_event bask_websocket_next(struct bask_websocket *ws, bask_str *ret_payload);
void bask_websocket_fini(struct bask_websocket *ws);
