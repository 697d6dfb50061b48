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

enum { DISCARDS_PER_TURN = 16 };

/* > 0 bytes; BASK_E_AGAIN: none now; BASK_E_CLOSED: no more will come. */
static ssize_t
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
    if (conn->body.data)
        req->pub.body = bask_buf_view(&conn->body);
    bask_req_complete(req, conn->body_left);
    if (conn->net->recorder && !req->job.kind)
        bask_recorder_note(conn->net->recorder, req);
    req->started_us = conn->net->access ? bask_clock_us() : 0;
    bask_conn_move(conn, BASK_STEP_APP);
    bask_pipeline_submit(conn->net->pipeline, req);
}

static bool
over_limit(const struct bask_conn *conn, int64_t bytes)
{
    int64_t limit = conn->net->options->body_limit;
    return limit && bytes > limit;
}

/* Decodes what was appended to the body from `from` on. 1: complete, 0: not yet, < 0: refused. */
static int
decode_body(struct bask_conn *conn, size_t from)
{
    size_t raw = conn->body.end - from, data;
    int64_t used = bask_chunked_decode(&conn->chunks, conn->body.data + from, raw, &data);
    if (used == -1) {
        bask_conn_refuse(conn, 400, "malformed chunk (RFC 9112 7.1)");
        return BASK_E_SYNTAX;
    }
    if (used >= 0) {
        bask_str rest = bask_str_n(conn->body.data + from + used, raw - (size_t)used);
        conn->body_left = 0;
        if (bask_buf_append(&conn->rest, rest)) {
            bask_conn_close(conn);
            return BASK_E_NOMEM;
        }
    }
    conn->body.end = from + data;
    conn->body_total = (int64_t)conn->body.end;
    if (over_limit(conn, conn->body_total)) {
        bask_conn_refuse(conn, 413, "the body is over limit-post");
        return BASK_E_LIMIT;
    }
    return used >= 0;
}

/* A chunked body is as far in memory as it shall be; the application reads the rest itself. */
static bool
is_enough(const struct bask_conn *conn)
{
    int64_t wanted = conn->net->options->body_buffer;
    return wanted == 0 || (int64_t)conn->body.end > wanted;
}

/* One more read into `body`. 1: as much as is buffered is there; 0: not yet; < 0: it is over. */
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
    ssize_t n = receive(conn, body->data + from, room);
    if (n == BASK_E_AGAIN)
        return 0;
    if (n < 0) {
        bask_conn_close(conn);
        return BASK_E_CLOSED;
    }
    body->end += (size_t)n;
    bask_conn_body_came(conn, n);
    bask_conn_move(conn, BASK_STEP_BODY); /* progress: a new deadline */
    if (conn->chunked) {
        int done = decode_body(conn, from);
        return done ? done : is_enough(conn);
    }
    conn->body_left -= n;
    return conn->body_left == 0;
}

static void
read_body(struct bask_conn *conn)
{
    while (conn->readable) {
        int done = fill_body(conn);
        if (done < 0)
            return;
        if (done) {
            submit(conn);
            return;
        }
    }
    if (bask_conn_body_wait(conn))
        bask_conn_refuse(conn, 408, "the body comes too slowly");
}

/* Moves the body bytes that came with the head to `body`, where the rest of it will be read. */
static int
start_body_buffer(struct bask_conn *conn, size_t have)
{
    size_t room = conn->chunked ? have + BASK_IN_BUFFER : (size_t)conn->body_left;
    bask_str came = bask_str_n(conn->in.data + conn->in.start + conn->head_len, have);
    if (bask_buf_reserve(&conn->body, room) || bask_buf_append(&conn->body, came)) {
        bask_log(BASK_LOG_ERROR, "out of memory: a request of %zu bytes is dropped", room);
        bask_conn_close(conn);
        return BASK_E_NOMEM;
    }
    conn->in.end -= have;
    return BASK_OK;
}

