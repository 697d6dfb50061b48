/*
 * Whether a write waits is a property of an open file, which other processes may share: the shell,
 * the reader's other end of a terminal. So a pipe or terminal is opened once more, for this server
 * alone. Where that is not allowed, room is looked for before a piece is written that fits in.
 *
 * What does not wait may end in the middle of a line, where it is longer than the room that is
 * left. So whoever writes has a lock until what it wrote ends with a line: all processes of the
 * server share it, and none of them puts a line into another's. One that keeps it too long, since
 * it was stopped, is passed by: a line that is torn is better than all others lost.
 */
#include "obs/outlet.h"

#include "base/err.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/proc.h"
#include "sys/robust.h"

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

enum {
    PATIENCE_US = 500000,
    TURN_US = 5000, /* for others, who have something to write, where there is no more waiting */
    NOTE_MAX = 256,
};

enum kind { NEVER_WAITS, SOCKET, PIPE_OPENED_AGAIN, OPENED_AGAIN, SHARED };

/* A process has one standard error, and perhaps a way of its own for lines about requests. A child
 * goes on with what it inherits. */
struct way {
    int leads;      /* the descriptor that everybody knows; -1: there is none */
    _Atomic int fd; /* our own open file; -1: none so far. Once there the number stays, so that no
                     * thread writes to what has got it meanwhile */
    _Atomic int kind;
    _Atomic uint64_t device, inode; /* what `kind` is about */
    _Atomic bool held;              /* nobody reads: there is no more waiting */
    _Atomic bool passed_by;         /* who has the lock keeps it: nor is there for that one */
    _Atomic bool cut;               /* what was written last has no end */
    _Atomic uint64_t lost;          /* lines, not told of yet */
    _Atomic int64_t lost_us;        /* since when */
    pthread_mutex_t *lock;          /* of all processes, while a line is out in part; NULL: none */
};

static struct way log_way = {.leads = STDERR_FILENO, .fd = -1};
static struct way request_way = {.leads = -1, .fd = -1};

static bask_outlet_watch_f *watcher;

void
bask_outlet_watch(bask_outlet_watch_f *watch)
{
    watcher = watch;
}

/* True: `way->fd` leads where the known descriptor does, and does not wait. */
static bool
open_again(struct way *way)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", way->leads);
    int fresh = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    int none = -1;
    if (fresh < 0)
        return false;
    if (atomic_compare_exchange_strong(&way->fd, &none, fresh))
        return true;
    dup3(fresh, atomic_load(&way->fd), O_CLOEXEC);
    close(fresh);
    return true;
}

static enum kind
kind_of(struct way *way, const struct stat *status)
{
    bool is_pipe = S_ISFIFO(status->st_mode);
    bool may_wait = is_pipe || (S_ISCHR(status->st_mode) && isatty(way->leads));
    if (may_wait && open_again(way))
        return is_pipe ? PIPE_OPENED_AGAIN : OPENED_AGAIN;
    if (atomic_load(&way->fd) >= 0)
        dup3(way->leads, atomic_load(&way->fd), O_CLOEXEC); /* lets go of what was there */
    if (may_wait)
        return SHARED;
    return S_ISSOCK(status->st_mode) ? SOCKET : NEVER_WAITS;
}

/* Others may put something else in its place at any time: the application, a library. */
static enum kind
look(struct way *way)
{
    struct stat now;
    if (fstat(way->leads, &now))
        return NEVER_WAITS;
    if (now.st_ino != atomic_load(&way->inode) || now.st_dev != atomic_load(&way->device)) {
        atomic_store(&way->kind, kind_of(way, &now));
        atomic_store(&way->device, now.st_dev);
        atomic_store(&way->inode, now.st_ino);
        atomic_store(&way->held, false);
    }
    return (enum kind)atomic_load(&way->kind);
}

static bool
has_room(const struct way *way, int64_t wait_us)
{
    struct pollfd out = {.fd = way->leads, .events = POLLOUT};
    return poll(&out, 1, (int)(wait_us / 1000)) != 0;
}

/* As many whole lines as a pipe takes in one piece, whoever else writes to it. A longer line is
 * whole, too, where there is room for it; but a write that may wait is never longer. */
static size_t
piece(const char *bytes, size_t len, bool may_wait)
{
    if (len <= PIPE_BUF)
        return len;
    const char *end = memrchr(bytes, '\n', PIPE_BUF);
    if (!end && may_wait)
        return PIPE_BUF;
    if (!end)
        end = memchr(bytes + PIPE_BUF, '\n', len - PIPE_BUF);
    return end ? (size_t)(end - bytes) + 1 : len;
}

