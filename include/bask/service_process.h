/*
 * The service "process": what an application asks about, and does to, the process it is in.
 */
#pragma once

#include <bask/str.h>

#include <stdint.h>

struct bask_service_process {
    uint32_t size;
    /* The name that ps shows; what is too long is cut. */
    void (*set_name)(bask_str name);
    /* Connections that wait in a listening socket; -1 where the system does not tell. */
    int (*waiting)(int fd);
    /* A sentence with which the application warns of itself, in UTF-8: whoever pings the server or
     * asks for its status gets it. It is the whole server's; the last one counts, an empty one
     * takes it back. 80 bytes, what is longer is cut. */
    void (*set_warning)(bask_str text);
};
