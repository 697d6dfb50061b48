/*
 * Whether a write waits is a property of an open file, which other processes may share: the shell,
 * the reader's other end of a terminal. So a pipe or terminal is opened once more, for this server
 * alone. Where that is not allowed, room is looked for before a piece is written that fits in.
 */
#include "obs/outlet.h"

#include "obs/log.h"
#include "sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_US = 500000, NOTE_MAX = 256 };

enum kind { NEVER_WAITS, SOCKET, OPENED_AGAIN, SHARED };

/* A process has one standard error. A child goes on with what it inherits. */
static struct {
    _Atomic int fd; /* our own open file; -1: none so far. Once there the number stays, so that no
                     * thread writes to what has got it meanwhile */
    _Atomic int kind;
    _Atomic uint64_t device, inode; /* what `kind` is about */
    _Atomic bool held;              /* nobody reads: there is no more waiting */
    _Atomic bool cut;               /* what was written last has no end */
    _Atomic uint64_t lost;          /* lines, not told of yet */
    _Atomic int64_t lost_us;        /* since when */
} outlet = {.fd = -1};

static bask_outlet_watch_f *watcher;

void
bask_outlet_watch(bask_outlet_watch_f *watch)
{
    watcher = watch;
}

/* True: `outlet.fd` leads where standard error does, and does not wait. */
static bool
open_again(void)
{
    int fresh = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    int none = -1;
    if (fresh < 0)
        return false;
    if (atomic_compare_exchange_strong(&outlet.fd, &none, fresh))
        return true;
    dup3(fresh, atomic_load(&outlet.fd), O_CLOEXEC);
    close(fresh);
    return true;
}

static enum kind
kind_of(const struct stat *status)
{
    bool may_wait =
        S_ISFIFO(status->st_mode) || (S_ISCHR(status->st_mode) && isatty(STDERR_FILENO));
    if (may_wait && open_again())
        return OPENED_AGAIN;
    if (atomic_load(&outlet.fd) >= 0)
        dup3(STDERR_FILENO, atomic_load(&outlet.fd), O_CLOEXEC); /* lets go of what was there */
    if (may_wait)
        return SHARED;
    return S_ISSOCK(status->st_mode) ? SOCKET : NEVER_WAITS;
}

/* Others may put something else in its place at any time: the application, a library. */
static enum kind
look(void)
{
    struct stat now;
    if (fstat(STDERR_FILENO, &now))
        return NEVER_WAITS;
    if (now.st_ino != atomic_load(&outlet.inode) || now.st_dev != atomic_load(&outlet.device)) {
        atomic_store(&outlet.kind, kind_of(&now));
        atomic_store(&outlet.device, now.st_dev);
        atomic_store(&outlet.inode, now.st_ino);
        atomic_store(&outlet.held, false);
    }
    return (enum kind)atomic_load(&outlet.kind);
}

static bool
has_room(int64_t wait_us)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&out, 1, (int)(wait_us / 1000)) != 0;
}

static ssize_t
try(enum kind kind, const char *bytes, size_t len)
{
    switch (kind) {
    case OPENED_AGAIN:
        return write(atomic_load(&outlet.fd), bytes, len);
    case SOCKET:
        return send(STDERR_FILENO, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    case SHARED:
        if (!has_room(0)) {
            errno = EAGAIN;
            return -1;
        }
        return write(STDERR_FILENO, bytes, len < PIPE_BUF ? len : PIPE_BUF);
    default:
        return write(STDERR_FILENO, bytes, len);
    }
}

/* How much of it went out. It ends, since each wait ends with bytes that went out, or all of it. */
static size_t
put(enum kind kind, const char *bytes, size_t len)
{
    int64_t until_us = 0;
    size_t done = 0;
    while (done < len) {
        ssize_t n = try(kind, bytes + done, len - done);
        if (n > 0) {
            done += (size_t)n;
            until_us = 0; /* a reader that is slow is waited for */
            atomic_store(&outlet.held, false);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 || errno != EAGAIN || atomic_load(&outlet.held))
            break;
        int64_t now = bask_clock_us();
        until_us = until_us ? until_us : now + PATIENCE_US;
        if (now >= until_us || !has_room(until_us - now + 999)) {
            atomic_store(&outlet.held, true);
            break;
        }
    }
    return done;
}

static void
note_loss(const char *rest, size_t len, bool is_cut)
{
    int64_t none = 0;
    uint64_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += rest[i] == '\n';
    if (is_cut)
        atomic_store(&outlet.cut, true);
    atomic_compare_exchange_strong(&outlet.lost_us, &none, bask_clock_us());
    atomic_fetch_add(&outlet.lost, lines ? lines : 1);
}

/* False: the way is not free yet. */
static bool
tell_of_loss(enum kind kind)
{
    char note[NOTE_MAX];
    uint64_t lost = atomic_exchange(&outlet.lost, 0);
    if (!lost)
        return true;
    int64_t since_us = atomic_exchange(&outlet.lost_us, 0);
    size_t used = 0;
    if (atomic_load(&outlet.cut))
        note[used++] = '\n';
    used += bask_log_begin(BASK_LOG_WARN, note + used, sizeof note - used);
    used += (size_t)snprintf(note + used, sizeof note - used,
                             "%llu lines of this process were lost: nothing could be written to "
                             "the log for %.1f s\n",
                             (unsigned long long)lost,
                             since_us ? (double)(bask_clock_us() - since_us) / 1e6 : 0.0);
    if (put(kind, note, used) == used) {
        atomic_store(&outlet.cut, false);
        return true;
    }
    atomic_fetch_add(&outlet.lost, lost);
    atomic_store(&outlet.lost_us, since_us);
    return false;
}

void
bask_outlet_write(const char *lines, size_t len)
{
    enum kind kind = look();
    size_t done = tell_of_loss(kind) ? put(kind, lines, len) : 0;
    if (done < len)
        note_loss(lines + done, len - done, done > 0);
    if (watcher)
        watcher(lines, len);
}

void
bask_outlet_follow(void)
{
    look();
}
