/* Method, target and fields of a parsed head become variables of a request. */
#include "req/from_http1.h"

#include "base/err.h"
#include "proto/url.h"

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

int
bask_req_from_http1(struct bask_req *req, const struct bask_http1_head *head, const char *end)
{
    struct bask_request *pub = &req->pub;
    pub->method_id = head->method_id;
    pub->method = head->method;
    pub->protocol_id = head->minor ? BASK_PROTOCOL_HTTP_1_1 : BASK_PROTOCOL_HTTP_1_0;
    pub->protocol = head->minor ? BASK_STR("HTTP/1.1") : BASK_STR("HTTP/1.0");
    pub->uri = head->target;
    pub->query = head->query;
    pub->scheme = BASK_STR("http");
    pub->content_length = head->chunked ? -1 : head->content_length;
    if (head->count && !head->authority.ptr) { /* else the fields do not say all of it */
        const char *first = head->fields[0].name.ptr;
        pub->fields = bask_str_n(first, (size_t)(end - first));
    }
    int err = set_path(req, head->path);
    return err ? err : add_fields(req, head);
}
