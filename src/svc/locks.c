/* The locks of applications: memory that all processes have, and the service "lock". */
#include "svc/locks.h"

#include "base/err.h"
#include "obs/log.h"
#include "svc/private.h"
#include "sys/proc.h"
#include "sys/robust.h"

#include <stdatomic.h>
#include <unistd.h>

struct lock {
    pthread_mutex_t mutex;
    _Atomic uint64_t holder; /* see self(); 0: nobody; one that has died stays until the next */
};

struct bask_locks {
    uint32_t count;
    struct lock items[];
};

static size_t
size_for(uint32_t count)
{
    return sizeof(struct bask_locks) + count * sizeof(struct lock);
}

struct bask_locks *
bask_locks_new(uint32_t count)
{
    struct bask_locks *locks = bask_proc_shared_memory(size_for(count));
    if (!locks)
        return NULL;
    locks->count = count;
    for (uint32_t i = 0; i < count; i++)
        bask_robust_init(&locks->items[i].mutex, false);
    return locks;
}

void
bask_locks_free(struct bask_locks **locks)
{
    if (*locks)
        bask_proc_unshare_memory(*locks, size_for((*locks)->count));
    *locks = NULL;
}

uint32_t
bask_locks_count(const struct bask_locks *locks)
{
    return locks ? locks->count : 0;
}

int32_t
bask_locks_holder(const struct bask_locks *locks, uint32_t number)
{
    return (int32_t)(atomic_load(&locks->items[number].holder) >> 32);
}

static struct lock *
find(struct bask_locks *locks, uint32_t number)
{
    return number < bask_locks_count(locks) ? &locks->items[number] : NULL;
}

/* The calling thread, by a number that no thread of another process has: PID << 32 | which. */
static uint64_t
self(void)
{
    static _Atomic uint32_t threads;
    static _Thread_local uint32_t number;
    if (!number)
        number = atomic_fetch_add(&threads, 1) + 1;
    return (uint64_t)getpid() << 32 | number;
}

int
bask_locks_lock(struct bask_locks *locks, uint32_t number)
{
    struct lock *lock = find(locks, number);
    if (!lock)
        return BASK_E_RANGE;
    int got = bask_robust_lock(&lock->mutex);
    if (got < 0)
        return got;
    if (got == BASK_ROBUST_INHERITED)
        bask_log(BASK_LOG_WARN, "lock %u: who had it, in process %d, ended with it", number,
                 (int)(atomic_load(&lock->holder) >> 32));
    atomic_store(&lock->holder, self());
    return BASK_OK;
}

static int
leave(struct lock *lock)
{
    atomic_store(&lock->holder, 0);
    return bask_robust_unlock(&lock->mutex);
}

int
bask_locks_unlock(struct bask_locks *locks, uint32_t number)
{
    struct lock *lock = find(locks, number);
    if (!lock)
        return BASK_E_RANGE;
    return atomic_load(&lock->holder) == self() ? leave(lock) : BASK_E_STATE;
}

/* The lock itself is asked only where somebody is said to have it: asking takes it for a moment. */
int
bask_locks_is_locked(struct bask_locks *locks, uint32_t number)
{
    struct lock *lock = find(locks, number);
    if (!lock)
        return BASK_E_RANGE;
    if (!atomic_load(&lock->holder))
        return 0;
    if (bask_robust_try(&lock->mutex) < 0)
        return 1;
    leave(lock);
    return 0;
}

static int
lock_own(uint32_t number)
{
    return bask_locks_lock(svc_shared->locks, number);
}

static int
unlock_own(uint32_t number)
{
    return bask_locks_unlock(svc_shared->locks, number);
}

static int
is_own_locked(uint32_t number)
{
    return bask_locks_is_locked(svc_shared->locks, number);
}

struct bask_service_lock svc_lock = {
    .size = sizeof svc_lock,
    .lock = lock_own,
    .unlock = unlock_own,
    .is_locked = is_own_locked,
};
