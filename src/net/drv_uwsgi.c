/*
 * The uwsgi protocol on a connection: one packet of variables becomes one request, one array of
 * items (modifier 173) one job.
 *
 * The gateway in front has already parsed and checked the client's request, so what it says of
 * paths, addresses and schemes is taken as it is. The response is a bare HTTP response and ends
 * with the connection.
 */
#include "net/conn.h"

#include "base/err.h"
#include "obs/log.h"
#include "proto/names.h"
#include "proto/rpc.h"
#include "proto/uwsgi.h"

enum { MODIFIER_WSGI = 0, MODIFIER_PING = 100, MAX_VARS = 65535 };

/* Variables that are fields of a request rather than pairs; 0 elsewhere, the offset + 1 here. */
#define FIELD(member) (offsetof(struct bask_request, member) + 1)
static const size_t fields[BASK_KEY_COUNT] = {
    [BASK_KEY_REQUEST_METHOD] = FIELD(method),
    [BASK_KEY_REQUEST_URI] = FIELD(uri),
    [BASK_KEY_PATH_INFO] = FIELD(path),
    [BASK_KEY_QUERY_STRING] = FIELD(query),
    [BASK_KEY_SCRIPT_NAME] = FIELD(script_name),
    [BASK_KEY_SERVER_NAME] = FIELD(server_name),
    [BASK_KEY_SERVER_PORT] = FIELD(server_port),
    [BASK_KEY_SERVER_PROTOCOL] = FIELD(protocol),
    [BASK_KEY_REMOTE_ADDR] = FIELD(remote_addr),
    [BASK_KEY_REMOTE_PORT] = FIELD(remote_port),
    [BASK_KEY_CONTENT_TYPE] = FIELD(content_type),
    [BASK_KEY_HTTP_HOST] = FIELD(host),
};
#undef FIELD

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

/* What a gateway's administrator says counts more than what the gateway sees, wherever in the
 * packet it stands: behind a proxy that ends TLS, REQUEST_SCHEME is http. */
enum scheme_rank { SCHEME_NONE, SCHEME_OF_REQUEST, SCHEME_OF_HTTPS, SCHEME_OF_USER };

static void
take_scheme(struct bask_request *pub, int key_id, bask_str value, enum scheme_rank *rank)
{
    enum scheme_rank own = key_id == BASK_KEY_UWSGI_SCHEME            ? SCHEME_OF_USER
                           : key_id == BASK_KEY_REQUEST_SCHEME        ? SCHEME_OF_REQUEST
                           : key_id == BASK_KEY_HTTPS && is_on(value) ? SCHEME_OF_HTTPS
                                                                      : SCHEME_NONE;
    if (own < *rank || own == SCHEME_NONE || !value.len)
        return;
    *rank = own;
    pub->scheme = own == SCHEME_OF_HTTPS ? BASK_STR("https") : value;
}

static int
take_variable(struct bask_req *req, const struct bask_uwsgi_var *var, enum scheme_rank *rank)
{
    struct bask_request *pub = &req->pub;
    int key_id = bask_names_variable(var->key);
    if (key_id == BASK_KEY_CONTENT_LENGTH)
        return set_length(pub, var->value);
    if (key_id >= 0 && fields[key_id]) {
        *(bask_str *)((char *)pub + fields[key_id] - 1) = var->value;
        return BASK_OK;
    }
    take_scheme(pub, key_id, var->value, rank);
    return bask_req_add(req, key_id, var->key, (bask_str){0}, var->value);
}

static int
take_variables(struct bask_req *req, bask_str vars)
{
    struct bask_uwsgi_var var;
    enum scheme_rank rank = SCHEME_NONE;
    int more, err = BASK_OK;
    while (!err && (more = bask_uwsgi_next(&vars, &var)) != 0)
        err = more < 0 ? BASK_E_SYNTAX : take_variable(req, &var, &rank);
    return err;
}

static void
complete(struct bask_conn *conn, struct bask_req *req)
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

static int
drop(struct bask_conn *conn, const char *why)
{
    bask_log(BASK_LOG_WARN, "uwsgi protocol: %s; the connection is closed", why);
    conn->broken = true;
    bask_conn_request_done(conn);
    return -1;
}

/* The server's own answer: a header and nothing behind it. */
static int
answer(struct bask_conn *conn, unsigned char modifier1, char modifier2)
{
    const char header[BASK_UWSGI_HEADER] = {(char)modifier1, 0, 0, modifier2};
    if (send(conn->io.fd, header, sizeof header, MSG_NOSIGNAL) < 0)
        conn->broken = true;
    conn->close_after = true;
    bask_conn_request_done(conn);
    return -1;
}

static int
pass_signal(struct bask_conn *conn, unsigned number)
{
    const struct bask_net_extras *extras = &conn->net->extras;
    bool passed = extras->on_signal && extras->on_signal(extras->context, number);
    return answer(conn, BASK_MODIFIER_RESPONSE, passed);
}

static bool
is_served(const struct bask_conn *conn, const struct bask_uwsgi_packet *packet)
{
    if (packet->modifier1 == BASK_MODIFIER_RPC)
        return conn->net->extras.calls && packet->modifier2 <= BASK_RPC_HTTP;
    return packet->modifier1 == MODIFIER_WSGI;
}

/* "GET /" read as a packet: modifier 'G', size "ET", modifier2 ' '. Told at once, because a packet
 * of that size would be waited for. */
static bool
looks_like_http(bask_str input)
{
    for (size_t i = 0; i < 3; i++)
        if (input.len <= i || input.ptr[i] < 'A' || input.ptr[i] > 'Z')
            return false;
    return true;
}

static int
parse(struct bask_conn *conn)
{
    struct bask_uwsgi_packet packet;
    bask_str input = bask_buf_view(&conn->in);
    int64_t limit = conn->net->options->head_bytes;
    if (looks_like_http(input))
        return drop(conn, "this is HTTP, which is spoken on --http-socket");
    int len = bask_uwsgi_parse(input.ptr, input.len, limit < MAX_VARS ? (size_t)limit : MAX_VARS,
                               &packet);
    if (len == -2) {
        conn->scanned = input.len;
        return 0;
    }
    if (len < 0)
        return drop(conn, "the packet is larger than buffer-size");
    if (packet.modifier1 == MODIFIER_PING)
        return answer(conn, MODIFIER_PING, 1);
    if (packet.modifier1 == BASK_MODIFIER_SIGNAL)
        return pass_signal(conn, packet.modifier2);
    if (!is_served(conn, &packet))
        return drop(conn, "only the modifiers 0 (WSGI), 100 (ping), 110 (signal) and, where the "
                          "application host has functions, 173 (RPC) are served here");
    struct bask_req *req = bask_conn_request(conn);
    if (!req)
        return -1;
    conn->head_len = (size_t)len;
    conn->close_after = true;
    bool is_call = packet.modifier1 == BASK_MODIFIER_RPC;
    bool has_variables = !is_call || packet.modifier2 == BASK_RPC_HTTP;
    if (has_variables && take_variables(req, packet.vars))
        return drop(conn, "malformed variables");
    complete(conn, req);
    conn->chunked = false;
    conn->body_left = req->pub.content_length;
    if (!is_call)
        return 1;
    int err = bask_conn_take_call(conn, packet.vars, packet.modifier2);
    return err == BASK_E_SYNTAX ? drop(conn, "a malformed call of a function") : err ? -1 : 1;
}

const struct bask_driver bask_driver_uwsgi = {
    .name = "uwsgi",
    .parse = parse,
    .overhead = BASK_UWSGI_HEADER,
};
