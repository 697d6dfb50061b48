/*
 * Reading: from the socket to a request in the pipeline, and the body that an application asks for.
 *
 * Sockets are watched by edges, so a socket is read until it is empty: a read that did not fill its
 * room emptied it, unless the peer has also closed its end.
 */
#include "net/conn.h"

#include "base/err.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <errno.h>

enum { PIECES_PER_TURN = 16 }; /* of one client: then it is the others' turn */

/* > 0 bytes; BASK_E_AGAIN: none now; BASK_E_CLOSED: no more will come. */
static inline ssize_t
receive(struct bask_conn *conn, char *buffer, size_t size)
{
    ssize_t n;
    do
        n = recv(conn->io.fd, buffer, size, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        conn->readable = (size_t)n == size || conn->hung_up;
        return n;
    }
    conn->readable = false;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return BASK_E_AGAIN;
    conn->hung_up = true;
    conn->broken = conn->broken || n < 0;
    return BASK_E_CLOSED;
}

ssize_t
bask_conn_receive(struct bask_conn *conn, char *buffer, size_t size)
{
    return receive(conn, buffer, size);
}

static int
borrow_input(struct bask_conn *conn)
{
    struct bask_net *net = conn->net;
    if (!net->spare_buffer)
        return bask_buf_reserve(&conn->in, BASK_IN_BUFFER);
    conn->in = (struct bask_buf){.data = net->spare_buffer, .size = BASK_IN_BUFFER};
    net->spare_buffer = *(char **)net->spare_buffer;
    return BASK_OK;
}

static size_t
head_limit(const struct bask_conn *conn)
{
    return (size_t)conn->net->options->head_bytes + conn->listener->driver->overhead;
}

/* Makes room for more of a head; BASK_E_LIMIT if it is as long as it may get. */
static int
room_for_head(struct bask_conn *conn)
{
    struct bask_buf *in = &conn->in;
    if (!in->data)
        return borrow_input(conn);
    if (bask_buf_len(in) >= head_limit(conn))
        return BASK_E_LIMIT;
    if (in->end < in->size)
        return BASK_OK;
    return bask_buf_reserve(in, in->start ? 1 : in->size);
}

static void
submit(struct bask_conn *conn)
{
    struct bask_req *req = conn->req;
    int64_t left = conn->body_left;
    if (conn->body.data)
        req->pub.body = bask_buf_view(&conn->body);
    if (conn->body_fd) {
        req->pub.body_fd = conn->body_fd;
        left = conn->body_total;
    }
    bask_req_complete(req, left);
    struct bask_net *net = conn->net;
    req->started_us = net->timed ? bask_clock_us() : 0;
    bask_conn_move(conn, BASK_STEP_APP);
    if (!bask_pipeline_submit(net->pipeline, req))
        return; /* it is answered, and the connection may be gone */
    conn->peer_is_new = false;
    if (net->recorder && !req->job.kind)
        bask_recorder_note(net->recorder, req);
}

static bool
over_limit(const struct bask_conn *conn, int64_t bytes)
{
    int64_t limit = conn->net->options->body_limit;
    return limit && bytes > limit;
}

static int64_t
decode(struct bask_conn *conn, char *buf, size_t len, size_t *ret_data)
{
    const struct bask_driver *driver = conn->listener->driver;
    return driver->decode ? driver->decode(conn, buf, len, ret_data)
                          : bask_chunked_decode(&conn->chunks, buf, len, ret_data);
}

/* What comes behind the end of a body is the next request. 0 or BASK_E_NOMEM: closed. */
static int
keep_rest(struct bask_conn *conn, bask_str rest)
{
    conn->body_left = 0;
    if (!bask_buf_append(&conn->rest, rest))
        return BASK_OK;
    bask_conn_close(conn);
    return BASK_E_NOMEM;
}

