/* The life of a connection: its steps, its deadlines, its end. */
#include "net/conn.h"

#include "base/err.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LINGER_MS = 2000,
    LINE_KEPT = 256, /* of a URI */
};

static int64_t
step_limit_ms(const struct bask_net *net, enum bask_step step)
{
    switch (step) {
    case BASK_STEP_IDLE:
        return net->draining ? net->grace_ms : net->options->idle_ms;
    case BASK_STEP_HEAD:
        return net->options->head_ms;
    case BASK_STEP_BODY:
        return net->options->transfer_ms;
    case BASK_STEP_STREAM:
        return net->draining ? LINGER_MS : 0;
    case BASK_STEP_CUT:
    case BASK_STEP_FLUSH:
        return bask_net_send_ms(net->options);
    case BASK_STEP_LINGER:
        return LINGER_MS;
    default:
        return 0;
    }
}

void
bask_conn_move(struct bask_conn *conn, enum bask_step step)
{
    struct bask_net *net = conn->net;
    int64_t limit_us = step_limit_ms(net, step) * 1000;
    int64_t now = bask_loop_now_us(net->loop);
    conn->step = step;
    conn->deadline_us = limit_us ? now + limit_us : INT64_MAX;
    bask_list_remove(&conn->link);
    bask_list_append(&net->steps[step], &conn->link);
    if (limit_us &&
        (bask_list_is_unlinked(&net->sweep.link) || net->sweep.due_us > conn->deadline_us))
        bask_loop_timer_start(net->loop, &net->sweep, limit_us);
}

/* The request that is answered keeps its name for the log: that of a client that leaves. */
static void
keep_line(struct bask_conn *conn)
{
    const struct bask_req *req = conn->req;
    if (!req || !req->pub.uri.len)
        return;
    int most = req->pub.uri.len < LINE_KEPT ? (int)req->pub.uri.len : LINE_KEPT;
    if (asprintf(&conn->flushed, "%.*s %.*s", BASK_FMT(req->pub.method), most, req->pub.uri.ptr) <
        0)
        conn->flushed = NULL; /* the address has to do */
}

static void
forget_line(struct bask_conn *conn)
{
    free(conn->flushed);
    conn->flushed = NULL;
}

/* Sends what is pending. False: the connection may be gone; what is left comes by `again`. */
static bool
flush(struct bask_conn *conn)
{
    int err = bask_conn_flush(conn);
    if (conn->step == BASK_STEP_CUT)
        bask_conn_cut_goes_on(conn);
    if (conn->step != BASK_STEP_FLUSH)
        return true;
    if (err != BASK_E_AGAIN) {
        forget_line(conn);
        bask_conn_request_done(conn);
        return false;
    }
    bask_conn_flush_goes_on(conn);
    return false;
}

static void
on_conn(struct bask_io *io, unsigned events)
{
    struct bask_conn *conn = BASK_CONTAINER(io, struct bask_conn, io);
    if (events & BASK_READABLE)
        conn->readable = true;
    if (events & BASK_HANGUP)
        conn->readable = conn->hung_up = true;
    if (events & BASK_WRITABLE && bask_conn_has_output(conn) && !flush(conn))
        return;
    if (conn->readable)
        bask_conn_on_readable(conn);
}

void
bask_conn_go_on(struct bask_conn *conn)
{
    if (conn->step == BASK_STEP_FLUSH)
        flush(conn);
    else
        bask_conn_on_readable(conn);
}

static struct bask_conn *
take_conn(struct bask_net *net)
{
    struct bask_conn *conn = net->spare_conn;
    if (conn)
        net->spare_conn = *(struct bask_conn **)conn;
    else
        conn = malloc(sizeof *conn);
    return conn;
}

void
bask_conn_accept(struct bask_net *net, struct bask_listener *listener, int fd,
                 const struct bask_sockaddr *peer)
{
    struct bask_conn *conn = take_conn(net);
    if (!conn) {
        close(fd);
        return;
    }
    *conn = (struct bask_conn){
        .io = {.fd = fd, .on_event = on_conn},
        .net = net,
        .listener = listener,
        .peer_is_new = true,
        .file_fd = -1,
    };
    bask_list_init(&conn->link);
    bask_list_init(&conn->again);
    bask_list_init(&conn->held);
    bask_sock_describe(peer, &conn->peer);
    net->open++;
    if (net->census && !bask_crowd_admit(conn)) {
        conn->io.on_event = NULL;
        bask_conn_close(conn);
        return;
    }
    if (bask_loop_add(net->loop, &conn->io, BASK_IO_EDGE)) {
        bask_log(BASK_LOG_ERROR, "cannot watch a connection: %s", strerror(errno));
        conn->io.on_event = NULL;
        bask_conn_close(conn);
        return;
    }
    bask_conn_move(conn, BASK_STEP_IDLE);
}

/* An input buffer of the standard size is lent only while there is something in it. */
static void
return_input(struct bask_conn *conn)
{
    bask_buf_check(&conn->in);
    if (conn->in.size == BASK_IN_BUFFER) {
        *(char **)conn->in.data = conn->net->spare_buffer;
        conn->net->spare_buffer = conn->in.data;
        conn->in = (struct bask_buf){0};
    } else {
        bask_buf_fini(&conn->in);
    }
}

