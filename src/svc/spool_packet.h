/*
 * Tasks that come over the network. May be called from any thread, and waits for the disk.
 */
#pragma once

#include "base/str.h"

/* `items` is what a packet of modifier 17 holds. 0; BASK_E_SYNTAX, BASK_E_NOTFOUND, BASK_E_LIMIT:
 * it is refused; else it could not be kept. One sentence is in `error`. */
int bask_spool_put_packet(bask_str items, char *error, size_t error_size);
