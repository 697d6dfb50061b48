/* The service "request" (bask/service_request.h): looks at the request of the calling thread. */
#include "base/err.h"
#include "plugin/host.h"
#include "req/request.h"
#include "svc/svc.h"
#include "sys/clock.h"

#include <poll.h>
#include <sys/socket.h>

enum { VARIABLE_MAX = 65535 };

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

/* Its time is asked for too late to be measured: the board's is near enough. */
static int
log_this(void)
{
    struct bask_req *req = bask_host_present();
    if (!req)
        return BASK_E_STATE;
    bask_crew_lock(bask_host_crew()); /* a request that is cut off is logged by another thread */
    if (!req->started_us)
        req->started_us =
            atomic_load_explicit(&req->thread->board->busy_since_us, memory_order_relaxed);
    req->wants_line = true;
    bask_crew_unlock(bask_host_crew());
    return BASK_OK;
}

static int
add_variable(bask_str name, bask_str value)
{
    struct bask_req *req = bask_host_present();
    if (!req)
        return BASK_E_STATE;
    if (name.len > VARIABLE_MAX || value.len > VARIABLE_MAX)
        return BASK_E_LIMIT;
    char *copy = bask_arena_alloc(&req->text, value.len);
    if (!copy)
        return BASK_E_NOMEM;
    if (value.len)
        memcpy(copy, value.ptr, value.len);
    bask_crew_lock(bask_host_crew());
    int err = bask_req_add(req, -1, name, (bask_str){0}, bask_str_n(copy, value.len));
    bask_crew_unlock(bask_host_crew());
    return err;
}

/* The bytes are there before the note is: a request that is cut off is logged by another thread. */
static int
note(bask_str name, bask_str value)
{
    struct bask_req *req = bask_host_present();
    if (!req)
        return BASK_E_STATE;
    if (!bask_line_format_shows(bask_host_lines(), name))
        return BASK_OK;
    value.len = value.len < BASK_LINE_VALUE ? value.len : BASK_LINE_VALUE;
    struct bask_req_note *fresh =
        bask_arena_alloc(&req->text, sizeof *fresh + name.len + value.len);
    if (!fresh)
        return BASK_E_NOMEM;
    char *text = (char *)(fresh + 1);
    memcpy(text, name.ptr, name.len);
    if (value.len)
        memcpy(text + name.len, value.ptr, value.len);
    fresh->name = bask_str_n(text, name.len);
    fresh->value = bask_str_n(text + name.len, value.len);
    bask_crew_lock(bask_host_crew());
    fresh->next = req->notes;
    req->notes = fresh;
    bask_crew_unlock(bask_host_crew());
    return BASK_OK;
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
    .log_this = log_this,
    .add_variable = add_variable,
    .wait_signal = bask_host_wait_signal,
    .note = note,
};
