/* getrandom(2) gives up to 256 bytes whole, once the system has begun. */
#include "sys/entropy.h"

#include "sys/clock.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

void
bask_random(void *bytes, size_t size)
{
    assert(size <= 256);
    if (getrandom(bytes, size, 0) == (ssize_t)size)
        return;
    /* A kernel or a filter without it: better something than nothing. */
    int64_t now = bask_clock_wall_us() ^ (int64_t)getpid() << 40;
    memset(bytes, 0, size);
    memcpy(bytes, &now, size < sizeof now ? size : sizeof now);
}