int
bask_conn_take_body(struct bask_conn *conn, char *bytes, size_t raw, size_t *ret_data)
{
    size_t data = raw;
    bool done;
    if (conn->chunked) {
        int64_t used = decode(conn, bytes, raw, &data);
        done = used >= 0;
        if (used == -1) {
            bask_conn_refuse(conn, 400,
                             conn->listener->driver->decode ? "a malformed body of a gateway's"
                                                            : "malformed chunk (RFC 9112 7.1)");
            return BASK_E_SYNTAX;
        }
        if (done && keep_rest(conn, bask_str_n(bytes + used, raw - (size_t)used)))
            return BASK_E_NOMEM;
    } else {
        conn->body_left -= (int64_t)raw;
        done = conn->body_left == 0;
    }
    conn->body_total += (int64_t)data;
    if (over_limit(conn, conn->body_total)) {
        bask_conn_refuse(conn, 413, "the body is over limit-post");
        return BASK_E_LIMIT;
    }
    *ret_data = data;
    return done;
}

/* Takes what was appended to `body` from `from` on. 1: as much as is buffered is there; 0: not yet;
 * < 0: it is over. */
static int
take_appended(struct bask_conn *conn, size_t from)
{
    size_t data;
    struct bask_buf *body = &conn->body;
    int done = bask_conn_take_body(conn, body->data + from, body->end - from, &data);
    if (done < 0)
        return done;
    body->end = from + data;
    int64_t wanted = conn->net->options->body_buffer;
    if (done || (int64_t)body->end <= wanted)
        return done || wanted == 0;
    if (!bask_conn_spills(conn))
        return 1; /* the application reads the rest itself */
    int err = bask_conn_spill_start(conn, bask_buf_view(body));
    if (!err)
        bask_buf_fini(body);
    return err;
}

/* One more read into `body`. As take_appended. */
static int
fill_body(struct bask_conn *conn)
{
    struct bask_buf *body = &conn->body;
    size_t from = body->end;
    if (conn->chunked && bask_buf_reserve(body, BASK_IN_BUFFER)) {
        bask_conn_close(conn);
        return BASK_E_NOMEM;
    }
    size_t room = conn->chunked ? body->size - from : (size_t)conn->body_left;
    ssize_t n = bask_conn_receive(conn, body->data + from, room);
    if (n == BASK_E_AGAIN)
        return 0;
    if (n < 0) {
        bask_conn_close(conn);
        return BASK_E_CLOSED;
    }
    body->end += (size_t)n;
    bask_conn_body_came(conn, n);
    bask_conn_move(conn, BASK_STEP_BODY); /* progress: a new deadline */
    return take_appended(conn, from);
}

static void
read_body(struct bask_conn *conn)
{
    for (int i = 0; conn->readable && i < PIECES_PER_TURN; i++) {
        int done = conn->body_fd ? bask_conn_spill_fill(conn) : fill_body(conn);
        if (done < 0)
            return;
        if (done) {
            submit(conn);
            return;
        }
    }
    if (conn->readable)
        bask_conn_again(conn);
    else if (bask_conn_body_wait(conn))
        bask_conn_refuse(conn, 408, "the body comes too slowly");
}

/* Moves the body bytes that came with the head to `body`, where the rest of it will be read, or to
 * a file. As take_appended. */
static int
start_body_buffer(struct bask_conn *conn, bask_str came)
{
    size_t room = conn->chunked ? came.len + BASK_IN_BUFFER : (size_t)conn->body_left;
    conn->in.end -= came.len;
    if (!conn->chunked && conn->body_left > conn->net->options->body_buffer) {
        conn->body_left -= (int64_t)came.len;
        conn->body_total = (int64_t)came.len;
        return bask_conn_spill_start(conn, came);
    }
    if (bask_buf_reserve(&conn->body, room) || bask_buf_append(&conn->body, came)) {
        bask_log(BASK_LOG_ERROR, "out of memory: a request of %zu bytes is dropped", room);
        bask_conn_close(conn);
        return BASK_E_NOMEM;
    }
    return take_appended(conn, 0);
}

/* The body, or what came of it with the head, stays where it is. */
static bool
stays_in_place(const struct bask_conn *conn, size_t have)
{
    if (conn->chunked)
        return false;
    return (int64_t)have >= conn->body_left ||
           (conn->body_left > conn->net->options->body_buffer && !bask_conn_spills(conn));
}

