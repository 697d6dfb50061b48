/* HTTP/1.x on a connection: one parsed head becomes one request. */
#include "net/conn.h"

#include "base/err.h"
#include "proto/url.h"

enum { TARGET_MAX = 8192 };

/* Names that a CGI variable would make ambiguous or dangerous never reach an application:
 * "X_Real_IP" would pass for "X-Real-IP", and "Proxy" would become HTTP_PROXY. */
static bool
is_unsafe(const struct bask_http1_field *field)
{
    return field->key_id < 0 && (memchr(field->name.ptr, '_', field->name.len) ||
                                 bask_str_eq_nocase(field->name, BASK_STR("proxy")));
}

static int
add_fields(struct bask_req *req, const struct bask_http1_head *head)
{
    int err = BASK_OK;
    for (uint32_t i = 0; i < head->count && !err; i++) {
        const struct bask_http1_field *field = &head->fields[i];
        if (field->key_id == BASK_KEY_HTTP_HOST)
            req->pub.host = field->value;
        else if (field->key_id == BASK_KEY_CONTENT_TYPE)
            req->pub.content_type = field->value;
        else if (field->key_id == BASK_KEY_CONTENT_LENGTH)
            req->pub.has_length = 1;
        else if (!is_unsafe(field))
            err = bask_req_add(req, field->key_id, field->name, BASK_STR("HTTP_"), field->value);
    }
    if (head->authority.ptr) /* it overrides Host (RFC 9112 3.2.2) */
        req->pub.host = head->authority;
    return err;
}

static int
set_path(struct bask_req *req, bask_str path)
{
    struct bask_request *pub = &req->pub;
    if (bask_url_path_is_plain(path)) {
        pub->path = path;
        pub->uri_is_path = path.len == pub->uri.len;
        return BASK_OK;
    }
    char *out = bask_arena_alloc(&req->text, path.len);
    if (!out)
        return BASK_E_NOMEM;
    long len = bask_url_path(path, out);
    if (len < 0)
        return BASK_E_SYNTAX;
    pub->path = bask_str_n(out, (size_t)len);
    return BASK_OK;
}

static int
fill(struct bask_conn *conn, struct bask_req *req, const struct bask_http1_head *head,
     const char *end)
{
    struct bask_request *pub = &req->pub;
    pub->method_id = head->method_id;
    pub->method = head->method;
    pub->protocol_id = head->minor ? BASK_PROTOCOL_HTTP_1_1 : BASK_PROTOCOL_HTTP_1_0;
    pub->protocol = head->minor ? BASK_STR("HTTP/1.1") : BASK_STR("HTTP/1.0");
    pub->listener_id = (int32_t)conn->listener->id;
    pub->uri = head->target;
    pub->query = head->query;
    pub->scheme = BASK_STR("http");
    pub->remote_addr = bask_str_of(conn->peer.addr);
    pub->remote_port = bask_str_of(conn->peer.port);
    pub->peer_slot = conn->io.handle;
    pub->peer_is_new = conn->peer_is_new;
    pub->content_length = head->chunked ? -1 : head->content_length;
    if (head->count && !head->authority.ptr) { /* else the fields do not say all of it */
        const char *first = head->fields[0].name.ptr;
        pub->fields = bask_str_n(first, (size_t)(end - first));
    }
    int err = set_path(req, head->path);
    return err ? err : add_fields(req, head);
}

static int
refuse_head(struct bask_conn *conn, enum bask_http1_reason reason)
{
    bask_conn_refuse(conn, (unsigned)bask_http1_reason_status(reason),
                     bask_http1_reason_text(reason));
    return -1;
}

static int
parse(struct bask_conn *conn)
{
    struct bask_http1_head *head = &conn->net->head;
    bask_str input = bask_buf_view(&conn->in);
    int len = bask_http1_parse(input.ptr, input.len, conn->scanned, head);
    if (len == -2) {
        conn->scanned = input.len;
        return 0;
    }
    if (len < 0)
        return refuse_head(conn, head->reason);
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
    int err = fill(conn, req, head, input.ptr + len);
    if (err == BASK_E_NOMEM) {
        bask_conn_refuse(conn, 503, "out of memory");
        return -1;
    }
    if (err)
        return refuse_head(conn,
                           err == BASK_E_LIMIT ? BASK_HTTP1_TOO_MANY_FIELDS : BASK_HTTP1_TARGET);
    conn->peer_is_new = false;
    return 1;
}

const struct bask_driver bask_driver_http1 = {
    .name = "http",
    .parse = parse,
    .keep_alive = true,
    .chunked = true,
    .own_date = true,
};
