/* The locks of applications, in shared memory. */
#pragma once

#include <stdint.h>

struct bask_locks;

/* NULL: out of memory. */
struct bask_locks *bask_locks_new(uint32_t count);
void bask_locks_free(struct bask_locks **locks);
/* The process that has it, or had it when it died; 0: none. The number is one of those there are.
 */
int32_t bask_locks_holder(const struct bask_locks *locks, uint32_t number);
uint32_t bask_locks_count(const struct bask_locks *locks);
/* As the functions of the service (bask/service_lock.h). */
int bask_locks_lock(struct bask_locks *locks, uint32_t number);
int bask_locks_unlock(struct bask_locks *locks, uint32_t number);
int bask_locks_is_locked(struct bask_locks *locks, uint32_t number);
