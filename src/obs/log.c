/* Lines for the people who run the server. */
#include "obs/log.h"

#include "base/str.h"
#include "obs/outlet.h"

#include <locale.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { USUAL_LINE = 2048 };

enum { DATE_MAX = 128 };

static int also_fd = -1;
static const char *date_format; /* NULL: the usual one */

void
bask_log_date(const char *format)
{
    date_format = format;
}

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

/* As the operator wants it: uWSGI has " - " behind it. Names of days are English, whatever the
 * application has set. */
static size_t
write_date(char *line, size_t size, const time_t *seconds)
{
    static _Atomic(locale_t) english;
    locale_t locale = atomic_load(&english), none = (locale_t)0;
    struct tm now;
    if (!locale) {
        locale = newlocale(LC_TIME_MASK, "C", none);
        if (!locale)
            return 0;
        if (!atomic_compare_exchange_strong(&english, &none, locale)) {
            freelocale(locale);
            locale = none;
        }
    }
    size_t used = strftime_l(line, size - 3, date_format, localtime_r(seconds, &now), locale);
    memcpy(line + used, " - ", 3);
    return used + 3;
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
    size_t used = date_format ? write_date(line, size < DATE_MAX ? size : DATE_MAX, &seconds)
                              : strftime(line, size, "%F %T ", localtime_r(&seconds, &now));
    return used +
           (size_t)snprintf(line + used, size - used, "[%d] %s", (int)getpid(), marks[level]);
}

bask_str
bask_log_behind_stamp(bask_str line)
{
    char start[DATE_MAX + 8];
    struct tm date;
    size_t len = line.len < sizeof start ? line.len : sizeof start - 1;
    if (!len)
        return line;
    memcpy(start, line.ptr, len);
    start[len] = '\0';
    const char *at = strptime(start, date_format ? date_format : "%Y-%m-%d %H:%M:%S", &date);
    const char *mark = date_format ? " - [" : " [";
    if (!at || strncmp(at, mark, strlen(mark)) != 0)
        return line;
    at += strlen(mark);
    size_t used = (size_t)(at - start) + strspn(at, "0123456789");
    return bask_str_n(line.ptr + used, line.len - used);
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
