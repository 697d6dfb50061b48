/* The service "request" (bask/service_request.h): looks at the request of the calling thread. */
#include "base/err.h"
#include "plugin/host.h"
#include "req/request.h"
#include "svc/svc.h"
#include "sys/clock.h"

#include <poll.h>
#include <sys/socket.h>

struct bask_req *
bask_host_present(void)
{
    const struct bask_thread *thread = bask_host_thread();
    bool inside =
        thread && atomic_load_explicit(&thread->board->busy_since_us, memory_order_relaxed);
    return inside && thread->req->job.kind != BASK_JOB_SIGNAL ? thread->req : NULL;
}

static int
descriptor(void)
{
    const struct bask_req *req = bask_host_present();
    return req ? req->io->descriptor(req) : BASK_E_STATE;
}

/* The descriptor stays open: the connection is closed where all connections are. */
static int
disconnect(void)
{
    int fd = descriptor();
    if (fd < 0)
        return BASK_E_STATE;
    shutdown(fd, SHUT_RDWR);
    return BASK_OK;
}

static int64_t
length(void)
{
    const struct bask_req *req = bask_host_present();
    if (!req)
        return BASK_E_STATE;
    return req->pub.has_length ? req->pub.content_length : 0;
}

static int64_t
number(void)
{
    const struct bask_req *req = bask_host_present();
    if (!req)
        return BASK_E_STATE;
    return (int64_t)atomic_load_explicit(&req->thread->board->requests, memory_order_relaxed);
}

static const struct bask_request *
current(void)
{
    const struct bask_req *req = bask_host_present();
    return req ? &req->pub : NULL;
}

static ssize_t
read_body(char *buffer, size_t size, int timeout_ms)
{
    struct bask_req *req = bask_host_present();
    bool may_wait = timeout_ms != 0;
    if (!req)
        return BASK_E_STATE;
    if (timeout_ms < 0)
        timeout_ms = (int)bask_svc_options()->chunk_ms;
    int64_t until_us = timeout_ms ? bask_clock_us() + (int64_t)timeout_ms * 1000 : INT64_MAX;
    for (;;) {
        bask_crew_lock(bask_host_crew());
        ssize_t n = req->io->read_body(req, buffer, size);
        bask_crew_unlock(bask_host_crew());
        if (n != BASK_E_AGAIN || !may_wait)
            return n;
        int err = bask_host_wait(req, POLLIN);
        if (err || bask_clock_us() >= until_us)
            return err ? err : BASK_E_TIMEOUT;
    }
}

const struct bask_service_request bask_host_request_service = {
    .size = sizeof bask_host_request_service,
    .descriptor = descriptor,
    .disconnect = disconnect,
    .length = length,
    .number = number,
    .current = current,
    .read_body = read_body,
    .patience_ms = bask_host_transfer_ms,
};
