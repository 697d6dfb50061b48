/*
 * The service "stream" (bask/service_stream.h): the connection of the calling thread's request,
 * taken over.
 *
 * A request may take so long and no longer, but a client may be silent for as long as it wants:
 * the time of a stream begins anew whenever it has something for the application.
 */
#include "base/err.h"
#include "plugin/host.h"
#include "req/request.h"
#include "sys/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

static const struct bask_farewells silence;

int
bask_host_stream_take(struct bask_req *req, bask_str head, uint32_t header_count,
                      const struct bask_farewells *farewells)
{
    int err = BASK_E_STATE;
    bask_crew_lock(bask_host_crew());
    if (req->io->take_over)
        err = req->io->take_over(req, head, header_count, farewells ? farewells : &silence);
    bask_crew_unlock(bask_host_crew());
    return err;
}

/* With the lock. One that was cut off has no deadline any more. */
static void
set_deadline(const struct bask_req *req, int64_t at_us)
{
    if (bask_host_harakiri_us() && !req->cut)
        atomic_store_explicit(&req->thread->board->deadline_us, at_us, memory_order_release);
}

/* The application is at work again: its time begins. */
static void
go_on(const struct bask_req *req)
{
    bask_crew_lock(bask_host_crew());
    set_deadline(req, bask_clock_coarse_us() + bask_host_harakiri_us());
    bask_crew_unlock(bask_host_crew());
}

/* Reads what is there. BASK_E_AGAIN: nothing, and *ret_fd tells when. */
static ssize_t
read_now(struct bask_req *req, char *buffer, size_t size, bool may_wait, int *ret_fd)
{
    bask_crew_lock(bask_host_crew());
    ssize_t n = req->io->stream_read ? req->io->stream_read(req, buffer, size) : BASK_E_CLOSED;
    *ret_fd = req->io->descriptor(req);
    if (n == BASK_E_AGAIN && may_wait)
        set_deadline(req, 0);
    else
        set_deadline(req, bask_clock_coarse_us() + bask_host_harakiri_us());
    bask_crew_unlock(bask_host_crew());
    return n;
}

ssize_t
bask_host_stream_read(struct bask_req *req, char *buffer, size_t size, int timeout_ms)
{
    int64_t until_us = bask_clock_us() + (int64_t)timeout_ms * 1000;
    for (;;) {
        struct pollfd poller = {.events = POLLIN};
        int64_t left_us = timeout_ms < 0 ? 0 : until_us - bask_clock_us();
        bool may_wait = timeout_ms < 0 || left_us > 0;
        ssize_t n = read_now(req, buffer, size, may_wait, &poller.fd);
        if (n != BASK_E_AGAIN)
            return n;
        if (!may_wait)
            return BASK_E_TIMEOUT;
        int64_t left_ms = (left_us + 999) / 1000;
        int slice = timeout_ms < 0 ? -1 : left_ms < INT_MAX ? (int)left_ms : INT_MAX;
        if (poll(&poller, 1, slice) < 0) {
            int err = errno == EINTR ? BASK_E_AGAIN : BASK_E_CLOSED;
            go_on(req);
            return err;
        }
    }
}

int
bask_host_stream_write(struct bask_req *req, bask_str data, bool is_last)
{
    for (;;) {
        bask_crew_lock(bask_host_crew());
        int err = req->io->stream_write ? req->io->stream_write(req, data, is_last) : BASK_E_CLOSED;
        bask_crew_unlock(bask_host_crew());
        if (err != BASK_E_AGAIN)
            return err;
        if ((err = bask_host_wait(req, POLLOUT)))
            return err;
        data = (bask_str){0};
    }
}

static int
take(bask_str head, uint32_t header_count, const struct bask_farewells *farewells)
{
    struct bask_req *req = bask_host_present();
    return req && !req->job.kind ? bask_host_stream_take(req, head, header_count, farewells)
                                 : BASK_E_STATE;
}

static ssize_t
read_some(char *buffer, size_t size, int timeout_ms)
{
    struct bask_req *req = bask_host_present();
    return req ? bask_host_stream_read(req, buffer, size, timeout_ms) : BASK_E_STATE;
}

static int
write_all(bask_str data, int is_last)
{
    struct bask_req *req = bask_host_present();
    return req ? bask_host_stream_write(req, data, is_last) : BASK_E_STATE;
}

const struct bask_service_stream bask_host_stream_service = {
    .size = sizeof bask_host_stream_service,
    .take = take,
    .read = read_some,
    .write = write_all,
};
