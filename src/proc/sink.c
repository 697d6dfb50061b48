/* struct bask_req_io on memory. Nothing here waits: there is no client. */
#include "proc/sink.h"

#include "base/err.h"

#include <unistd.h>

static struct bask_response_traits
traits_of(const struct bask_req *req)
{
    return (struct bask_response_traits){
        .is_head = req->pub.method_id == BASK_METHOD_HEAD,
        .http_1_0 = req->pub.protocol_id == BASK_PROTOCOL_HTTP_1_0,
        .keep_alive = true,
        .chunked = true,
        .own_date = true,
    };
}

static void
keep(struct bask_sink *sink, bask_str data)
{
    size_t room = sizeof sink->start - sink->start_len;
    size_t len = data.len < room ? data.len : room;
    if (!len)
        return;
    memcpy(sink->start + sink->start_len, data.ptr, len);
    sink->start_len += len;
}

static void
note_head(struct bask_sink *sink, struct bask_req *req)
{
    sink->status = req->response.facts.status;
    req->response.head_sent = true;
}

static int
respond(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    struct bask_sink *sink = req->owner;
    struct bask_response_traits traits = traits_of(req);
    int err = bask_response_plan_memo(&req->response, &traits, head, count, (int64_t)body.len,
                                      &sink->heads);
    if (err)
        return err;
    note_head(sink, req);
    keep(sink, bask_response_take(&req->response, body));
    sink->open = false;
    return BASK_OK;
}

static int
respond_file(struct bask_req *req, bask_str head, unsigned count, int fd, int64_t offset,
             int64_t length)
{
    struct bask_sink *sink = req->owner;
    struct bask_response_traits traits = traits_of(req);
    (void)offset;
    close(fd);
    int err = bask_response_plan(&req->response, &traits, head, count, length);
    if (err)
        return err;
    note_head(sink, req);
    sink->open = false;
    return BASK_OK;
}

static int
begin(struct bask_req *req, bask_str head, unsigned count)
{
    struct bask_response_traits traits = traits_of(req);
    char *copy = bask_arena_alloc(&req->text, head.len);
    if (!copy)
        return BASK_E_NOMEM;
    memcpy(copy, head.ptr, head.len);
    return bask_response_plan(&req->response, &traits, bask_str_n(copy, head.len), count, -1);
}

static int
write_data(struct bask_req *req, bask_str data)
{
    struct bask_sink *sink = req->owner;
    if (!data.len)
        return BASK_OK;
    note_head(sink, req);
    keep(sink, bask_response_take(&req->response, data));
    return BASK_OK;
}

static int
finish(struct bask_req *req)
{
    struct bask_sink *sink = req->owner;
    note_head(sink, req);
    sink->open = false;
    return BASK_OK;
}

static void
abort_request(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    struct bask_sink *sink = req->owner;
    sink->failed = true;
    if (req->response.head_sent || !head.ptr || respond(req, head, count, body))
        sink->open = false;
}

static ssize_t
read_body(struct bask_req *req, char *buffer, size_t size)
{
    (void)req;
    (void)buffer;
    (void)size;
    return 0; /* all of it is in memory */
}

static int
descriptor(const struct bask_req *req)
{
    (void)req;
    return -1;
}

/* Nobody has a deadline here. */
static bool
cut(struct bask_req *req, unsigned status)
{
    (void)req;
    (void)status;
    return false;
}

static const struct bask_req_io sink_io = {
    .respond = respond,
    .respond_file = respond_file,
    .begin = begin,
    .write = write_data,
    .finish = finish,
    .abort = abort_request,
    .read_body = read_body,
    .descriptor = descriptor,
    .cut = cut,
};

void
bask_sink_attach(struct bask_sink *sink, struct bask_req *req)
{
    sink->open = true;
    sink->failed = false;
    sink->status = 0;
    sink->start_len = 0;
    req->io = &sink_io;
    req->owner = sink;
}
