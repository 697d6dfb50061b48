/*
 * The service "websocket": the request of the calling thread becomes a WebSocket (RFC 6455), which
 * ends with the request. Pings are answered, and sent, while a message is waited for.
 *
 * Functions return 0, or a bask_err and one sentence in `error`. BASK_E_STATE: the thread has no
 * WebSocket.
 */
#pragma once

#include <bask/str.h>

#include <stddef.h>
#include <stdint.h>

struct bask_websocket_message {
    uint32_t size;    /* of this struct, set by the caller */
    uint32_t is_text; /* 1: UTF-8 */
    uint32_t code;    /* with BASK_E_CLOSED: why (RFC 6455 7.4), 1006 if nobody said */
    bask_str data;    /* valid until the next call; with BASK_E_CLOSED the client's reason */
};

struct bask_service_websocket {
    uint32_t size;
    /* Answers 101. Arguments may be absent: `key` is then the request's own; `protocol` the first
     * that the client offers. One that it does not offer is not told. BASK_E_SYNTAX: the request
     * wants no WebSocket, and is as it was. */
    int (*handshake)(bask_str key, bask_str origin, bask_str protocol, char *error,
                     size_t error_size);
    /* A whole message. `wait` 0: BASK_E_TIMEOUT if there is none. BASK_E_AGAIN: a signal came, call
     * again; BASK_E_CLOSED: it is over. */
    int (*receive)(int wait, struct bask_websocket_message *ret_message, char *error,
                   size_t error_size);
    int (*send)(bask_str data, int is_text, char *error, size_t error_size);
    /* Says why it ends; nothing can be sent afterwards. BASK_E_RANGE: no code that may be sent. */
    int (*close)(uint32_t code, bask_str reason, char *error, size_t error_size);
};