static void
start_body(struct bask_conn *conn)
{
    conn->body_pace = (struct bask_pace){0};
    conn->verdict = 0;
    size_t have = bask_buf_len(&conn->in) - conn->head_len;
    if (!conn->chunked) {
        bool complete = (int64_t)have >= conn->body_left;
        if (complete || conn->body_left > conn->net->options->body_buffer) {
            conn->in_place = complete ? (size_t)conn->body_left : have;
            conn->body_left -= (int64_t)conn->in_place;
            conn->req->pub.body =
                bask_str_n(conn->in.data + conn->in.start + conn->head_len, conn->in_place);
            submit(conn);
            return;
        }
    }
    if (start_body_buffer(conn, have))
        return;
    bask_conn_move(conn, BASK_STEP_BODY);
    if (conn->chunked) {
        int done = decode_body(conn, 0);
        if (done < 0)
            return;
        if (done || is_enough(conn)) {
            submit(conn);
            return;
        }
    } else {
        conn->body_left -= (int64_t)have;
    }
    if (conn->wants_continue)
        bask_conn_send_continue(conn);
    read_body(conn);
}

static void
start_request(struct bask_conn *conn)
{
    conn->body_total = 0;
    conn->chunks = (struct bask_chunked){0};
    if (over_limit(conn, conn->body_left))
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

static void
read_head(struct bask_conn *conn)
{
    for (;;) {
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
        int err = room_for_head(conn);
        if (err == BASK_E_LIMIT) {
            refuse_large_head(conn);
            return;
        }
        ssize_t n = err ? err : receive(conn, conn->in.data + conn->in.end, head_room(conn));
        if (n == BASK_E_AGAIN)
            break;
        if (n < 0) {
            bask_conn_close(conn);
            return;
        }
        conn->in.end += (size_t)n;
    }
    if (conn->step == BASK_STEP_IDLE && bask_buf_len(&conn->in))
        bask_conn_move(conn, BASK_STEP_HEAD);
}

static void
discard(struct bask_conn *conn)
{
    char waste[4 * BASK_IN_BUFFER];
    for (int i = 0; conn->readable && i < DISCARDS_PER_TURN; i++)
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

/* What the application reads is over a limit. It gets `err`, and the client, unless the application
 * has something to say to it, a status. */
static ssize_t
refuse_reader(struct bask_conn *conn, int err)
{
    bool late = err == BASK_E_TIMEOUT;
    if (!conn->verdict)
        bask_tally_note(&conn->net->tally, late ? BASK_BOUND_BODY_TIME : BASK_BOUND_BODY_SIZE,
                        conn->peer.addr, 0,
                        late ? "the body comes too slowly for the application that reads it"
                             : "the body that the application reads is over limit-post");
    conn->verdict = late ? 408 : 413;
    conn->close_after = true;
    return err;
}

/* Decodes `n` bytes that were just read into the application's buffer. */
static ssize_t
decode_for_reader(struct bask_conn *conn, char *buffer, size_t n)
{
    size_t data;
    int64_t used = bask_chunked_decode(&conn->chunks, buffer, n, &data);
    conn->body_total += (int64_t)data;
    if (used == -1) {
        conn->close_after = true;
        return BASK_E_SYNTAX;
    }
    if (over_limit(conn, conn->body_total))
        return refuse_reader(conn, BASK_E_LIMIT);
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
    /* Behind the final status, 100 (Continue) would be part of the response's body. */
    if (conn->wants_continue && conn->body_left && !req->response.head_sent)
        bask_conn_send_continue(conn);
    while (conn->body_left != 0 && size) {
        size_t want = size;
        if (!conn->chunked && (int64_t)want > conn->body_left)
            want = (size_t)conn->body_left;
        ssize_t n = receive(conn, buffer, want);
        if (n == BASK_E_AGAIN && bask_conn_body_wait(conn))
            return refuse_reader(conn, BASK_E_TIMEOUT);
        if (n < 0)
            return n;
        bask_conn_body_came(conn, n);
        if (!conn->chunked) {
            conn->body_left -= n;
            return n;
        }
        n = decode_for_reader(conn, buffer, (size_t)n);
        if (n)
            return n;
    }
    return 0;
}
