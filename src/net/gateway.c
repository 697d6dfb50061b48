/*
 * From a gateway's variables to a request.
 *
 * The gateway in front has already parsed and checked the client's request, so what it says of
 * paths, addresses and schemes is taken as it is.
 */
#include "net/gateway.h"

#include "base/err.h"
#include "proto/names.h"
#include "proto/url.h"
#include "req/variable.h"

static bool
is_on(bask_str value)
{
    return bask_str_eq_nocase(value, BASK_STR("on")) || bask_str_eq(value, BASK_STR("1")) ||
           bask_str_eq_nocase(value, BASK_STR("true")) ||
           bask_str_eq_nocase(value, BASK_STR("yes"));
}

static int
set_length(struct bask_request *pub, bask_str value)
{
    long long length = 0;
    if (value.len && bask_str_to_i64(value, &length))
        return BASK_E_SYNTAX;
    pub->content_length = length;
    pub->has_length = value.len > 0;
    return BASK_OK;
}

static void
take_scheme(struct bask_request *pub, int key_id, bask_str value, enum bask_scheme_rank *rank)
{
    enum bask_scheme_rank own = key_id == BASK_KEY_UWSGI_SCHEME            ? BASK_SCHEME_OF_USER
                                : key_id == BASK_KEY_REQUEST_SCHEME        ? BASK_SCHEME_OF_REQUEST
                                : key_id == BASK_KEY_HTTPS && is_on(value) ? BASK_SCHEME_OF_HTTPS
                                                                           : BASK_SCHEME_NONE;
    if (own < *rank || own == BASK_SCHEME_NONE || !value.len)
        return;
    *rank = own;
    pub->scheme = own == BASK_SCHEME_OF_HTTPS ? BASK_STR("https") : value;
}

int
bask_gateway_take(struct bask_req *req, bask_str key, bask_str value, enum bask_scheme_rank *rank)
{
    struct bask_request *pub = &req->pub;
    int key_id = bask_names_variable(key);
    if (key_id == BASK_KEY_CONTENT_LENGTH)
        return set_length(pub, value);
    if (key_id >= 0 && bask_req_members[key_id]) {
        *(bask_str *)((char *)pub + bask_req_members[key_id] - 1) = value;
        return BASK_OK;
    }
    take_scheme(pub, key_id, value, rank);
    return bask_req_add(req, key_id, key, (bask_str){0}, value);
}

int
bask_gateway_find_path(struct bask_req *req)
{
    struct bask_request *pub = &req->pub;
    bask_str path = pub->uri, query;
    if (pub->path.ptr)
        return BASK_OK;
    bask_str_cut(pub->uri, '?', &path, &query);
    pub->path = path;
    pub->script_name = (bask_str){0};
    if (bask_url_path_is_plain(path))
        return BASK_OK;
    char *out = bask_arena_alloc(&req->text, path.len);
    long len = out ? bask_url_path(path, out) : 0;
    if (len < 0)
        return BASK_E_SYNTAX;
    pub->path = bask_str_n(out, (size_t)len);
    return out ? BASK_OK : BASK_E_NOMEM;
}

void
bask_gateway_complete(struct bask_conn *conn, struct bask_req *req)
{
    struct bask_request *pub = &req->pub;
    pub->method_id = bask_names_method(pub->method);
    pub->protocol_id = bask_str_eq(pub->protocol, BASK_STR("HTTP/1.0"))   ? BASK_PROTOCOL_HTTP_1_0
                       : bask_str_eq(pub->protocol, BASK_STR("HTTP/1.1")) ? BASK_PROTOCOL_HTTP_1_1
                                                                          : BASK_PROTOCOL_OTHER;
    pub->listener_id = (int32_t)conn->listener->id;
    pub->peer_slot = conn->io.handle;
    pub->peer_is_new = 1; /* the gateway's next connection may carry another client */
    pub->uri_is_path = bask_str_eq(pub->uri, pub->path);
    if (!pub->scheme.len)
        pub->scheme = BASK_STR("http");
    if (!pub->remote_addr.ptr)
        pub->remote_addr = bask_str_of(conn->peer.addr);
}

int
bask_gateway_drop(struct bask_conn *conn, const char *sentence)
{
    bask_tally_note(&conn->net->tally, BASK_BOUND_MALFORMED, conn->peer.addr, 0, sentence);
    conn->broken = true;
    bask_conn_request_done(conn);
    return -1;
}
