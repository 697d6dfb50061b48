/* preadv2(2) reads without waiting from what has no O_NONBLOCK, which all who share it would get.
 */
#include "sys/given.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PIECE = 4096, COUNTER = sizeof(uint64_t) };

bool
bask_given_is(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* Terminals, and pipes of old kernels, do not know how; there is a moment between these two calls.
 */
static ssize_t
look_and_read(int fd, void *bytes, size_t size)
{
    struct pollfd there = {.fd = fd, .events = POLLIN};
    int n = poll(&there, 1, 0);
    if (!n)
        errno = EAGAIN;
    return n > 0 ? read(fd, bytes, size) : -1;
}

static ssize_t
read_now(int fd, void *bytes, size_t size)
{
    const struct iovec piece = {bytes, size};
    ssize_t n = preadv2(fd, &piece, 1, -1, RWF_NOWAIT);
    bool cannot = n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS);
    return cannot ? look_and_read(fd, bytes, size) : n;
}

ssize_t
bask_given_take(int fd, size_t most)
{
    char bytes[PIECE];
    ssize_t n = read_now(fd, bytes, most < sizeof bytes ? most : sizeof bytes);
    if (n < 0 && errno == EINVAL && most < COUNTER)
        n = read_now(fd, bytes, COUNTER);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EINTR ? BASK_E_AGAIN : BASK_E_SYSTEM;
}