/* A client that waits to be asked for its body is asked when the application wants to read it, and
 * may hear a final status instead (RFC 9110 10.1.1). One that has begun to send it waits no more.
 * False: the request was refused. */
static bool
manage_expectation(struct bask_conn *conn, bool has_begun)
{
    int64_t limit = conn->net->options->http.manage_expect;
    if (limit > 1 && conn->body_left > limit) {
        bask_conn_refuse(conn, 413, "the body is over http-manage-expect");
        return false;
    }
    if (has_begun)
        conn->wants_continue = false;
    return true;
}

static void
start_body(struct bask_conn *conn)
{
    conn->body_pace = (struct bask_pace){0};
    conn->verdict = 0;
    bask_str came = bask_buf_view(&conn->in);
    came = bask_str_n(came.ptr + conn->head_len, came.len - conn->head_len);
    if (conn->chunked && !conn->req->pub.has_length && conn->net->options->http.require_length) {
        bask_conn_refuse(conn, (unsigned)bask_http1_reason_status(BASK_HTTP1_LENGTH_REQUIRED),
                         bask_http1_reason_text(BASK_HTTP1_LENGTH_REQUIRED));
        return;
    }
    if (conn->wants_continue && !manage_expectation(conn, came.len > 0))
        return;
    if (conn->wants_continue && !conn->net->options->http.manage_expect) {
        submit(conn);
        return;
    }
    if (stays_in_place(conn, came.len)) {
        conn->in_place = (int64_t)came.len < conn->body_left ? came.len : (size_t)conn->body_left;
        conn->body_left -= (int64_t)conn->in_place;
        conn->req->pub.body = bask_str_n(came.ptr, conn->in_place);
        submit(conn);
        return;
    }
    bask_conn_move(conn, BASK_STEP_BODY);
    int done = start_body_buffer(conn, came);
    if (done < 0)
        return;
    if (done) {
        submit(conn);
        return;
    }
    if (conn->wants_continue)
        bask_conn_send_continue(conn);
    bask_conn_release(conn);
    read_body(conn);
}

static void
start_request(struct bask_conn *conn)
{
    conn->body_total = 0;
    conn->chunks = (struct bask_chunked){0};
    if (over_limit(conn, conn->req->pub.content_length))
        bask_conn_refuse(conn, 413, "the body is over limit-post");
    else if (conn->body_left == 0)
        submit(conn);
    else
        start_body(conn);
}

/* How much more of a head may be read: buffer-size is exact, whatever the buffer holds. */
static size_t
head_room(const struct bask_conn *conn)
{
    size_t free_bytes = conn->in.size - conn->in.end;
    size_t allowed = head_limit(conn) - bask_buf_len(&conn->in);
    return free_bytes < allowed ? free_bytes : allowed;
}

static void
refuse_large_head(struct bask_conn *conn)
{
    bask_str head = bask_buf_view(&conn->in);
    if (memchr(head.ptr, '\n', head.len))
        bask_conn_refuse(conn, 431, "the head is over buffer-size");
    else
        bask_conn_refuse(conn, 414, "the request line is over buffer-size");
}

/* No request is complete, so nothing will join the answers that are held. False: the client is
 * gone, or has to take what it asked for first. */
static bool
send_held(struct bask_conn *conn)
{
    int err = bask_conn_release(conn);
    if (err == BASK_E_AGAIN)
        bask_conn_start_flush(conn);
    else if (err)
        bask_conn_close(conn);
    return !err;
}

/* No request will come any more. What is held was asked for all the same. */
static void
end_requests(struct bask_conn *conn)
{
    if (bask_conn_release(conn) != BASK_E_AGAIN) {
        bask_conn_close(conn);
        return;
    }
    conn->close_after = true;
    bask_conn_move(conn, BASK_STEP_FLUSH);
}