/* A connection without a request has none. */
static inline void
return_buffers(struct bask_conn *conn)
{
    return_input(conn);
    if (conn->out.data && !bask_buf_len(&conn->out))
        bask_buf_fini(&conn->out);
}

static void
return_request(struct bask_conn *conn)
{
    struct bask_req *req = conn->req;
    if (!req)
        return;
    conn->req = NULL;
    req->owner = conn->net->spare_req;
    conn->net->spare_req = req;
}

struct bask_req *
bask_conn_request(struct bask_conn *conn)
{
    struct bask_net *net = conn->net;
    struct bask_req *req = net->spare_req;
    if (req) {
        net->spare_req = req->owner;
        bask_req_reset(req);
    } else if (!(req = bask_req_new())) {
        bask_log(BASK_LOG_ERROR, "out of memory: a connection is closed");
        bask_conn_close(conn);
        return NULL;
    }
    req->io = &bask_conn_req_io;
    req->owner = conn;
    conn->req = req;
    return req;
}

void
bask_conn_close(struct bask_conn *conn)
{
    struct bask_net *net = conn->net;
    bask_conn_release(conn);
    if (conn->io.on_event)
        bask_loop_remove(net->loop, &conn->io);
    close(conn->io.fd);
    if (conn->file_fd >= 0)
        bask_conn_end_file(conn);
    bask_list_remove(&conn->link);
    bask_list_remove(&conn->again);
    return_request(conn);
    return_input(conn);
    bask_conn_spill_end(conn);
    bask_buf_fini(&conn->body);
    bask_buf_fini(&conn->rest);
    bask_buf_fini(&conn->out);
    forget_line(conn);
    if (conn->counted)
        bask_census_leave(conn->counted);
    *(struct bask_conn **)conn = net->spare_conn;
    net->spare_conn = conn;
    net->open--;
    if (net->full)
        bask_crowd_left(net);
}

void
bask_conn_again(struct bask_conn *conn)
{
    bask_list_remove(&conn->again);
    bask_list_append(&conn->net->again, &conn->again);
    bask_loop_nudge(conn->net->loop);
}

/* The answer is out. Unread input would turn close(2) into a reset that may overtake it. A client
 * that has hung up says no more, but what it said before may still be in the socket. */
static void
end_politely(struct bask_conn *conn)
{
    bool goes_on = bask_buf_len(&conn->in) > 0 && !conn->hung_up;
    if (conn->broken || !(conn->readable || conn->body_left != 0 || goes_on)) {
        bask_conn_close(conn);
        return;
    }
    shutdown(conn->io.fd, SHUT_WR);
    bask_conn_move(conn, BASK_STEP_LINGER);
    bask_conn_again(conn);
}

/* All that the present request is made of. */
static inline void
drop_request(struct bask_conn *conn)
{
    size_t used = conn->head_len + conn->in_place;
    return_request(conn);
    bask_buf_consume(&conn->in, used);
    bask_buf_fini(&conn->body);
    if (conn->body_fd)
        bask_conn_spill_end(conn);
    conn->head_len = conn->in_place = conn->scanned = 0;
}

void
bask_conn_start_flush(struct bask_conn *conn)
{
    keep_line(conn);
    drop_request(conn);
    if (!bask_buf_len(&conn->in))
        return_input(conn);
    conn->answer_pace = (struct bask_pace){0};
    bask_conn_flush_goes_on(conn);
}

static void
forget_request(struct bask_conn *conn)
{
    drop_request(conn);
    conn->ended = false;
    if (bask_buf_len(&conn->rest)) {
        if (bask_buf_append(&conn->in, bask_buf_view(&conn->rest)))
            conn->close_after = true; /* out of memory: the next request is lost, and told so */
        bask_buf_fini(&conn->rest);
    }
}

void
bask_conn_end_answer(struct bask_conn *conn)
{
    if (conn->ended || conn->broken || conn->file_left > 0)
        return;
    conn->ended = true;
    conn->listener->driver->end(conn);
}

/* Whether there is output that the client has to take before anything else is done. */
static bool
must_flush(struct bask_conn *conn)
{
    if (conn->broken || !bask_conn_has_output(conn))
        return false;
    if (!bask_conn_holds(conn))
        return true;
    return conn->close_after && bask_conn_release(conn) == BASK_E_AGAIN;
}

void
bask_conn_request_done(struct bask_conn *conn)
{
    if (conn->listener->driver->end)
        bask_conn_end_answer(conn);
    if (must_flush(conn)) {
        if (conn->step != BASK_STEP_FLUSH)
            bask_conn_start_flush(conn);
        return;
    }
    forget_request(conn);
    /* Draining is no reason: an answer that began before it has promised to keep the connection. */
    if (conn->close_after || conn->broken) {
        end_politely(conn);
        return;
    }
    bool more = bask_buf_len(&conn->in) > 0;
    if (!more)
        return_buffers(conn);
    bask_conn_move(conn, more ? BASK_STEP_HEAD : BASK_STEP_IDLE);
    if (more || conn->readable)
        bask_conn_again(conn);
}
