/*
 * What a master tells a new zygote.
 */
#pragma once

#include <stdbool.h>

struct bask_zygote_orders {
    int channel; /* to the master: ipc/channel.h */
    int words;   /* a file for what goes wrong while it loads */
    int crash;   /* a file for what the runtime has to say when it crashes meanwhile */
    unsigned generation;
    bool cautious; /* an earlier one crashed while it was warmed */
};
