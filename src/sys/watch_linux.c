/* inotify(7). */
#include "sys/watch.h"

#include "base/err.h"

#include <sys/inotify.h>
#include <unistd.h>

int
bask_watch_open(void)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return fd < 0 ? BASK_E_SYSTEM : fd;
}

int
bask_watch_add(int fd, const char *folder)
{
    int watch = inotify_add_watch(fd, folder,
                                  IN_ONLYDIR | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                      IN_CLOSE_WRITE | IN_ATTRIB);
    return watch < 0 ? BASK_E_SYSTEM : watch;
}

void
bask_watch_read(int fd, bask_watch_f *on_change, void *context)
{
    _Alignas(struct inotify_event) char events[4096];
    ssize_t n;
    while ((n = read(fd, events, sizeof events)) > 0)
        for (const char *at = events; at < events + n;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            at += sizeof *event + event->len;
            if (!(event->mask & IN_IGNORED))
                on_change(context, event->wd, bask_str_of(event->len ? event->name : NULL));
        }
}
