/*
 * How a process comes to the plugin and the application, be it a zygote, a worker without one, a
 * lazy worker or an aide.
 */
#pragma once

#include "proc/heritage.h"

/* Makes the plugin's functions usable in this process before it is a worker: logging, options,
 * information, no requests. Then loads the runtime. An enum bask_exit. */
int bask_load_plugin(struct bask_heritage *heritage);
/* Loads the application. An enum bask_exit. */
int bask_load_application(struct bask_heritage *heritage);

/* Makes the plugin's functions those of this process; `crew` is NULL where there are no requests to
 * be had, `worker_id` is 0 in a zygote. */
void bask_load_host(struct bask_heritage *heritage, struct bask_crew *crew, uint32_t worker_id);
