/* Other C libraries (musl) give memory back by themselves. */
#include "sys/memory.h"

void
bask_memory_trim(void)
{
}
