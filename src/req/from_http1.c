/* Method, target and fields of a parsed head become variables of a request. */
#include "req/from_http1.h"

#include "base/err.h"
#include "proto/url.h"

/* Names that a CGI variable would make ambiguous or dangerous never reach an application, unless
 * somebody asks for it: "X_Real_IP" would pass for "X-Real-IP". "Proxy" would become HTTP_PROXY. */
static bool
is_unsafe(const struct bask_http1_field *field)
{
    return field->key_id < 0 && (memchr(field->name.ptr, '_', field->name.len) ||
                                 bask_str_eq_nocase(field->name, BASK_STR("proxy")));
}

/* Whether two names become one variable. */
static bool
is_same_variable(bask_str a, bask_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        char left = a.ptr[i] == '_' ? '-' : bask_lower(a.ptr[i]);
        char right = b.ptr[i] == '_' ? '-' : bask_lower(b.ptr[i]);
        if (left != right)
            return false;
    }
    return true;
}

/* The fields that frame the message have no variables of this kind, and get none this way. */
static bool
is_framing(bask_str name)
{
    static const bask_str names[] = {BASK_STR("content-length"), BASK_STR("content-type"),
                                     BASK_STR("transfer-encoding")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_same_variable(name, names[i]))
            return true;
    return false;
}

static int
refuse(struct bask_http1_head *head, enum bask_http1_reason reason)
{
    head->reason = reason;
    return BASK_E_SYNTAX;
}

/* A field that is_unsafe(): 1 to add it, 0 to leave it out, or refused. */
__attribute__((cold, noinline)) static int
judge(struct bask_http1_head *head, const struct bask_http1_field *field,
      enum bask_underscores underscores)
{
    bool has_underscore = memchr(field->name.ptr, '_', field->name.len);
    if (underscores == BASK_UNDERSCORES_DROP || !has_underscore)
        return 0;
    if (underscores == BASK_UNDERSCORES_REFUSE)
        return refuse(head, BASK_HTTP1_UNDERSCORE);
    for (uint32_t i = 0; i < head->count; i++)
        if (!bask_str_eq_nocase(head->fields[i].name, field->name) &&
            is_same_variable(head->fields[i].name, field->name))
            return refuse(head, BASK_HTTP1_UNDERSCORE);
    return !is_framing(field->name);
}

static int
add(struct bask_req *req, struct bask_http1_head *head, const struct bask_http1_field *field)
{
    int err = bask_req_add(req, field->key_id, field->name, BASK_STR("HTTP_"), field->value);
    return err == BASK_E_LIMIT ? refuse(head, BASK_HTTP1_TOO_MANY_FIELDS) : err;
}

static int
add_fields(struct bask_req *req, struct bask_http1_head *head, enum bask_underscores underscores)
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
        else if (!is_unsafe(field) || (err = judge(head, field, underscores)) > 0)
            err = add(req, head, field);
    }
    if (head->authority.ptr) { /* it overrides Host (RFC 9112 3.2.2) */
        req->pub.host = head->authority;
        if (head->method_id == BASK_METHOD_CONNECT && !err)
            err = refuse(head, BASK_HTTP1_CONNECT);
    }
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
bask_req_from_http1(struct bask_req *req, struct bask_http1_head *head, const char *end,
                    enum bask_underscores underscores)
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
    if (err)
        return err == BASK_E_SYNTAX ? refuse(head, BASK_HTTP1_TARGET) : err;
    return add_fields(req, head, underscores);
}
