/*
 * Locks in shared memory, for threads of several processes. One whose holder has died, in whatever
 * way, is free again, and the next one who gets it is told.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* What getting a lock says: these, or a bask_err. */
enum {
    BASK_ROBUST_GOT = 0,
    BASK_ROBUST_INHERITED = 1, /* whoever had it died with it; it is the caller's now */
};

/* `recursive`: a thread that has it gets it again, and has to give it back as often. */
int bask_robust_init(pthread_mutex_t *lock, bool recursive);
/* Waits. GOT, INHERITED; BASK_E_STATE: the thread has it already; BASK_E_LIMIT. */
int bask_robust_lock(pthread_mutex_t *lock);
/* The same without waiting; BASK_E_AGAIN: somebody has it. */
int bask_robust_try(pthread_mutex_t *lock);
/* The same, waiting so long; BASK_E_AGAIN: somebody has had it all the time. */
int bask_robust_wait(pthread_mutex_t *lock, int64_t wait_us);
/* 0, or BASK_E_STATE: the thread does not have it. */
int bask_robust_unlock(pthread_mutex_t *lock);
