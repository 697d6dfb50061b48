/*
 * The service "mule": messages to mules and to farms, which are names for some of them. A message
 * is delivered once, to one mule, or waits for it, also while it is replaced. Mules receive by the
 * service "aide".
 */
#pragma once

#include <bask/str.h>

#include <stddef.h>
#include <stdint.h>

struct bask_service_mule {
    uint32_t size;
    uint32_t (*count)(void);
    size_t (*largest)(void); /* message */
    /* To mule `id`, 0: to any. 0; BASK_E_AGAIN: too many wait already; else one sentence in
     * `error`: BASK_E_NOTFOUND there is no such mule, BASK_E_LIMIT the message is too large. */
    int (*send)(uint32_t id, bask_str message, char *error, size_t error_size);
    int (*send_to_farm)(bask_str farm, bask_str message, char *error, size_t error_size);
    /* 1: the calling process is a mule of this farm, or, for an absent name, of any. */
    int (*is_in_farm)(bask_str farm);
};
