/* The services that share things between processes, as Python calls them. */
#include "services_shared.h"

#include <bask/service_lock.h>

static const struct bask_service_lock *locks;

void
services_shared_init(const struct bask_host *host)
{
    locks = host->service("lock");
}

uint32_t
glue_lock_count(void)
{
    return locks->count;
}

int
glue_lock(uint32_t number)
{
    return locks->lock(number);
}

int
glue_unlock(uint32_t number)
{
    return locks->unlock(number);
}

int
glue_is_locked(uint32_t number)
{
    return locks->is_locked(number);
}
