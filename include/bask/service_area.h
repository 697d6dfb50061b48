/*
 * The service "area": plain memory, which all processes of the server share; what is in it is the
 * applications' affair.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bask_service_area {
    uint32_t size;
    uint32_t count; /* areas; they have the numbers from 0 on */
    /* Where an area is, as long as the process lives, and how large; NULL: no such area. */
    char *(*memory)(uint32_t area, size_t *ret_size);
    /* Its lock, which one thread has at a time, as often as it takes it; who ends with it gives it
     * back. 0; BASK_E_RANGE: no such area; `unlock`: BASK_E_STATE: the thread does not have it. */
    int (*lock)(uint32_t area);
    int (*unlock)(uint32_t area);
};
