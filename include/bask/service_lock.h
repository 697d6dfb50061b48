/*
 * The service "lock": locks by number, which all processes of the server share, whatever their
 * generation. A thread that ends with a lock, or whose process does, has given it back.
 */
#pragma once

#include <stdint.h>

struct bask_service_lock {
    uint32_t size;
    uint32_t count; /* they have the numbers from 0 on */
    /* Waits. 0; BASK_E_RANGE: no such lock; BASK_E_STATE: the calling thread has it already. */
    int (*lock)(uint32_t number);
    /* 0; BASK_E_RANGE; BASK_E_STATE: the calling thread does not have it. */
    int (*unlock)(uint32_t number);
    /* 1: somebody has it; 0; BASK_E_RANGE. */
    int (*is_locked)(uint32_t number);
};
