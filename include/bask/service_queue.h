/*
 * The service "queue": a ring of messages, which all processes of the server share. Positions are
 * those of its slots, from 0 on. Functions return 0 or a bask_err: BASK_E_NOTFOUND there is no
 * message, BASK_E_RANGE no such slot or too long a message, BASK_E_NOMEM.
 */
#pragma once

#include <bask/str.h>

#include <stdint.h>

struct bask_service_queue {
    uint32_t size;
    uint32_t count; /* slots; 0: there is no queue */
    /* Into the next slot. A message that is still there is lost: the oldest, in a full queue. */
    int (*push)(bask_str message);
    /* Messages are the caller's until `release`. The oldest; the newest. */
    int (*pull)(bask_str *ret_message);
    int (*pop)(bask_str *ret_message);
    /* That of a slot, which stays; into a slot, whatever is there. */
    int (*get)(uint32_t slot, bask_str *ret_message);
    int (*set)(uint32_t slot, bask_str message);
    void (*release)(bask_str message);
    /* Where the next message goes; where the oldest is. */
    uint32_t (*push_slot)(void);
    uint32_t (*pull_slot)(void);
};
