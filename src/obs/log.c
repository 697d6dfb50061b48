/* Lines for the people who run the server. */
#include "obs/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { USUAL_LINE = 2048 };

static int also_fd = -1;

void
bask_log_also_to(int fd)
{
    also_fd = fd;
}

static void
put(enum bask_log_level level, const char *text, size_t len)
{
    ssize_t written = write(STDERR_FILENO, text, len);
    if (also_fd >= 0 && level <= BASK_LOG_WARN)
        written = write(also_fd, text, len);
    (void)written; /* there is nobody left to tell */
}

void
bask_log(enum bask_log_level level, const char *format, ...)
{
    static const char *const marks[] = {
        [BASK_LOG_ERROR] = "[alert] ",
        [BASK_LOG_WARN] = "[warn] ",
        [BASK_LOG_INFO] = "",
        [BASK_LOG_DEBUG] = "[debug] ",
    };
    char line[USUAL_LINE];
    struct tm now;
    time_t seconds = time(NULL);
    size_t used = strftime(line, sizeof line, "%F %T ", localtime_r(&seconds, &now));
    used +=
        (size_t)snprintf(line + used, sizeof line - used, "[%d] %s", (int)getpid(), marks[level]);
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(line + used, sizeof line - used, format, arguments);
    va_end(arguments);
    if (wanted < 0)
        wanted = 0;
    if (used + (size_t)wanted < sizeof line) {
        used += (size_t)wanted;
        line[used++] = '\n';
        put(level, line, used);
        return;
    }
    /* A long traceback: its end is what matters. */
    char *text = malloc(used + (size_t)wanted + 2);
    if (!text) {
        put(level, line, sizeof line - 1);
        return;
    }
    memcpy(text, line, used);
    va_start(arguments, format);
    vsnprintf(text + used, (size_t)wanted + 1, format, arguments);
    va_end(arguments);
    used += (size_t)wanted;
    text[used++] = '\n';
    put(level, text, used);
    free(text);
}
