/*
 * Descriptors that whoever started the process has left open for it, and may share with others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whether this is one. What the process itself has opened is not: programs that it starts would not
 * get it (FD_CLOEXEC). */
bool bask_given_is(int fd);

/* Takes up to `most` bytes, 4096 at a time, from one that is said to be readable, and forgets them.
 * Never waits, whatever its flags are: somebody else may have been faster. What gives eight bytes
 * or none (eventfd(2)) gives eight. How many; 0: it has ended; BASK_E_AGAIN; BASK_E_SYSTEM. */
ssize_t bask_given_take(int fd, size_t most);
