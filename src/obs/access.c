/*
 * Lines are gathered in one buffer and leave it in one write(2): when it is full, or when the loop
 * has nothing else to do. Bytes that a client chose are escaped, so a line is always one line.
 */
#include "obs/access.h"

#include "obs/outlet.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* No line is longer than ENTRY_MAX: every field of it is cut to its size. */
enum { GATHERED = 16384, URI_MAX = 2048, FIELD_MAX = 256, ENTRY_MAX = 4096 };

struct bask_access_log {
    int fd;
    locale_t locale; /* of days and months, whatever the application sets */
    size_t used;
    time_t second; /* of `when` */
    char when[26]; /* as ctime(3) writes it, without its newline */
    char bytes[GATHERED];
};

struct bask_access_log *
bask_access_new(int fd)
{
    struct bask_access_log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->fd = fd;
    log->locale = newlocale(LC_TIME_MASK, "C", (locale_t)0);
    if (log->locale)
        return log;
    free(log);
    return NULL;
}

void
bask_access_free(struct bask_access_log **log)
{
    if (!*log)
        return;
    bask_access_flush(*log);
    freelocale((*log)->locale);
    free(*log);
    *log = NULL;
}

void
bask_access_flush(struct bask_access_log *log)
{
    if (log->used && log->fd == STDERR_FILENO) {
        bask_outlet_write(log->bytes, log->used);
        log->used = 0;
    }
    for (size_t done = 0; done < log->used;) {
        ssize_t n = write(log->fd, log->bytes + done, log->used - done);
        if (n <= 0)
            break; /* a log that cannot be written must not stop the server */
        done += (size_t)n;
    }
    log->used = 0;
}

static size_t
escape(char *out, size_t room, bask_str text)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len && used + 4 < room; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c < 0x7f && c != '\\')
            out[used++] = (char)c;
        else
            used += (size_t)snprintf(out + used, 5, "\\x%02x", c);
    }
    out[used] = '\0';
    return used;
}

static const char *
now_text(struct bask_access_log *log)
{
    time_t now = time(NULL);
    if (now != log->second) {
        struct tm fields;
        log->second = now;
        strftime_l(log->when, sizeof log->when, "%a %b %e %T %Y", localtime_r(&now, &fields),
                   log->locale);
    }
    return log->when;
}

void
bask_access_write(struct bask_access_log *log, const struct bask_access_entry *entry)
{
    char uri[URI_MAX], user[FIELD_MAX], addr[FIELD_MAX], method[FIELD_MAX], protocol[FIELD_MAX];
    escape(uri, sizeof uri, entry->uri);
    escape(user, sizeof user, entry->remote_user);
    escape(addr, sizeof addr, entry->remote_addr);
    escape(method, sizeof method, entry->method);
    escape(protocol, sizeof protocol, entry->protocol);
    if (sizeof log->bytes - log->used < ENTRY_MAX)
        bask_access_flush(log);
    int n = snprintf(log->bytes + log->used, ENTRY_MAX,
                     "[pid: %d|app: %d|req: %llu/%llu] %s (%s) {%u vars in %u bytes} [%s] "
                     "%s %s => generated %llu bytes in %lld msecs%s (%s %u) "
                     "%u headers in %u bytes (1 switches on core %u)\n",
                     (int)getpid(), entry->app, (unsigned long long)entry->requests,
                     (unsigned long long)entry->requests, addr, user, entry->variables,
                     entry->variable_bytes, now_text(log), method, uri,
                     (unsigned long long)entry->body_bytes, (long long)(entry->elapsed_us / 1000),
                     entry->note, protocol, entry->status, entry->header_count, entry->header_bytes,
                     entry->thread);
    if (n > 0)
        log->used += (size_t)n < ENTRY_MAX ? (size_t)n : ENTRY_MAX - 1;
}
