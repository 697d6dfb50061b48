/*
 * What an application finds that answers a request after it was cut off: everything it says is
 * taken and thrown away, and with its last word the connection goes.
 *
 * The connection stays as long as the application has the request, because the request is made of
 * views into it.
 */
#include "net/conn.h"

#include "base/err.h"

#include <unistd.h>

static int
let_go(struct bask_req *req)
{
    struct bask_conn *conn = req->owner;
    if (conn->step != BASK_STEP_CUT)
        conn->net->late--;
    bask_conn_request_done(conn);
    return BASK_E_CLOSED;
}

static int
respond(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    (void)head, (void)count, (void)body;
    return let_go(req);
}

static int
respond_file(struct bask_req *req, bask_str head, unsigned count, int fd, int64_t offset,
             int64_t length)
{
    (void)head, (void)count, (void)offset, (void)length;
    close(fd);
    return let_go(req);
}

static int
begin(struct bask_req *req, bask_str head, unsigned count)
{
    (void)req, (void)head, (void)count;
    return BASK_E_CLOSED;
}

static int
write_data(struct bask_req *req, bask_str data)
{
    (void)req, (void)data;
    return BASK_E_CLOSED;
}

static void
abort_request(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    (void)head, (void)count, (void)body;
    let_go(req);
}

static ssize_t
read_body(struct bask_req *req, char *buffer, size_t size)
{
    (void)req, (void)buffer, (void)size;
    return BASK_E_CLOSED;
}

static int
descriptor(const struct bask_req *req)
{
    return ((const struct bask_conn *)req->owner)->io.fd;
}

static void
end_job(struct bask_req *req, bool failed, bask_str answer)
{
    (void)failed, (void)answer;
    let_go(req);
}

static bool
cut(struct bask_req *req, unsigned status)
{
    (void)req, (void)status;
    return false;
}

const struct bask_req_io bask_conn_late_io = {
    .respond = respond,
    .respond_file = respond_file,
    .begin = begin,
    .write = write_data,
    .finish = let_go,
    .abort = abort_request,
    .read_body = read_body,
    .descriptor = descriptor,
    .cut = cut,
    .end_job = end_job,
};