static void
read_head(struct bask_conn *conn)
{
    for (int pieces = 0;; pieces++) {
        if (bask_buf_len(&conn->in) > conn->scanned) {
            int parsed = conn->listener->driver->parse(conn);
            if (parsed < 0)
                return;
            if (parsed > 0) {
                start_request(conn);
                return;
            }
        }
        if (!conn->readable)
            break;
        if (pieces == PIECES_PER_TURN) { /* what a gateway says beside requests need not end */
            bask_conn_again(conn);
            break;
        }
        int err = room_for_head(conn);
        if (err == BASK_E_LIMIT) {
            refuse_large_head(conn);
            return;
        }
        ssize_t n =
            err ? err : bask_conn_receive(conn, conn->in.data + conn->in.end, head_room(conn));
        if (n == BASK_E_AGAIN)
            break;
        if (n < 0) {
            end_requests(conn);
            return;
        }
        conn->in.end += (size_t)n;
    }
    if (bask_conn_holds(conn) && !send_held(conn))
        return;
    bool begun = bask_buf_len(&conn->in) > 0;
    if (begun != (conn->step == BASK_STEP_HEAD)) /* what was no request may have been used up */
        bask_conn_move(conn, begun ? BASK_STEP_HEAD : BASK_STEP_IDLE);
}

static void
discard(struct bask_conn *conn)
{
    char waste[4 * BASK_IN_BUFFER];
    for (int i = 0; conn->readable && i < PIECES_PER_TURN; i++)
        if (receive(conn, waste, sizeof waste) == BASK_E_CLOSED) {
            bask_conn_close(conn);
            return;
        }
    if (conn->readable)
        bask_conn_again(conn);
}

void
bask_conn_on_readable(struct bask_conn *conn)
{
    switch (conn->step) {
    case BASK_STEP_IDLE:
    case BASK_STEP_HEAD:
        read_head(conn);
        return;
    case BASK_STEP_BODY:
        read_body(conn);
        return;
    case BASK_STEP_LINGER:
        discard(conn);
        return;
    default:
        return; /* `readable` stays set and is looked at when the step is over */
    }
}

ssize_t
bask_conn_refuse_reader(struct bask_conn *conn, int err)
{
    bool late = err == BASK_E_TIMEOUT;
    if (!conn->verdict)
        bask_tally_note(&conn->net->tally, late ? BASK_BOUND_BODY_TIME : BASK_BOUND_BODY_SIZE,
                        conn->peer.addr, 0,
                        late ? "the body comes too slowly for the application that reads it"
                             : "the body that the application reads is over limit-post");
    conn->verdict = late ? 408 : 413;
    conn->req->read_errors = 1;
    conn->close_after = true;
    return err;
}

/* Decodes `n` bytes that were just read into the application's buffer. */
static ssize_t
decode_for_reader(struct bask_conn *conn, char *buffer, size_t n)
{
    size_t data;
    int64_t used = decode(conn, buffer, n, &data);
    conn->body_total += (int64_t)data;
    if (used == -1) {
        conn->close_after = true;
        return BASK_E_SYNTAX;
    }
    if (over_limit(conn, conn->body_total))
        return bask_conn_refuse_reader(conn, BASK_E_LIMIT);
    if (used >= 0) {
        conn->body_left = 0;
        if (bask_buf_append(&conn->rest, bask_str_n(buffer + used, n - (size_t)used)))
            conn->close_after = true;
    }
    return (ssize_t)data;
}

ssize_t
bask_conn_read_body(struct bask_req *req, char *buffer, size_t size)
{
    struct bask_conn *conn = req->owner;
    if (conn->body_fd)
        return bask_conn_spill_read(conn, buffer, size);
    /* Behind the final status, 100 (Continue) would be part of the response's body. */
    if (conn->wants_continue && conn->body_left && !req->response.head_sent)
        bask_conn_send_continue(conn);
    while (conn->body_left != 0 && size) {
        size_t want = size;
        if (!conn->chunked && (int64_t)want > conn->body_left)
            want = (size_t)conn->body_left;
        ssize_t n = bask_conn_receive(conn, buffer, want);
        if (n < 0) {
            req->read_errors |= n != BASK_E_AGAIN;
            return n;
        }
        bask_conn_body_came(conn, n);
        if (!conn->chunked) {
            conn->body_left -= n;
            return n;
        }
        n = decode_for_reader(conn, buffer, (size_t)n);
        req->read_errors |= n < 0;
        if (n)
            return n;
    }
    return 0;
}
