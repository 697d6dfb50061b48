/*
 * The border to the services that share things between processes; as services.h.
 */
#pragma once

#include <bask/plugin.h>

/* Called once, before Python is. */
void services_shared_init(const struct bask_host *host);

uint32_t glue_lock_count(void);
int glue_lock(uint32_t number);
int glue_unlock(uint32_t number);
int glue_is_locked(uint32_t number);
