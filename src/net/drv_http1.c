/* HTTP/1.x on a connection: one parsed head becomes one request. */
#include "net/conn.h"

#include "base/err.h"
#include "req/from_http1.h"

enum { VERSION_LEN = 9 /* " HTTP/1.1" */ };

static void
name_connection(struct bask_conn *conn, struct bask_request *pub)
{
    pub->listener_id = (int32_t)conn->listener->id;
    pub->remote_addr = bask_str_of(conn->peer.addr);
    pub->remote_port = bask_str_of(conn->peer.port);
    pub->peer_slot = conn->io.handle;
    pub->peer_is_new = conn->peer_is_new;
}

static int
refuse_head(struct bask_conn *conn, enum bask_http1_reason reason)
{
    bask_conn_refuse(conn, (unsigned)bask_http1_reason_status(reason),
                     bask_http1_reason_text(reason));
    return -1;
}

static int64_t
line_length(const struct bask_http1_head *head)
{
    return head->target.ptr + head->target.len - head->method.ptr + VERSION_LEN;
}

/* Of a head that is not complete: its line is not either, and longer than it may be already. */
static bool
line_is_too_long(const struct bask_client_limits *limits, bask_str input)
{
    return (int64_t)input.len - 2 > limits->line_bytes &&
           !memchr(input.ptr, '\n', (size_t)limits->line_bytes + 2);
}

static int
wait_for_more(struct bask_conn *conn, bask_str input)
{
    if (line_is_too_long(&conn->net->options->clients, input))
        return refuse_head(conn, BASK_HTTP1_TARGET_TOO_LONG);
    conn->scanned = input.len;
    return 0;
}

/* A head with folded lines, where they are allowed: they are unfolded where they are. */
__attribute__((cold, noinline)) static int
parse_unfolded(struct bask_conn *conn, unsigned leniency, struct bask_http1_head *head)
{
    char *input = conn->in.data + conn->in.start;
    size_t len = bask_buf_len(&conn->in);
    if (!conn->net->options->http.allow_obs_fold || !bask_http1_unfold(input, len))
        return -1;
    return bask_http1_parse_as(input, len, 0, leniency, head);
}

static int
parse(struct bask_conn *conn)
{
    const struct bask_client_limits *limits = &conn->net->options->clients;
    const struct bask_http_options *options = &conn->net->options->http;
    struct bask_http1_head *head = &conn->net->head;
    bask_str input = bask_buf_view(&conn->in);
    int len = bask_http1_parse_as(input.ptr, input.len, conn->scanned, options->leniency, head);
    if (len < 0) {
        if (len == -1 && head->reason == BASK_HTTP1_FOLDED)
            len = parse_unfolded(conn, options->leniency, head);
        if (len == -1)
            return refuse_head(conn, head->reason);
        if (len == -2)
            return wait_for_more(conn, input);
    }
    if (len > limits->line_bytes && line_length(head) > limits->line_bytes)
        return refuse_head(conn, BASK_HTTP1_TARGET_TOO_LONG);
    if (head->count > limits->fields)
        return refuse_head(conn, BASK_HTTP1_TOO_MANY_FIELDS);
    struct bask_req *req = bask_conn_request(conn);
    if (!req)
        return -1;
    conn->head_len = (size_t)len;
    conn->close_after = !head->keep_alive || ++conn->requests >= limits->requests;
    conn->chunked = head->chunked;
    conn->body_left = head->chunked ? -1 : head->content_length;
    conn->wants_continue = head->expects_continue;
    name_connection(conn, &req->pub);
    int err = bask_req_from_http1(req, head, input.ptr + len, options->underscore_rule);
    if (err == BASK_E_NOMEM) {
        bask_conn_refuse(conn, 503, "out of memory");
        return -1;
    }
    if (err)
        return refuse_head(conn, head->reason);
    return 1;
}

const struct bask_driver bask_driver_http1 = {
    .name = "http",
    .version = BASK_VERSION_HTTP,
    .parse = parse,
    .keep_alive = true,
    .chunked = true,
    .own_date = true,
};
