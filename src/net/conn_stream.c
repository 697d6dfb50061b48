/*
 * A connection that the application has taken over. Bytes go either way as they are; nothing here
 * knows what they mean. The application's thread reads, writes and waits; the loop only sends what
 * the network did not take, and, when the worker drains, says the farewell.
 */
#include "net/conn.h"

#include "base/err.h"

#include <sys/socket.h>
#include <unistd.h>

enum { HIGH_WATER = 65536 }; /* who writes waits while more is unsent */

static const struct bask_req_io stream_io;

/* What came behind the head is no part of a request. */
static int
keep_rest(struct bask_conn *conn)
{
    bask_str in = bask_buf_view(&conn->in);
    size_t used = conn->head_len + conn->in_place;
    bask_str rest = bask_str_n(in.ptr + used, in.len - used);
    if (bask_buf_append(&conn->rest, rest))
        return BASK_E_NOMEM;
    conn->in.end -= rest.len;
    return BASK_OK;
}

/* In one piece. */
static int
send_head(struct bask_req *req, bask_str head)
{
    struct bask_conn *conn = req->owner;
    const bask_str version = conn->listener->driver->version;
    size_t len = version.len + head.len + 2;
    char *whole = bask_arena_alloc(&req->text, len);
    if (!whole)
        return BASK_E_NOMEM;
    memcpy(whole, version.ptr, version.len);
    memcpy(whole + version.len, head.ptr, head.len);
    memcpy(whole + len - 2, "\r\n", 2);
    return bask_conn_send(conn, bask_str_n(whole, len));
}

static void
say_farewell(struct bask_conn *conn, bask_str bytes)
{
    if (conn->farewells && bytes.len)
        bask_conn_send(conn, bytes);
    conn->farewells = NULL;
}

/* A client that has heard of it has a moment to leave. */
static void
go_away(struct bask_conn *conn)
{
    if (conn->farewells)
        say_farewell(conn, conn->farewells->away);
    bask_conn_move(conn, BASK_STEP_STREAM);
}

int
bask_conn_take_over(struct bask_req *req, bask_str head, unsigned count,
                    const struct bask_farewells *farewells)
{
    struct bask_conn *conn = req->owner;
    struct bask_response *response = &req->response;
    const struct bask_response_traits traits = {.is_head = true}; /* no body */
    bool is_wrapped = conn->listener->driver->emit; /* then the bytes are never the client's own */
    if (response->head_sent || conn->body_left != 0 || is_wrapped)
        return BASK_E_STATE;
    int err = head.ptr ? bask_response_plan(response, &traits, head, count, -1) : BASK_OK;
    if (!err)
        err = keep_rest(conn);
    if (!err && head.ptr)
        err = send_head(req, head);
    if (err)
        return err;
    response->head = (bask_str){0}; /* it was the caller's, and is on its way */
    response->head_sent = true;
    conn->close_after = true;
    conn->farewells = farewells;
    conn->answer_pace = (struct bask_pace){0};
    req->io = &stream_io;
    if (conn->net->draining)
        go_away(conn); /* a request was taken, so it is answered; but that is all */
    else
        bask_conn_move(conn, BASK_STEP_STREAM);
    return BASK_OK;
}

void
bask_conn_leave_streams(struct bask_net *net)
{
    struct bask_link streams;
    bask_list_init(&streams);
    while (!bask_list_empty(&net->steps[BASK_STEP_STREAM]))
        bask_list_append(&streams, bask_list_take(&net->steps[BASK_STEP_STREAM]));
    while (!bask_list_empty(&streams))
        go_away(BASK_CONTAINER(streams.next, struct bask_conn, link));
}

void
bask_conn_break_stream(struct bask_conn *conn)
{
    conn->broken = true;
    conn->deadline_us = INT64_MAX;
    bask_list_remove(&conn->link);
    bask_list_append(&conn->net->steps[BASK_STEP_STREAM], &conn->link);
    shutdown(conn->io.fd, SHUT_RDWR);
}

static ssize_t
stream_read(struct bask_req *req, char *buffer, size_t size)
{
    struct bask_conn *conn = req->owner;
    size_t rest = bask_buf_len(&conn->rest), n = rest < size ? rest : size;
    if (n) {
        memcpy(buffer, bask_buf_view(&conn->rest).ptr, n);
        bask_buf_consume(&conn->rest, n);
        return (ssize_t)n;
    }
    ssize_t got = bask_conn_receive(conn, buffer, size);
    return got == BASK_E_CLOSED && !conn->broken ? 0 : got;
}

static int
stream_write(struct bask_req *req, bask_str data, bool is_last)
{
    struct bask_conn *conn = req->owner;
    int err = BASK_OK;
    if (data.len && !conn->farewells)
        return BASK_E_CLOSED; /* the last was said */
    if (data.len) {
        err = bask_conn_send(conn, data);
        req->response.taken += (int64_t)data.len;
    } else if (bask_buf_len(&conn->out)) {
        err = bask_conn_flush(conn);
        err = err == BASK_E_AGAIN ? BASK_OK : err;
    }
    if (is_last)
        conn->farewells = NULL;
    if (!err && conn->broken)
        err = BASK_E_CLOSED;
    if (err)
        return err;
    if (bask_buf_len(&conn->out) > HIGH_WATER)
        return BASK_E_AGAIN;
    bask_conn_answer_went(conn);
    return BASK_OK;
}

/* The application is done with it. What the client still sends is waited for, for a moment: a reset
 * would overtake the last bytes. */
static int
let_go(struct bask_conn *conn, bask_str farewell)
{
    say_farewell(conn, farewell);
    bask_conn_log(conn, " (stream)");
    conn->body_left = -1;
    bask_conn_request_done(conn);
    return BASK_E_CLOSED;
}

static bask_str
done_of(const struct bask_conn *conn)
{
    return conn->farewells ? conn->farewells->done : (bask_str){0};
}

static int
respond(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    (void)head, (void)count, (void)body;
    return let_go(req->owner, done_of(req->owner));
}

static int
respond_file(struct bask_req *req, bask_str head, unsigned count, int fd, int64_t offset,
             int64_t length)
{
    (void)head, (void)count, (void)offset, (void)length;
    close(fd);
    return let_go(req->owner, done_of(req->owner));
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

static int
finish(struct bask_req *req)
{
    return let_go(req->owner, done_of(req->owner));
}

static void
abort_request(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    struct bask_conn *conn = req->owner;
    (void)count, (void)body;
    let_go(conn, head.ptr && conn->farewells ? conn->farewells->failed : done_of(conn));
}

/* The body is over, or there would be no stream. */
static ssize_t
read_body(struct bask_req *req, char *buffer, size_t size)
{
    (void)req, (void)buffer, (void)size;
    return 0;
}

static const struct bask_req_io stream_io = {
    .respond = respond,
    .respond_file = respond_file,
    .begin = begin,
    .write = write_data,
    .finish = finish,
    .abort = abort_request,
    .read_body = read_body,
    .descriptor = bask_conn_descriptor,
    .cut = bask_conn_cut,
    .stream_read = stream_read,
    .stream_write = stream_write,
    .waits = bask_conn_waits,
};
