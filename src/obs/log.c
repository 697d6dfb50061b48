/* Lines for the people who run the server. */
#include "obs/log.h"

#include "obs/outlet.h"

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
    bask_outlet_write(text, len);
    if (also_fd >= 0 && level <= BASK_LOG_WARN && write(also_fd, text, len) < 0)
        return; /* there is nobody left to tell */
}

size_t
bask_log_begin(enum bask_log_level level, char *line, size_t size)
{
    static const char *const marks[] = {
        [BASK_LOG_ERROR] = "[alert] ",
        [BASK_LOG_WARN] = "[warn] ",
        [BASK_LOG_INFO] = "",
        [BASK_LOG_DEBUG] = "[debug] ",
    };
    struct tm now;
    time_t seconds = time(NULL);
    size_t used = strftime(line, size, "%F %T ", localtime_r(&seconds, &now));
    return used +
           (size_t)snprintf(line + used, size - used, "[%d] %s", (int)getpid(), marks[level]);
}

void
bask_log(enum bask_log_level level, const char *format, ...)
{
    char line[USUAL_LINE];
    size_t used = bask_log_begin(level, line, sizeof line);
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
