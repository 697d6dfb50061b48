/* The bell as an eventfd(2). */
#include "base/err.h"
#include "sys/bell.h"

#include <sys/eventfd.h>
#include <unistd.h>

int
bask_bell_open(void)
{
    int bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return bell < 0 ? BASK_E_SYSTEM : bell;
}

void
bask_bell_close(int bell)
{
    close(bell);
}

void
bask_bell_ring(int bell)
{
    eventfd_write(bell, 1); /* full means rung */
}

void
bask_bell_clear(int bell)
{
    eventfd_t count;
    eventfd_read(bell, &count);
}
