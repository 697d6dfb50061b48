/*
 * FastCGI on a connection: records in, records out, one request at a time.
 *
 * A connection is kept where the gateway wants that. Who begins a second request before the first
 * is answered is told that this connection does not carry two, or is served afterwards.
 */
#include "net/gateway.h"

#include "base/err.h"

enum {
    PARTS = 8,
    OVERHEAD = 64,
    UNTAKEN = 4096, /* bytes of answers that a gateway which asks about more may leave to be sent */
};

static uint16_t
id_of(const struct bask_conn *conn)
{
    return conn->fcgi_head.id ? conn->fcgi_head.id : conn->fcgi_body.id;
}

static int
emit_end(struct bask_conn *conn, uint16_t id, enum bask_fastcgi_status status)
{
    char record[BASK_FASTCGI_END];
    bask_fastcgi_end(record, id, status);
    struct iovec whole = {record, sizeof record};
    return bask_conn_emit(conn, &whole, 1, 0);
}

static void
refuse_strays(struct bask_conn *conn, struct bask_fastcgi_strays *strays)
{
    for (unsigned i = 0; i < strays->count; i++)
        emit_end(conn, strays->ids[i], BASK_FASTCGI_CANNOT_MULTIPLEX);
    strays->count = 0;
}

/* The answer is complete, and with it the request. */
static void
end(struct bask_conn *conn)
{
    if (id_of(conn))
        emit_end(conn, id_of(conn), BASK_FASTCGI_COMPLETE);
    conn->fcgi_head = (struct bask_fastcgi_head){0};
    conn->fcgi_body.id = 0;
}

/* Moves the next bytes of `parts`, at most `most`, to `out`, which has room for PARTS. How many
 * places it took. */
static size_t
take_parts(struct iovec **parts, size_t *count, size_t most, struct iovec *out, size_t *ret_bytes)
{
    size_t used = 0, bytes = 0;
    while (*count && used < PARTS && bytes < most) {
        struct iovec *part = *parts;
        size_t n = part->iov_len < most - bytes ? part->iov_len : most - bytes;
        if (n)
            out[used++] = (struct iovec){part->iov_base, n};
        bytes += n;
        part->iov_base = (char *)part->iov_base + n;
        part->iov_len -= n;
        if (!part->iov_len) {
            (*parts)++;
            (*count)--;
        }
    }
    *ret_bytes = bytes;
    return used;
}

static int
emit(struct bask_conn *conn, struct iovec *parts, size_t count, int flags)
{
    char header[BASK_FASTCGI_HEADER];
    struct iovec record[1 + PARTS] = {{header, sizeof header}};
    int err = BASK_OK;
    if (!id_of(conn)) { /* a refusal before there was a request: there is no way to tell it */
        conn->broken = true;
        return BASK_E_CLOSED;
    }
    while (count && !err) {
        size_t bytes, used = take_parts(&parts, &count, BASK_FASTCGI_MOST, record + 1, &bytes);
        bask_fastcgi_header(header, BASK_FASTCGI_STDOUT, id_of(conn), bytes);
        if (bytes) /* an empty record would end the stream */
            err = bask_conn_emit(conn, record, 1 + used, count ? MSG_MORE : flags);
    }
    return err;
}

static int64_t
decode(struct bask_conn *conn, char *buf, size_t len, size_t *ret_data)
{
    struct bask_fastcgi_body *body = &conn->fcgi_body;
    const struct bask_request *pub = &conn->req->pub;
    int64_t used = bask_fastcgi_decode(body, buf, len, ret_data);
    refuse_strays(conn, &body->strays);
    if (pub->has_length &&
        (body->total > pub->content_length || (used >= 0 && body->total < pub->content_length)))
        return -1;
    return used;
}

