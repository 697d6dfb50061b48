/* How a start ends that cannot go on. */
#include "main/server.h"
#include "obs/log.h"

#include <stdarg.h>
#include <stdio.h>

/* A process has one end. */
static bool in_log;
static int words = -1;

void
die_in_log(void)
{
    in_log = true;
}

void
die_also_to(int fd)
{
    words = fd;
}

void
die(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (in_log)
        bask_log(BASK_LOG_ERROR, "%s", line);
    else
        fprintf(stderr, "bask: %s\n", line);
    if (words >= 0)
        dprintf(words, "bask: %s\n", line);
    end(BASK_EXIT_FAILED);
}
