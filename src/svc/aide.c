/* The service "aide". */
#include "svc/private.h"

#include "base/err.h"
#include "sys/bell.h"
#include "sys/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct bask_svc_aide svc_aide;

void
bask_svc_be_aide(const struct bask_svc_aide *aide)
{
    svc_aide = *aide;
}

static int
role(void)
{
    if (!svc_aide.about)
        return BASK_ROLE_NONE;
    return svc_aide.about->kind == BASK_AIDE_MULE ? BASK_ROLE_MULE : BASK_ROLE_SPOOLER;
}

static uint32_t
id(void)
{
    return svc_aide.about ? svc_aide.about->id : 0;
}

static bask_str
work(void)
{
    return svc_aide.about ? svc_aide.about->work : (bask_str){0};
}

/* Where messages to this process come from, and behind them what wakes it. */
static size_t
list_sources(unsigned from, struct pollfd *sources)
{
    const struct bask_aides *aides = svc.aides;
    size_t count = 0;
    if (from & BASK_FROM_OWN)
        sources[count++].fd = svc_aide.about->box.ends[0];
    if (from & BASK_FROM_OWN && role() == BASK_ROLE_MULE)
        sources[count++].fd = aides->any.ends[0];
    for (uint32_t i = 0; from & BASK_FROM_FARMS && i < aides->farm_count; i++)
        if (role() == BASK_ROLE_MULE && aides->farms[i].members[svc_aide.about->id - 1])
            sources[count++].fd = aides->farms[i].box.ends[0];
    for (size_t i = 0; i < count; i++)
        sources[i].events = POLLIN;
    return count;
}

/* Another mule may have been faster. */
static bool
take(const struct pollfd *sources, size_t count, char *buffer, size_t size, size_t *ret_len)
{
    for (size_t i = 0; i < count; i++) {
        ssize_t n = recv(sources[i].fd, buffer, size, MSG_DONTWAIT);
        if (n < 0)
            continue;
        *ret_len = (size_t)n;
        return true;
    }
    return false;
}

/* Messages go before what wakes: who shall end and may take one more does. */
static int
wait_for(struct pollfd *sources, size_t count, int wake, int timeout_ms, char *buffer, size_t size,
         size_t *ret_len)
{
    int64_t until = bask_clock_us() + (int64_t)timeout_ms * 1000;
    sources[count] = (struct pollfd){.fd = wake, .events = POLLIN};
    for (;;) {
        if (take(sources, count, buffer, size, ret_len))
            return BASK_OK;
        int64_t left = (until - bask_clock_us() + 999) / 1000;
        int n = poll(sources, count + 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);
        if (n < 0)
            return errno == EINTR ? BASK_E_AGAIN : BASK_E_SYSTEM;
        if (n == 0)
            return BASK_E_TIMEOUT;
        if (sources[count].revents)
            return BASK_E_AGAIN;
    }
}

static int
receive(unsigned from, int wake, int timeout_ms, char *buffer, size_t size, size_t *ret_len)
{
    if (!svc_aide.about)
        return BASK_E_STATE;
    struct pollfd *sources = calloc(svc.aides->farm_count + 3, sizeof *sources);
    if (!sources)
        return BASK_E_NOMEM;
    size_t count = list_sources(from, sources);
    int err = wait_for(sources, count, wake, timeout_ms, buffer, size, ret_len);
    free(sources);
    return err;
}

static void
begin(void)
{
    atomic_store(&svc_aide.place->busy, 1);
    int64_t limit_ms = bask_aide_harakiri_ms(svc.aides, svc_aide.about);
    if (limit_ms)
        atomic_store(&svc_aide.place->deadline_us, bask_clock_us() + limit_ms * 1000);
}

static void
done(void)
{
    atomic_store(&svc_aide.place->deadline_us, 0);
    atomic_fetch_add(&svc_aide.place->done, 1);
    atomic_store(&svc_aide.place->busy, 0);
}

static int
limit(int64_t ms)
{
    if (!svc_aide.about)
        return BASK_E_STATE;
    atomic_store(&svc_aide.place->deadline_us, ms ? bask_clock_us() + ms * 1000 : 0);
    bask_bell_ring(svc.aides->bell);
    return BASK_OK;
}

/* One whose zygote died is its master's child; while that one's threads end one after the other it
 * is still the zygote's, and told once more. */
static int
look(void)
{
    int32_t parent = (int32_t)getppid();
    svc_aide.follow_log(svc_aide.context);
    return parent != svc_aide.parent && parent != svc_aide.master_pid;
}

/* Of several numbers each gets its turn. Threads that wait may be here at once. */
static int
take_signal(void)
{
    static _Atomic uint32_t next;
    if (!svc_aide.place)
        return BASK_E_STATE;
    struct bask_signal_box *box = &svc_aide.place->signals;
    uint32_t number = atomic_load(&next);
    for (int round = 0; round < 2; round++, number = 0)
        for (; (number = bask_signal_next(box, number)) < BASK_SIGNALS; number++)
            if (bask_signal_take(box, number)) {
                atomic_store(&next, number + 1);
                return (int)number;
            }
    return BASK_E_NOTFOUND;
}

/* Who is known to wait gets numbers that nobody has defined; so it says so before it looks. */
static int
wait_signal(int wake)
{
    struct pollfd poller = {.fd = wake, .events = POLLIN};
    if (!svc_aide.place)
        return BASK_E_STATE;
    atomic_fetch_add(&svc_aide.place->signals.waiters, 1);
    int number = take_signal();
    if (number < 0) {
        poll(&poller, 1, -1);
        number = take_signal();
    }
    atomic_fetch_sub(&svc_aide.place->signals.waiters, 1);
    return number < 0 ? BASK_E_AGAIN : number;
}

void
svc_aide_note_task(bask_str path)
{
    if (svc_aide.place)
        atomic_store(&svc_aide.place->task, path.len ? bask_suspect_name(path) : 0);
}

const struct bask_service_aide svc_aide_functions = {
    .size = sizeof svc_aide_functions,
    .role = role,
    .id = id,
    .work = work,
    .receive = receive,
    .begin = begin,
    .done = done,
    .limit = limit,
    .look = look,
    .take_signal = take_signal,
    .wait_signal = wait_signal,
};