/* What stands at the front of the input is no request: it is answered and passed over. */
static int
pass_over(struct bask_conn *conn, size_t len)
{
    char text[BASK_FASTCGI_ANSWER];
    struct bask_fastcgi_head head = conn->fcgi_head;
    bask_str input = bask_buf_view(&conn->in);
    if (head.kind == BASK_FASTCGI_MANAGEMENT) {
        bask_str content = bask_str_n(input.ptr + BASK_FASTCGI_HEADER, head.params);
        size_t size =
            bask_fastcgi_answer(text, head.type, content, (unsigned)conn->net->options->backlog);
        struct iovec whole = {text, size};
        bask_conn_emit(conn, &whole, 1, 0);
    } else if (head.kind != BASK_FASTCGI_NOTHING) {
        emit_end(conn, head.id,
                 head.kind == BASK_FASTCGI_ABORTED ? BASK_FASTCGI_COMPLETE
                                                   : BASK_FASTCGI_UNKNOWN_ROLE);
    }
    refuse_strays(conn, &head.strays);
    conn->fcgi_head = (struct bask_fastcgi_head){0};
    conn->scanned = 0;
    bask_buf_consume(&conn->in, len);
    if (head.id && !head.keep) {
        conn->close_after = true;
        bask_conn_request_done(conn);
        return -1;
    }
    return 0;
}

static int
take_variables(struct bask_conn *conn, struct bask_req *req, size_t len)
{
    const struct bask_fastcgi_head *head = &conn->fcgi_head;
    bask_str name, value;
    enum bask_scheme_rank rank = BASK_SCHEME_NONE;
    char *room = bask_arena_alloc(&req->text, head->params + 1);
    if (!room)
        return BASK_E_NOMEM;
    bask_fastcgi_gather(bask_buf_view(&conn->in).ptr, len, head, room);
    bask_str params = bask_str_n(room, head->params);
    int more, err = BASK_OK;
    while (!err && (more = bask_fastcgi_next(&params, &name, &value)) != 0)
        err = more < 0 ? BASK_E_SYNTAX : bask_gateway_take(req, name, value, &rank);
    return err ? err : bask_gateway_find_path(req);
}

static int
take_request(struct bask_conn *conn, size_t len)
{
    struct bask_req *req = bask_conn_request(conn);
    if (!req)
        return -1;
    refuse_strays(conn, &conn->fcgi_head.strays);
    int err = take_variables(conn, req, len);
    conn->fcgi_body = (struct bask_fastcgi_body){.id = conn->fcgi_head.id};
    conn->head_len = len;
    conn->close_after = !conn->fcgi_head.keep;
    conn->chunked = !conn->fcgi_head.no_body;
    conn->body_left = conn->chunked ? -1 : 0;
    conn->fcgi_head = (struct bask_fastcgi_head){0};
    bask_gateway_complete(conn, req);
    if (!err && !conn->chunked && req->pub.content_length)
        err = BASK_E_SYNTAX;
    if (err) {
        bask_conn_refuse(conn, 400,
                         err == BASK_E_SYNTAX ? "malformed FastCGI variables"
                                              : "too many FastCGI variables");
        return -1;
    }
    if (conn->chunked && !req->pub.has_length)
        req->pub.content_length = -1;
    return 1;
}

static int
parse(struct bask_conn *conn)
{
    for (;;) {
        bask_str input = bask_buf_view(&conn->in);
        int len = bask_fastcgi_parse(input.ptr, input.len, &conn->fcgi_head);
        if (len == -2) {
            conn->scanned = input.len;
            return 0;
        }
        if (len < 0)
            return BASK_GATEWAY_DROP(conn, "FastCGI", "what came is no FastCGI");
        if (conn->fcgi_head.kind == BASK_FASTCGI_REQUEST)
            return take_request(conn, (size_t)len);
        if (pass_over(conn, (size_t)len))
            return -1;
        if (bask_buf_len(&conn->out) > UNTAKEN)
            return BASK_GATEWAY_DROP(conn, "FastCGI", "it asks, and does not take what it is told");
    }
}

#define DRIVER(bare_name, bare_version)                                                            \
    {                                                                                              \
        .name = bare_name, .version = bare_version, .parse = parse, .overhead = OVERHEAD,          \
        .keep_alive = true, .tells_end = true, .decode = decode, .emit = emit, .end = end,         \
    }

const struct bask_driver bask_driver_fastcgi = DRIVER("fastcgi", BASK_VERSION_CGI);
const struct bask_driver bask_driver_fastcgi_nph = DRIVER("fastcgi-nph", BASK_VERSION_HTTP);
