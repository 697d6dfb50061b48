/* Messages as datagrams: for any listener, for syslog, for the journal of systemd. */
#include "base/err.h"
#include "logs/private.h"

#include <stdio.h>
#include <string.h>

static bask_str
without_newline(bask_str message)
{
    message.len -= message.len && message.ptr[message.len - 1] == '\n';
    return message;
}

int
frame_plain(const struct logger *logger, bask_str message, const struct moment *now,
            struct bask_buf *out)
{
    (void)now;
    int err = bask_buf_append(out, logger->words);
    return err ? err : bask_buf_append(out, message);
}

/* RFC 3164: the names of months are English, whatever the locale is. */
int
frame_syslog(const struct logger *logger, bask_str message, const struct moment *now,
             struct bask_buf *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char head[64];
    int len = snprintf(head, sizeof head, "<%u>%.3s %2d %02d:%02d:%02d ", logger->priority,
                       months + 3 * now->fields.tm_mon, now->fields.tm_mday, now->fields.tm_hour,
                       now->fields.tm_min, now->fields.tm_sec);
    int err = bask_buf_append(out, bask_str_n(head, (size_t)len));
    if (!err)
        err = bask_buf_append(out, logger->words);
    if (!err)
        err = bask_buf_append(out, BASK_STR(": "));
    return err ? err : bask_buf_append(out, without_newline(message));
}

/* A text with newlines in it has its length before it, in 8 bytes, the low ones first. */
int
frame_journal(const struct logger *logger, bask_str message, const struct moment *now,
              struct bask_buf *out)
{
    bask_str text = without_newline(message);
    bool is_simple = !text.len || !memchr(text.ptr, '\n', text.len);
    char length[8];
    (void)now, (void)logger;
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (char)(text.len >> 8 * i & 0xff);
    int err = bask_buf_append(out, BASK_STR("PRIORITY=6\nSYSLOG_IDENTIFIER=bask\nMESSAGE"));
    if (!err)
        err = bask_buf_append(out, is_simple ? BASK_STR("=") : BASK_STR("\n"));
    if (!err && !is_simple)
        err = bask_buf_append(out, bask_str_n(length, sizeof length));
    if (!err)
        err = bask_buf_append(out, text);
    return err ? err : bask_buf_append(out, BASK_STR("\n"));
}

int
syslog_facility(bask_str name, unsigned *ret_facility)
{
    static const char *const names[] = {
        "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
        "uucp",   "cron",   "authpriv", "ftp",    NULL,     NULL,     NULL,     NULL,
        "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
    if (bask_str_eq(name, BASK_STR("security")))
        name = BASK_STR("auth");
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && bask_str_eq(name, bask_str_of(names[i]))) {
            *ret_facility = i;
            return BASK_OK;
        }
    return BASK_E_NOTFOUND;
}
