/*
 * The service "request": what an application asks about the request of the calling thread, which
 * the arguments of its functions do not tell. All give BASK_E_STATE where the thread has none.
 */
#pragma once

#include <bask/request.h>

#include <stdint.h>
#include <sys/types.h>

struct bask_service_request {
    uint32_t size;
    /* The client's socket, which stays the server's. */
    int (*descriptor)(void);
    /* The client is told that nothing more will come, and nothing more is sent. The request goes on
     * until it is answered. */
    int (*disconnect)(void);
    /* The length of the body as the client stated it; 0: it stated none. */
    int64_t (*length)(void);
    /* How many requests the thread has answered before, under whatever process. */
    int64_t (*number)(void);
    /* The request itself; NULL: the thread has none. */
    const struct bask_request *(*current)(void);
    /* As read_body of struct bask_host, with a limit for its first byte; negative:
     * --chunked-input-timeout, 0: BASK_E_AGAIN instead of waiting. */
    ssize_t (*read_body)(char *buffer, size_t size, int timeout_ms);
    /* How long the server waits for others that make no progress: --socket-timeout. */
    int (*patience_ms)(void);
    /* The request has a line in the access log, whatever --disable-logging says. */
    int (*log_this)(void);
    /* One more variable of the request, for those who look at it from now on; the environ is made
     * already. BASK_E_LIMIT: it has too many, or this one is too large. */
    int (*add_variable)(bask_str name, bask_str value);
    /* Waits for a signal (service_signal.h) that came to this worker, which the caller handles: its
     * number. Numbers that nobody has defined come to whoever waits. BASK_E_NOTFOUND: no signals
     * come here; BASK_E_CLOSED: the worker shall end; BASK_E_TIMEOUT: the request was cut off. */
    int (*wait_signal)(void);
    /* Notes a value by a name, for the line of the request in the access log (--log-format); it
     * takes the place of what was noted by this name before. What no line shows is not kept, and
     * what is longer than a line is cut. */
    int (*note)(bask_str name, bask_str value);
};
