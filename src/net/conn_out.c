/*
 * Writing: from an application's answer to the socket.
 *
 * Bytes go to the network in the call that brings them; what it refuses is copied to `out` and sent
 * when the socket becomes writable, so a slow client costs a buffer and never a thread that is
 * done.
 */
#include "net/conn.h"

#include "base/err.h"
#include "obs/log.h"
#include "proto/date.h"
#include "req/status.h"
#include "sys/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    COMPOSED = 4096,           /* a head, and a small body behind it, leave in one piece */
    STREAM_HIGH_WATER = 65536, /* an application that streams waits when more is unsent */
    HOLD = 1 << 30,            /* instead of the flags of send(2): more answers follow soon */
    HELD_MAX = 16384,     /* answers to a burst of requests leave in pieces of about this size */
    PIECES_PER_TURN = 32, /* of a file for one client: then it is the others' turn */
};

static const char via_sendfile[] = " via sendfile()";

bool
bask_conn_has_output(const struct bask_conn *conn)
{
    return bask_buf_len(&conn->out) > 0 || conn->file_left > 0;
}

int
bask_conn_fail(struct bask_conn *conn)
{
    int why = errno;
    conn->broken = true;
    if (conn->req)
        conn->req->write_errors = 1;
    if (conn->net->options->bodies.quiet_writes)
        return BASK_E_CLOSED;
    if (conn->req)
        bask_log(BASK_LOG_INFO, "%.*s %.*s: the client left before the end of the answer: %s",
                 BASK_FMT(conn->req->pub.method), BASK_FMT(conn->req->pub.uri), strerror(why));
    else if (conn->step == BASK_STEP_FLUSH) /* the request is forgotten already */
        bask_log(BASK_LOG_INFO, "%s: the client left before the end of the answer: %s",
                 conn->flushed        ? conn->flushed
                 : conn->peer.addr[0] ? conn->peer.addr
                                      : "unix socket",
                 strerror(why));
    return BASK_E_CLOSED;
}

static int
flush_out(struct bask_conn *conn)
{
    int err = bask_sock_flush(conn->io.fd, &conn->out, conn->file_left ? MSG_MORE : 0);
    return err == BASK_E_SYSTEM ? bask_conn_fail(conn) : err;
}

int
bask_conn_flush(struct bask_conn *conn)
{
    bask_list_remove(&conn->held);
    int err = conn->broken ? BASK_E_CLOSED : flush_out(conn);
    for (int pieces = 0; !err && conn->file_fd >= 0; pieces++) {
        if (pieces == PIECES_PER_TURN) {
            bask_conn_again(conn); /* no event will tell that the socket takes more */
            return BASK_E_AGAIN;
        }
        err = bask_conn_send_file(conn);
        if (!err)
            err = flush_out(conn); /* what the kernel could not send from the file by itself */
    }
    return err;
}

/* Together with answers that are held, or as the first of them. What waits without being held waits
 * for the network, and the socket will tell. */
__attribute__((cold, noinline)) static int
emit_held(struct bask_conn *conn, const struct iovec *parts, size_t count, bool goes_on)
{
    struct bask_net *net = conn->net;
    bool starts = !bask_conn_has_output(conn);
    for (size_t i = 0; i < count; i++)
        if (bask_buf_append(&conn->out, bask_str_n(parts[i].iov_base, parts[i].iov_len)))
            return bask_conn_fail(conn);
    if (starts) {
        if (bask_list_empty(&net->held))
            net->held_turns = 0;
        bask_list_append(&net->held, &conn->held);
    }
    bool enough = !goes_on || bask_buf_len(&conn->out) >= HELD_MAX;
    int err = enough ? bask_conn_release(conn) : BASK_OK;
    return err == BASK_E_AGAIN ? BASK_OK : err;
}

