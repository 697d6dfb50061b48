/*
 * What is left of connections in a process that the application has forked. Sockets are closed and
 * nothing else is done: shutting down, or taking them from the loop, would reach the parent's.
 */
#include "net/conn.h"

#include "base/err.h"

#include <unistd.h>

static int
respond(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    (void)req, (void)head, (void)count, (void)body;
    return BASK_E_CLOSED;
}

static int
respond_file(struct bask_req *req, bask_str head, unsigned count, int fd, int64_t offset,
             int64_t length)
{
    (void)req, (void)head, (void)count, (void)offset, (void)length;
    close(fd);
    return BASK_E_CLOSED;
}

static int
begin(struct bask_req *req, bask_str head, unsigned count)
{
    (void)req, (void)head, (void)count;
    return BASK_E_CLOSED;
}

static int
write_nothing(struct bask_req *req, bask_str data)
{
    (void)req, (void)data;
    return BASK_E_CLOSED;
}

static int
finish(struct bask_req *req)
{
    (void)req;
    return BASK_E_CLOSED;
}

static void
abort_nothing(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    (void)req, (void)head, (void)count, (void)body;
}

static ssize_t
read_nothing(struct bask_req *req, char *buffer, size_t size)
{
    (void)req, (void)buffer, (void)size;
    return BASK_E_CLOSED;
}

static int
descriptor(const struct bask_req *req)
{
    (void)req;
    return -1;
}

static bool
cut(struct bask_req *req, unsigned status)
{
    (void)req, (void)status;
    return false;
}

static void
end_job(struct bask_req *req, bool failed, bask_str answer)
{
    (void)req, (void)failed, (void)answer;
}

const struct bask_req_io bask_forsaken_req_io = {
    .end_job = end_job,
    .respond = respond,
    .respond_file = respond_file,
    .begin = begin,
    .write = write_nothing,
    .finish = finish,
    .abort = abort_nothing,
    .read_body = read_nothing,
    .descriptor = descriptor,
    .cut = cut,
};

void
bask_net_forsake(struct bask_net *net)
{
    for (int step = 0; step < BASK_STEP_COUNT; step++) {
        struct bask_link *list = &net->steps[step];
        for (struct bask_link *at = list->next; at != list; at = at->next) {
            struct bask_conn *conn = BASK_CONTAINER(at, struct bask_conn, link);
            close(conn->io.fd);
            if (conn->file_fd >= 0)
                close(conn->file_fd);
            bask_list_remove(&conn->held);
            /* Else it is the application's to read, here as well. */
            if (conn->step != BASK_STEP_APP && conn->step != BASK_STEP_CUT)
                bask_conn_spill_end(conn);
            if (conn->req)
                conn->req->io = &bask_forsaken_req_io;
        }
    }
}
