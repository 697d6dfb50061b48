/* What /proc tells of the memory of this process. */
#include "sys/files.h"
#include "sys/memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
bask_memory_look(struct bask_memory_use *use)
{
    char text[128];
    unsigned long long total, resident;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    *use = (struct bask_memory_use){0};
    if (bask_file_read("/proc/self/statm", text, sizeof text) <= 0 ||
        sscanf(text, "%llu %llu", &total, &resident) != 2)
        return;
    use->address_space = total * page;
    use->resident = resident * page;
}

void
bask_memory_look_closely(struct bask_memory_use *use)
{
    char text[2048];
    use->own = use->share = 0;
    if (bask_file_read("/proc/self/smaps_rollup", text, sizeof text) <= 0)
        return;
    for (char *rest = text, *row; (row = strsep(&rest, "\n"));) {
        unsigned long long kib;
        if (sscanf(row, "Pss: %llu kB", &kib) == 1)
            use->share = kib << 10;
        else if (sscanf(row, "Private_Clean: %llu kB", &kib) == 1 ||
                 sscanf(row, "Private_Dirty: %llu kB", &kib) == 1)
            use->own += kib << 10;
    }
}
