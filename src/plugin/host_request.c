/* The service "request" (bask/service_request.h): looks at the request of the calling thread. */
#include "base/err.h"
#include "plugin/host.h"
#include "req/request.h"

#include <sys/socket.h>

/* NULL: the thread has none. A signal is nobody's request. */
static const struct bask_req *
present(void)
{
    const struct bask_thread *thread = bask_host_thread();
    bool inside =
        thread && atomic_load_explicit(&thread->board->busy_since_us, memory_order_relaxed);
    return inside && thread->req->job.kind != BASK_JOB_SIGNAL ? thread->req : NULL;
}

static int
descriptor(void)
{
    const struct bask_req *req = present();
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
    const struct bask_req *req = present();
    if (!req)
        return BASK_E_STATE;
    return req->pub.has_length ? req->pub.content_length : 0;
}

static int64_t
number(void)
{
    const struct bask_req *req = present();
    if (!req)
        return BASK_E_STATE;
    return (int64_t)atomic_load_explicit(&req->thread->board->requests, memory_order_relaxed);
}

const struct bask_service_request bask_host_request_service = {
    .size = sizeof bask_host_request_service,
    .descriptor = descriptor,
    .disconnect = disconnect,
    .length = length,
    .number = number,
};
