/*
 * The frames of a WebSocket (RFC 6455), from a server's side: a client's frames are read, the
 * server's are written. No extension is spoken, so the reserved bits are errors.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

enum bask_ws_opcode {
    BASK_WS_CONTINUATION = 0,
    BASK_WS_TEXT = 1,
    BASK_WS_BINARY = 2,
    BASK_WS_CLOSE = 8,
    BASK_WS_PING = 9,
    BASK_WS_PONG = 10,
};

/* Reasons for an end (RFC 6455 7.4.1). */
enum bask_ws_code {
    BASK_WS_NORMAL = 1000,
    BASK_WS_GOING_AWAY = 1001,
    BASK_WS_PROTOCOL_ERROR = 1002,
    BASK_WS_NO_CODE = 1005, /* never sent: the other end gave none */
    BASK_WS_BROKEN = 1006,  /* never sent: the connection broke off */
    BASK_WS_BAD_DATA = 1007,
    BASK_WS_TOO_BIG = 1009,
    BASK_WS_FAILED = 1011,
};

enum {
    BASK_WS_HEAD_MAX = 10,     /* bytes of a server's frame before its payload */
    BASK_WS_CONTROL_MAX = 125, /* bytes of payload of CLOSE, PING, PONG */
    BASK_WS_ACCEPT = 28,
};

struct bask_ws_head {
    bool fin; /* the last frame of its message */
    unsigned char opcode;
    unsigned char mask[4];
    uint64_t len; /* of the payload */
};

/* Whether it may stand between the frames of a message. */
static inline bool
bask_ws_is_control(unsigned opcode)
{
    return opcode >= BASK_WS_CLOSE;
}

/* Reads the head of a client's frame: > 0 its size, -1 refused, -2 more is needed. Refused are
 * reserved bits and opcodes, a frame without a mask, a length in a longer form than needed, and a
 * control frame that is long or not whole. */
int bask_ws_parse(const char *buf, size_t len, struct bask_ws_head *ret_head);
/* Takes the mask off bytes that begin `at` bytes into the payload. */
void bask_ws_unmask(char *data, size_t len, const unsigned char mask[static 4], uint64_t at);
/* Writes the head of a server's frame, which is a whole message; its size. */
size_t bask_ws_write_head(unsigned opcode, uint64_t len, char out[static BASK_WS_HEAD_MAX]);

/* What a CLOSE says: 0, or the code with which it is to be refused. */
unsigned bask_ws_parse_close(bask_str payload, unsigned *ret_code, bask_str *ret_reason);
/* A code that may be sent. */
bool bask_ws_is_code(unsigned code);

/* Sixteen bytes in base64, as a client's key has to be. */
bool bask_ws_is_key(bask_str key);
/* What the server answers to a key. */
void bask_ws_accept(bask_str key, char out[static BASK_WS_ACCEPT]);
