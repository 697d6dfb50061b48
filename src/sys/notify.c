/* One datagram a message, from a socket that is opened for it: messages are rare, and a descriptor
 * that stays would be inherited. */
#include "sys/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_MAX = 512 };

static socklen_t
parse_address(const char *text, struct sockaddr_un *ret_address)
{
    size_t len = text ? strlen(text) : 0;
    if (len < 2 || len >= sizeof ret_address->sun_path || (text[0] != '/' && text[0] != '@'))
        return 0;
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret_address->sun_path, text, len);
    if (text[0] == '@')
        ret_address->sun_path[0] = '\0'; /* an abstract name has no NUL at its end */
    else
        len++;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/* Microseconds; 0 if there is no such wish, or it is another process's. */
static int64_t
watchdog(void)
{
    const char *wish = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
    char *end = NULL;
    long long us = wish ? strtoll(wish, &end, 10) : 0;
    if (us <= 0 || *end || (whose && strtoll(whose, NULL, 10) != getpid()))
        return 0;
    return us;
}

void
bask_notify_take_back(void)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void
bask_notify_lend(const struct bask_notify *notify)
{
    char text[sizeof notify->address.sun_path + 1] = "", number[24];
    size_t len = notify->length - offsetof(struct sockaddr_un, sun_path);
    if (!notify->length)
        return;
    memcpy(text, notify->address.sun_path, len);
    if (!text[0])
        text[0] = '@';
    setenv("NOTIFY_SOCKET", text, 1);
    snprintf(number, sizeof number, "%lld", (long long)notify->watchdog_us);
    if (notify->watchdog_us)
        setenv("WATCHDOG_USEC", number, 1);
}

void
bask_notify_take(struct bask_notify *ret_notify)
{
    struct bask_notify notify = {0};
    notify.length = parse_address(getenv("NOTIFY_SOCKET"), &notify.address);
    notify.watchdog_us = notify.length ? watchdog() : 0;
    bask_notify_take_back();
    *ret_notify = notify;
}

void
bask_notify_send(const struct bask_notify *notify, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list arguments;
    if (!notify->length)
        return;
    va_start(arguments, format);
    int n = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (n > 0 && n < MESSAGE_MAX)
        sendto(fd, message, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&notify->address, notify->length);
    close(fd);
}

void
bask_notify_successor(const struct bask_notify *notify, pid_t pid)
{
    /* In one message: who else may speak may depend on the first half. */
    bask_notify_send(notify, "MAINPID=%d\nREADY=1", (int)pid);
}