static ssize_t
try(struct way *way, enum kind kind, const char *bytes, size_t len)
{
    switch (kind) {
    case PIPE_OPENED_AGAIN:
        return write(atomic_load(&way->fd), bytes, piece(bytes, len, false));
    case OPENED_AGAIN:
        return write(atomic_load(&way->fd), bytes, len);
    case SOCKET:
        return send(way->leads, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    case SHARED:
        if (!has_room(way, 0)) {
            errno = EAGAIN;
            return -1;
        }
        return write(way->leads, bytes, piece(bytes, len, true));
    default:
        return write(way->leads, bytes, len);
    }
}

/* Held by one that has a line out in part. */
struct turn {
    pthread_mutex_t *lock; /* NULL: there is none, or none is needed */
    bool taken;
    int64_t until_us; /* when waiting ends; 0: there was none so far */
};

/* Microseconds that may be waited; 0: none, and no more of it. */
static int64_t
time_left(struct way *way, struct turn *turn)
{
    int64_t now = bask_clock_us();
    if (atomic_load(&way->held))
        return 0;
    turn->until_us = turn->until_us ? turn->until_us : now + PATIENCE_US;
    return now < turn->until_us ? turn->until_us - now : 0;
}

/* Or goes on without it, once it was waited for long enough. */
static void
take_turn(struct way *way, struct turn *turn)
{
    if (turn->taken || !turn->lock)
        return;
    int err = bask_robust_try(turn->lock);
    if (err == BASK_E_AGAIN && !atomic_load(&way->passed_by)) {
        int64_t left_us = time_left(way, turn);
        err = bask_robust_wait(turn->lock, left_us > TURN_US ? left_us : TURN_US);
        atomic_store(&way->passed_by, err == BASK_E_AGAIN);
    }
    turn->taken = err >= 0; /* else this very thread may have it, below a handler of a signal */
    if (turn->taken)
        atomic_store(&way->passed_by, false);
}

static void
end_turn(struct turn *turn)
{
    if (turn->taken)
        bask_robust_unlock(turn->lock);
    turn->taken = false;
}

/* How much of it went out. It ends, since each wait ends with bytes that went out, or all of it. */
static size_t
put(struct way *way, enum kind kind, const char *bytes, size_t len)
{
    struct turn turn = {.lock = kind == NEVER_WAITS ? NULL : way->lock};
    size_t done = 0;
    int64_t left_us;
    while (done < len) {
        take_turn(way, &turn);
        ssize_t n = try(way, kind, bytes + done, len - done);
        int why = errno;
        done += n > 0 ? (size_t)n : 0;
        if (!done || bytes[done - 1] == '\n')
            end_turn(&turn);
        if (n > 0) {
            turn.until_us = 0; /* a reader that is slow is waited for */
            atomic_store(&way->held, false);
        } else if (n == 0 || (why != EINTR && why != EAGAIN)) {
            break;
        } else if (why == EAGAIN &&
                   (!(left_us = time_left(way, &turn)) || !has_room(way, left_us + 999))) {
            break;
        }
    }
    if (done < len)
        atomic_store(&way->held, true);
    end_turn(&turn);
    return done;
}

static void
note_loss(struct way *way, const char *rest, size_t len, bool is_cut)
{
    int64_t none = 0;
    uint64_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += rest[i] == '\n';
    if (is_cut)
        atomic_store(&way->cut, true);
    atomic_compare_exchange_strong(&way->lost_us, &none, bask_clock_us());
    atomic_fetch_add(&way->lost, lines ? lines : 1);
}

static void write_by(struct way *way, const char *lines, size_t len);

/* The request lines' own way is for nothing else: what it lost is told in the log, once it is free.
 */
static bool
is_told(struct way *way, enum kind kind, const char *note, size_t len)
{
    const char *text = *note == '\n' ? note + 1 : note;
    if (way == &log_way)
        return put(way, kind, note, len) == len;
    if (!has_room(way, 0) || (text > note && put(way, kind, note, 1) != 1))
        return false;
    write_by(&log_way, text, len - (size_t)(text - note));
    return true;
}

/* False: the way is not free yet. */
static bool
tell_of_loss(struct way *way, enum kind kind)
{
    char note[NOTE_MAX];
    uint64_t lost = atomic_exchange(&way->lost, 0);
    if (!lost)
        return true;
    int64_t since_us = atomic_exchange(&way->lost_us, 0);
    size_t used = 0;
    if (atomic_load(&way->cut))
        note[used++] = '\n';
    used += bask_log_begin(BASK_LOG_WARN, note + used, sizeof note - used);
    used += (size_t)snprintf(note + used, sizeof note - used,
                             "%llu lines of this process were lost: nothing could be written to "
                             "the log for %.1f s\n",
                             (unsigned long long)lost,
                             since_us ? (double)(bask_clock_us() - since_us) / 1e6 : 0.0);
    if (is_told(way, kind, note, used)) {
        atomic_store(&way->cut, false);
        return true;
    }
    atomic_fetch_add(&way->lost, lost);
    atomic_store(&way->lost_us, since_us);
    return false;
}

static void
write_by(struct way *way, const char *lines, size_t len)
{
    enum kind kind = look(way);
    size_t done = tell_of_loss(way, kind) ? put(way, kind, lines, len) : 0;
    if (done < len)
        note_loss(way, lines + done, len - done, done > 0);
    if (watcher)
        watcher(lines, len);
}

void
bask_outlet_write(const char *lines, size_t len)
{
    write_by(&log_way, lines, len);
}

void
bask_outlet_write_requests(const char *lines, size_t len)
{
    write_by(request_way.leads < 0 ? &log_way : &request_way, lines, len);
}

void
bask_outlet_requests_to(int fd)
{
    request_way.leads = fd;
}

void
bask_outlet_share(void)
{
    pthread_mutex_t *locks = bask_proc_shared_memory(2 * sizeof *locks);
    if (!locks || bask_robust_init(&locks[0], false) || bask_robust_init(&locks[1], false))
        return;
    log_way.lock = &locks[0];
    request_way.lock = &locks[1];
}

void
bask_outlet_follow(void)
{
    look(&log_way);
}

static void
forget(struct way *way)
{
    int fd = atomic_exchange(&way->fd, -1);
    if (fd >= 0)
        close(fd);
    atomic_store(&way->inode, 0);
    atomic_store(&way->lost, 0);
    atomic_store(&way->passed_by, false);
    way->lock = NULL;
}

void
bask_outlet_forget(void)
{
    forget(&log_way);
    forget(&request_way);
    request_way.leads = -1;
    watcher = NULL;
}
