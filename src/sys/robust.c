/* Locks that outlive their holders: POSIX has them, as robust mutexes. */
#include "sys/robust.h"

#include "base/err.h"

#include <errno.h>
#include <time.h>

int
bask_robust_init(pthread_mutex_t *lock, bool recursive)
{
    pthread_mutexattr_t kind;
    if (pthread_mutexattr_init(&kind))
        return BASK_E_NOMEM;
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_settype(&kind,
                              recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_ERRORCHECK);
    int err = pthread_mutex_init(lock, &kind) ? BASK_E_SYSTEM : BASK_OK;
    pthread_mutexattr_destroy(&kind);
    return err;
}

static int
outcome(pthread_mutex_t *lock, int number)
{
    switch (number) {
    case 0:
        return BASK_ROBUST_GOT;
    case EOWNERDEAD:
        pthread_mutex_consistent(lock);
        return BASK_ROBUST_INHERITED;
    case EBUSY:
    case ETIMEDOUT:
        return BASK_E_AGAIN;
    case EDEADLK:
        return BASK_E_STATE;
    default:
        return BASK_E_LIMIT; /* taken too often by one thread */
    }
}

int
bask_robust_lock(pthread_mutex_t *lock)
{
    return outcome(lock, pthread_mutex_lock(lock));
}

int
bask_robust_try(pthread_mutex_t *lock)
{
    return outcome(lock, pthread_mutex_trylock(lock));
}

/* A wall clock that is set meanwhile makes it longer or shorter: only this one is POSIX's. */
int
bask_robust_wait(pthread_mutex_t *lock, int64_t wait_us)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + wait_us % 1000000 * 1000;
    until.tv_sec += (time_t)(wait_us / 1000000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    return outcome(lock, pthread_mutex_timedlock(lock, &until));
}

int
bask_robust_unlock(pthread_mutex_t *lock)
{
    return pthread_mutex_unlock(lock) ? BASK_E_STATE : BASK_OK;
}
