/*
 * The service "request": what an application asks about the request of the calling thread, which
 * the arguments of its functions do not tell. All give BASK_E_STATE where the thread has none.
 */
#pragma once

#include <stdint.h>

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
};