int
bask_conn_emit(struct bask_conn *conn, struct iovec *parts, size_t count, int flags)
{
    ssize_t sent = 0;
    if (conn->broken)
        return BASK_E_CLOSED;
    if (flags == HOLD || (bask_buf_len(&conn->out) && bask_conn_holds(conn)))
        return emit_held(conn, parts, count, flags == HOLD);
    if (!bask_buf_len(&conn->out)) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
        do
            sent = count == 1
                       ? send(conn->io.fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL | flags)
                       : sendmsg(conn->io.fd, &message, MSG_NOSIGNAL | flags);
        while (sent < 0 && errno == EINTR);
        if (sent < 0 && errno != EAGAIN)
            return bask_conn_fail(conn);
        if (sent < 0)
            sent = 0;
    }
    for (size_t i = 0; i < count; i++) {
        size_t skip = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;
        sent -= (ssize_t)skip;
        if (skip == parts[i].iov_len)
            continue; /* an empty part may be NULL, to which nothing can be added */
        bask_str left = bask_str_n((const char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
        if (bask_buf_append(&conn->out, left))
            return bask_conn_fail(conn);
    }
    return BASK_OK;
}

static int
emit(struct bask_conn *conn, struct iovec *parts, size_t count, int flags)
{
    const struct bask_driver *driver = conn->listener->driver;
    return driver->emit ? driver->emit(conn, parts, count, flags)
                        : bask_conn_emit(conn, parts, count, flags);
}

int
bask_conn_send(struct bask_conn *conn, bask_str bytes)
{
    struct iovec part = {(void *)bytes.ptr, bytes.len};
    return emit(conn, &part, 1, 0);
}

static bask_str
date_line(struct bask_net *net)
{
    int64_t now = bask_clock_wall();
    if (now != net->date_second) {
        net->date_second = now;
        memcpy(net->date, "Date: ", 6);
        bask_date_write(net->date + 6, now);
        memcpy(net->date + 6 + BASK_DATE_LEN, "\r\n", 2);
    }
    return bask_str_n(net->date, 6 + BASK_DATE_LEN + 2);
}

static struct bask_response_traits
traits_of(const struct bask_conn *conn)
{
    const struct bask_driver *driver = conn->listener->driver;
    const struct bask_request *pub = &conn->req->pub;
    return (struct bask_response_traits){
        .is_head = pub->method_id == BASK_METHOD_HEAD,
        .http_1_0 = pub->protocol_id == BASK_PROTOCOL_HTTP_1_0,
        /* A body that the application left unread would be taken for the next request. */
        .keep_alive = driver->keep_alive && !conn->close_after && !conn->net->draining &&
                      conn->body_left == 0,
        .chunked = driver->chunked,
        .tells_end = driver->tells_end,
        .own_date = driver->own_date,
    };
}

/* Sends the head and as much of `body` as fits in the same piece, then the rest of it. */
static int
emit_head(struct bask_conn *conn, const struct bask_response_traits *traits, bask_str body,
          int flags)
{
    struct bask_response *response = &conn->req->response;
    char composed[COMPOSED];
    bask_str version = conn->listener->driver->version;
    bool fits = response->head.len < COMPOSED - BASK_RESPONSE_TAIL - BASK_VERSION_ROOM;
    size_t used = 0;
    if (fits) {
        memcpy(composed, version.ptr, BASK_VERSION_ROOM);
        used = version.len;
        memcpy(composed + used, response->head.ptr, response->head.len);
        used += response->head.len;
    }
    used += bask_response_finish_head(response, traits, date_line(conn->net), composed + used);
    response->head_sent = true;
    conn->close_after = conn->close_after || !response->keep_alive;
    if (fits && body.len <= COMPOSED - used) {
        memcpy(composed + used, body.ptr ? body.ptr : "", body.len);
        struct iovec whole = {composed, used + body.len};
        return emit(conn, &whole, 1, flags);
    }
    struct iovec parts[] = {
        {(void *)version.ptr, fits ? 0 : version.len},
        {(void *)response->head.ptr, fits ? 0 : response->head.len},
        {composed, used},
        {(void *)body.ptr, body.len},
    };
    return emit(conn, parts, 4, flags);
}

void
bask_conn_log(struct bask_conn *conn, const char *note)
{
    const struct bask_net *net = conn->net;
    conn->net->requests++;
    if (net->access || conn->req->wants_line || net->line_rules)
        bask_conn_write_line(conn, note, note == via_sendfile);
}

static void
end_request(struct bask_conn *conn, const char *note)
{
    if (bask_response_is_short(&conn->req->response) && !conn->broken) {
        bask_log(BASK_LOG_ERROR, "%.*s %.*s: the application sent %lld bytes of the %lld promised",
                 BASK_FMT(conn->req->pub.method), BASK_FMT(conn->req->pub.uri),
                 (long long)conn->req->response.taken, (long long)conn->req->response.length);
        conn->close_after = true;
    }
    bask_conn_log(conn, note);
    bask_conn_request_done(conn);
}

static void
warn_if_long(const struct bask_conn *conn)
{
    const struct bask_response *response = &conn->req->response;
    if (response->facts.has_length && response->framing == BASK_FRAMING_LENGTH &&
        response->taken > response->length)
        bask_log(BASK_LOG_ERROR,
                 "%.*s %.*s: the application gave more than the %lld bytes it "
                 "promised; the rest was cut off",
                 BASK_FMT(conn->req->pub.method), BASK_FMT(conn->req->pub.uri),
                 (long long)response->length);
}

/* Another request of the same client is here already, and no other client's is before it, so
 * another answer will be soon. */
static bool
is_in_burst(const struct bask_conn *conn)
{
    return bask_buf_len(&conn->in) > conn->head_len + conn->in_place &&
           conn->req->response.keep_alive && conn->req->response.length < HELD_MAX &&
           !bask_pipeline_queued(conn->net->pipeline);
}

/* Of a whole answer: what is known to follow it. */
static int
flags_of(const struct bask_conn *conn)
{
    const struct bask_driver *driver = conn->listener->driver;
    return driver->end ? MSG_MORE : is_in_burst(conn) ? HOLD : 0;
}

/* What the operator changes in a head. Without memory for it there is no answer: it would say what
 * it must not. */
__attribute__((cold, noinline)) static int
change_head(struct bask_req *req, bask_str *head, unsigned *count)
{
    const struct bask_conn *conn = req->owner;
    if (!bask_fields_apply(conn->net->field_rules, &req->text, head, count))
        return BASK_OK;
    bask_log(BASK_LOG_ERROR, "%.*s %.*s: %s", BASK_FMT(req->pub.method), BASK_FMT(req->pub.uri),
             bask_err_text(BASK_E_NOMEM));
    return BASK_E_SYNTAX;
}

static int
respond(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    struct bask_conn *conn = req->owner;
    struct bask_response_traits traits = traits_of(conn);
    if (conn->net->field_rules && change_head(req, &head, &count))
        return BASK_E_SYNTAX;
    int err = bask_response_plan_memo(&req->response, &traits, head, count, (int64_t)body.len,
                                      &conn->net->heads);
    if (err)
        return err;
    err = emit_head(conn, &traits, bask_response_take(&req->response, body), flags_of(conn));
    warn_if_long(conn);
    end_request(conn, "");
    return err;
}

int
bask_conn_end_raw(struct bask_conn *conn, bask_str head, bask_str body, unsigned status)
{
    struct bask_response *response = &conn->req->response;
    struct iovec parts[] = {{(void *)head.ptr, head.len}, {(void *)body.ptr, body.len}};
    bool no_head = !head.len;
    int err = head.len + body.len ? emit(conn, parts + no_head, 2 - no_head, 0) : BASK_OK;
    response->facts.status = status;
    response->taken = (int64_t)body.len;
    conn->close_after = true;
    bask_conn_log(conn, "");
    bask_conn_request_done(conn);
    return err;
}

static int
plan_file(struct bask_req *req, const struct bask_response_traits *traits, bask_str head,
          unsigned count, int64_t length)
{
    const struct bask_conn *conn = req->owner;
    if (conn->net->field_rules && change_head(req, &head, &count))
        return BASK_E_SYNTAX;
    int err = bask_response_plan(&req->response, traits, head, count, length);
    req->response.taken = err ? 0 : length;
    return err;
}

/* The head, with what stands before the file's first bytes, and as much of the file as is taken. */
static int
send_with_file(struct bask_conn *conn, const struct bask_response_traits *traits, bask_str before)
{
    bool is_copied = conn->net->options->bodies.no_sendfile || conn->listener->driver->emit;
    int err = emit_head(conn, traits, before, conn->file_left ? MSG_MORE : 0);
    if (!err)
        err = bask_conn_flush(conn);
    end_request(conn, is_copied ? "" : via_sendfile);
    return err == BASK_E_AGAIN ? BASK_OK : err;
}

static int
respond_file(struct bask_req *req, bask_str head, unsigned count, int fd, int64_t offset,
             int64_t length)
{
    struct bask_conn *conn = req->owner;
    const struct bask_response *response = &req->response;
    struct bask_response_traits traits = traits_of(conn);
    int err = plan_file(req, &traits, head, count, length);
    if (err) {
        close(fd);
        return err;
    }
    if (response->framing == BASK_FRAMING_LENGTH)
        conn->file_left = length < response->length ? length : response->length;
    conn->file_fd = fd;
    conn->file_offset = offset;
    return send_with_file(conn, &traits, (bask_str){0});
}

static int
respond_parts(struct bask_req *req, bask_str head, unsigned count, int fd, struct bask_parts *parts)
{
    struct bask_conn *conn = req->owner;
    const struct bask_response *response = &req->response;
    struct bask_response_traits traits = traits_of(conn);
    int64_t size = bask_parts_size(parts, 0);
    int err = plan_file(req, &traits, head, count, size);
    if (err || response->framing != BASK_FRAMING_LENGTH || response->length != size) {
        close(fd);
        free(parts);
        return BASK_E_SYNTAX;
    }
    parts->next = 1;
    conn->parts = parts;
    conn->file_fd = fd;
    conn->file_offset = parts->items[0].offset;
    conn->file_left = parts->items[0].length;
    return send_with_file(conn, &traits, parts->items[0].before);
}

static int
begin(struct bask_req *req, bask_str head, unsigned count)
{
    struct bask_conn *conn = req->owner;
    struct bask_response_traits traits = traits_of(conn);
    if (req->response.head_sent)
        return BASK_E_STATE;
    if (conn->net->field_rules && change_head(req, &head, &count))
        return BASK_E_SYNTAX;
    char *copy = bask_arena_alloc(&req->text, head.len);
    if (!copy)
        return BASK_E_NOMEM;
    memcpy(copy, head.ptr, head.len);
    conn->answer_pace = (struct bask_pace){0};
    return bask_response_plan(&req->response, &traits, bask_str_n(copy, head.len), count, -1);
}

static int
emit_chunk(struct bask_conn *conn, bask_str data)
{
    char size[20];
    int n = snprintf(size, sizeof size, "%zx\r\n", data.len);
    struct iovec parts[] = {{size, (size_t)n}, {(void *)data.ptr, data.len}, {(void *)"\r\n", 2}};
    return emit(conn, parts, 3, 0);
}

static int
write_data(struct bask_req *req, bask_str data)
{
    struct bask_conn *conn = req->owner;
    struct bask_response *response = &req->response;
    int err = BASK_OK;
    if (data.len) {
        bask_str allowed = bask_response_take(response, data);
        bool chunked = response->framing == BASK_FRAMING_CHUNKED;
        if (!response->head_sent) {
            const struct bask_response_traits traits = traits_of(conn);
            err =
                emit_head(conn, &traits, chunked ? (bask_str){0} : allowed, chunked ? MSG_MORE : 0);
            if (!err && chunked)
                err = emit_chunk(conn, allowed);
        } else if (allowed.len && chunked) {
            err = emit_chunk(conn, allowed);
        } else if (allowed.len) {
            struct iovec part = {(void *)allowed.ptr, allowed.len};
            err = emit(conn, &part, 1, 0);
        }
    } else if (bask_buf_len(&conn->out)) {
        err = bask_conn_flush(conn);
        err = err == BASK_E_AGAIN ? BASK_OK : err;
    }
    if (err)
        return err;
    if (bask_buf_len(&conn->out) > STREAM_HIGH_WATER)
        return BASK_E_AGAIN;
    bask_conn_answer_went(conn);
    return BASK_OK;
}

static int
finish(struct bask_req *req)
{
    struct bask_conn *conn = req->owner;
    struct bask_response *response = &req->response;
    int err = BASK_OK;
    if (!response->head_sent) {
        const struct bask_response_traits traits = traits_of(conn);
        /* Nothing was written: now the length is known. */
        if (response->framing == BASK_FRAMING_CHUNKED || response->framing == BASK_FRAMING_CLOSE) {
            response->framing = BASK_FRAMING_LENGTH;
            response->length = 0;
            response->keep_alive = traits.keep_alive && !response->facts.says_close;
        }
        err = emit_head(conn, &traits, (bask_str){0}, 0);
    } else if (response->framing == BASK_FRAMING_CHUNKED) {
        struct iovec last = {(void *)"0\r\n\r\n", 5};
        err = emit(conn, &last, 1, 0);
    }
    warn_if_long(conn);
    end_request(conn, "");
    return err;
}

/* Without a length and without chunks only a reset tells the client that the end is missing. */
void
bask_conn_reset_on_close(struct bask_conn *conn)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(conn->io.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void
bask_conn_send_status(struct bask_conn *conn, unsigned status)
{
    char text[512], body[64];
    const char *phrase = bask_status_text(status);
    /* RFC 9110 15.5.6 wants Allow; who is allowed what is the application's to say. */
    const char *allow =
        status == 405 ? "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" : "";
    bool no_body = conn->req && conn->req->pub.method_id == BASK_METHOD_HEAD;
    const struct bask_driver *driver = conn->listener->driver;
    int body_len = snprintf(body, sizeof body, "%u %s\n", status, phrase);
    int len =
        snprintf(text, sizeof text,
                 "%s%u %s\r\n%.*s%sContent-Type: text/plain\r\nContent-Length: %d\r\n"
                 "%s\r\n%s",
                 driver->version.ptr, status, phrase, BASK_FMT(date_line(conn->net)), allow,
                 body_len, driver->tells_end ? "" : "Connection: close\r\n", no_body ? "" : body);
    struct iovec whole = {text, (size_t)len};
    emit(conn, &whole, 1, 0);
}

/* An answer that is not whole. What was answered before it is, and arrives; only where nothing but
 * a reset tells the two apart, or the application has given the client up, the end is at once. */
static void
abort_request(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    struct bask_conn *conn = req->owner;
    bool at_once = !head.ptr;
    if (!req->response.head_sent && head.ptr && conn->verdict && !conn->broken) {
        bask_conn_send_status(conn, conn->verdict);
        req->response.facts.status = conn->verdict;
        end_request(conn, "");
        return;
    }
    if (!req->response.head_sent && head.ptr) {
        if (respond(req, head, count, body) != BASK_E_SYNTAX)
            return;
        bask_log(BASK_LOG_ERROR, "the error page of the application host is malformed");
    } else if (req->response.head_sent && req->response.framing == BASK_FRAMING_CLOSE) {
        bask_conn_reset_on_close(conn);
        at_once = true;
    }
    bask_conn_log(conn, " (aborted)");
    bask_conn_release(conn);
    conn->close_after = true;
    conn->broken = conn->broken || at_once;
    conn->ended = true; /* it is not complete, so nothing shall say that it is */
    bask_conn_request_done(conn);
}

int
bask_conn_descriptor(const struct bask_req *req)
{
    return ((const struct bask_conn *)req->owner)->io.fd;
}

const struct bask_req_io bask_conn_req_io = {
    .end_job = bask_conn_end_call,
    .cut = bask_conn_cut,
    .respond = respond,
    .respond_file = respond_file,
    .respond_parts = respond_parts,
    .begin = begin,
    .write = write_data,
    .finish = finish,
    .abort = abort_request,
    .read_body = bask_conn_read_body,
    .descriptor = bask_conn_descriptor,
    .take_over = bask_conn_take_over,
    .waits = bask_conn_waits,
};

/* Which limit a refusal comes from. */
static enum bask_bound
bound_of(const struct bask_conn *conn, unsigned status)
{
    switch (status) {
    case 408:
        return conn->step == BASK_STEP_BODY ? BASK_BOUND_BODY_TIME : BASK_BOUND_HEAD_TIME;
    case 413:
        return BASK_BOUND_BODY_SIZE;
    case 414:
    case 431:
        return BASK_BOUND_HEAD_SIZE;
    case 500:
    case 503:
    case 507:
        return BASK_BOUND_UNSERVED;
    default:
        return BASK_BOUND_MALFORMED;
    }
}

void
bask_conn_refuse(struct bask_conn *conn, unsigned status, const char *reason)
{
    bask_tally_note(&conn->net->tally, bound_of(conn, status), conn->peer.addr, status, reason);
    bask_conn_send_status(conn, status);
    conn->close_after = true;
    conn->body_left = -1; /* whatever else comes is not looked at */
    bask_conn_request_done(conn);
}

void
bask_conn_send_continue(struct bask_conn *conn)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec whole = {(void *)text, sizeof text - 1};
    conn->wants_continue = false;
    emit(conn, &whole, 1, 0);
}
