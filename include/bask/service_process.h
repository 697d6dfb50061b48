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
};
