/*
 * What a later upgrade needs to start this server again: remembered before anything changes it.
 */
#pragma once

#include "master/master.h"
#include "net/net.h"

/* In the folder where the server was started. `binary`: --binary-path; absent: this program, by the
 * path by which it was called if it was, so that a link may lead to another one by then. Without
 * memory for it there is no upgrade: argv stays NULL. */
void bask_handover_init(struct bask_master_handover *handover, char *const *argv, bask_str binary,
                        const struct bask_listeners *listeners);
void bask_handover_fini(struct bask_master_handover *handover);
