/* What only the GNU C library can be told. */
#include "sys/memory.h"

#include <malloc.h>

void
bask_memory_trim(void)
{
    malloc_trim(0);
}
