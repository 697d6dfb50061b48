/* Lines for the people who run the server. */
#include "obs/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192 };

void
bask_log(enum bask_log_level level, const char *format, ...)
{
    static const char *const marks[] = {
        [BASK_LOG_ERROR] = "[alert] ",
        [BASK_LOG_WARN] = "[warn] ",
        [BASK_LOG_INFO] = "",
        [BASK_LOG_DEBUG] = "[debug] ",
    };
    char line[LINE_MAX_BYTES];
    struct tm now;
    time_t seconds = time(NULL);
    size_t used = strftime(line, sizeof line, "%F %T ", localtime_r(&seconds, &now));
    used +=
        (size_t)snprintf(line + used, sizeof line - used, "[%d] %s", (int)getpid(), marks[level]);
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(line + used, sizeof line - used, format, arguments);
    va_end(arguments);
    if (wanted > 0)
        used += (size_t)wanted;
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* there is nobody left to tell */
}
