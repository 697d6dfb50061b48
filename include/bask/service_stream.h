/*
 * The service "stream": the connection of the calling thread's request, taken over. From then on it
 * carries whatever bytes either end wants to send, until the request is answered; the answer itself
 * reaches nobody. All functions give BASK_E_STATE where the thread has no request.
 */
#pragma once

#include <bask/str.h>

#include <stdint.h>
#include <sys/types.h>

/* The last bytes that the server sends by itself, unless the application said the last. They
 * outlive the process's threads. */
struct bask_farewells {
    bask_str done;   /* the application has answered, or let go */
    bask_str failed; /* it raised */
    bask_str away;   /* the server ends, or this process is replaced */
};

struct bask_service_stream {
    uint32_t size;
    /* Sends the head ("101 Switching Protocols", as in respond; nothing is added to it), or nothing
     * if it is absent, and takes the connection over. BASK_E_STATE: an answer has begun, or a body
     * is not read; BASK_E_SYNTAX: a malformed head, and the request is as it was; BASK_E_CLOSED. */
    int (*take)(bask_str head, uint32_t header_count, const struct bask_farewells *farewells);
    /* At least one byte; 0: the client sends nothing more. `timeout_ms` is for the first byte;
     * negative: for ever, 0: not at all. BASK_E_TIMEOUT; BASK_E_CLOSED: it broke off; BASK_E_AGAIN:
     * a signal came, and nothing else. */
    ssize_t (*read)(char *buffer, size_t size, int timeout_ms);
    /* Sends all of it, or so much that little is left to be sent. `is_last`: nothing follows.
     * BASK_E_TIMEOUT: the client takes nothing; BASK_E_CLOSED: it left, or the last is said. */
    int (*write)(bask_str data, int is_last);
};
