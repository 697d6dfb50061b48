/* HTTP/1.x on a connection: one parsed head becomes one request. */
#include "net/conn.h"

#include "base/err.h"
#include "req/from_http1.h"

enum { TARGET_MAX = 8192 };

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
    const struct bask_http_options *options = &conn->net->options->http;
    struct bask_http1_head *head = &conn->net->head;
    bask_str input = bask_buf_view(&conn->in);
    int len = bask_http1_parse_as(input.ptr, input.len, conn->scanned, options->leniency, head);
    if (len < 0) {
        if (len == -1 && head->reason == BASK_HTTP1_FOLDED)
            len = parse_unfolded(conn, options->leniency, head);
        if (len == -1)
            return refuse_head(conn, head->reason);
        if (len == -2) {
            conn->scanned = input.len;
            return 0;
        }
    }
    if (head->target.len > TARGET_MAX)
        return refuse_head(conn, BASK_HTTP1_TARGET_TOO_LONG);
    struct bask_req *req = bask_conn_request(conn);
    if (!req)
        return -1;
    conn->head_len = (size_t)len;
    conn->close_after = !head->keep_alive;
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
    conn->peer_is_new = false;
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
