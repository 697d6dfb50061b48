/*
 * HTTP from proxies: what they say of the client, in a PROXY header before the first request and in
 * fields of each request, takes the place of what the connection shows, if they are trusted.
 *
 * Sockets have this driver only where one of the two is asked for. Others pay nothing for it.
 */
#include "net/conn.h"

#include "obs/log.h"
#include "proto/forwarded.h"
#include "proto/host.h"
#include "proto/proxy.h"

#include <stdio.h>

enum { HOPS_MOST = 32 };

static const struct bask_trust *
trust_of(const struct bask_conn *conn)
{
    return &conn->net->listeners->trust;
}

/* The header is there. Nobody but a proxy that is trusted can say who the client is. */
static void
take_announcement(struct bask_conn *conn, const struct bask_proxy *proxy)
{
    static bool told;
    if (!proxy->known)
        return;
    if (!bask_trust_has_peer(trust_of(conn), conn->peer.addr)) {
        if (!told)
            bask_log(BASK_LOG_WARN,
                     "%s is no --trusted-proxy: its PROXY header is not believed (told once)",
                     conn->peer.addr[0] ? conn->peer.addr : "a unix socket");
        told = true;
        return;
    }
    bask_ip_write(&proxy->source, conn->peer.addr);
    snprintf(conn->peer.port, sizeof conn->peer.port, "%u", proxy->source_port);
    conn->by_tls = proxy->tls;
}

/* 1: the connection has been announced; 0: more is needed; -1: refused. */
static int
read_announcement(struct bask_conn *conn)
{
    struct bask_proxy proxy;
    bask_str input = bask_buf_view(&conn->in);
    int len = bask_proxy_parse(input.ptr, input.len, &proxy);
    if (len == -2) {
        conn->scanned = input.len;
        return 0;
    }
    if (len < 0) {
        bask_conn_refuse(conn, 400, "no PROXY header, which --enable-proxy-protocol wants");
        return -1;
    }
    bask_buf_consume(&conn->in, (size_t)len);
    conn->scanned = 0;
    conn->announced = true;
    take_announcement(conn, &proxy);
    return 1;
}

/* The n-th item from the end of the lists of a field, however many lines it has. */
static bask_str
nth(const struct bask_request *pub, int key_id, size_t n)
{
    bask_str item = {0};
    for (uint32_t i = pub->pair_count; i-- > 0;) {
        bask_str list = pub->pairs[i].value;
        if (pub->pairs[i].key_id != key_id)
            continue;
        while (bask_hop_last(&list, &item))
            if (n-- == 0)
                return item;
    }
    return item;
}

static void
set_client(struct bask_req *req, const struct bask_ip *ip, bask_str port)
{
    char *text = bask_arena_alloc(&req->text, BASK_IP_TEXT);
    if (!text)
        return; /* the proxy's stays */
    req->pub.remote_addr = bask_str_n(text, bask_ip_write(ip, text));
    req->pub.remote_port = port.len ? port : BASK_STR("0");
}

static void
set_hop(struct bask_request *pub, const struct bask_hop *hop)
{
    if (bask_hop_is_scheme(hop->proto))
        pub->scheme = hop->proto.len == 5 ? BASK_STR("https") : BASK_STR("http");
    if (hop->host.len && bask_host_is_authority(hop->host, false))
        pub->host = hop->host;
}

/* Each proxy has appended whom it saw: from the end on, the first one that is no proxy of ours is
 * the client. What cannot be read ends the search. */
bool
bask_forwarded_find(const struct bask_trust *trust, const struct bask_request *pub,
                    struct bask_forwarded_client *ret_client)
{
    bool found = false;
    struct bask_ip ip;
    bask_str port;
    for (size_t n = 0; n < HOPS_MOST; n++) {
        bask_str item = nth(pub, BASK_KEY_HTTP_X_FORWARDED_FOR, n);
        if (n && item.ptr == nth(pub, BASK_KEY_HTTP_X_FORWARDED_FOR, n - 1).ptr)
            break; /* that was the first one */
        if (!item.len || bask_hop_node(item, &ip, &port))
            break;
        found = true;
        *ret_client = (struct bask_forwarded_client){ip, port, n};
        if (!bask_trust_has(trust, &ip))
            break;
    }
    return found;
}

static void
believe_x(struct bask_conn *conn, struct bask_req *req)
{
    struct bask_request *pub = &req->pub;
    struct bask_forwarded_client client = {.at = 0};
    bask_str server_port;
    long long number;
    if (bask_forwarded_find(trust_of(conn), pub, &client))
        set_client(req, &client.ip, client.port);
    size_t at = client.at;
    set_hop(pub, &(struct bask_hop){.proto = nth(pub, BASK_KEY_HTTP_X_FORWARDED_PROTO, at),
                                    .host = nth(pub, BASK_KEY_HTTP_X_FORWARDED_HOST, at)});
    server_port = nth(pub, BASK_KEY_HTTP_X_FORWARDED_PORT, at);
    if (server_port.len && server_port.len <= 5 && !bask_str_to_i64(server_port, &number) &&
        number <= 65535)
        pub->server_port = server_port;
}

/* Whether the hop before this one counts as well: this one's proxy is ours. */
static bool
believe_hop(struct bask_conn *conn, struct bask_req *req, const struct bask_hop *hop,
            struct bask_hop *nearest)
{
    struct bask_ip ip;
    bask_str port;
    if (bask_hop_node(hop->node, &ip, &port))
        return false;
    set_client(req, &ip, port);
    *nearest = *hop;
    return bask_trust_has(trust_of(conn), &ip);
}

/* As believe_x. A client may have sent the field, too, before a proxy put its own behind that: what
 * cannot be read takes nothing from what was said after it. */
static void
believe_standard(struct bask_conn *conn, struct bask_req *req)
{
    struct bask_request *pub = &req->pub;
    struct bask_hop hops[HOPS_MOST], nearest = {0};
    bool any = false, more = true;
    for (uint32_t i = pub->pair_count; more && i-- > 0;) {
        bool whole;
        if (pub->pairs[i].key_id != BASK_KEY_HTTP_FORWARDED)
            continue;
        int count = bask_hops_parse_end(pub->pairs[i].value, hops, HOPS_MOST, &whole);
        if (!any && count)
            nearest = hops[count - 1];
        any = any || count;
        for (int k = count; more && k-- > 0;)
            more = believe_hop(conn, req, &hops[k], &nearest);
        more = more && whole;
    }
    set_hop(pub, &nearest);
}

static int
parse(struct bask_conn *conn)
{
    if (conn->net->options->sockets.proxy_protocol && !conn->announced) {
        int announced = read_announcement(conn);
        if (announced <= 0 || !bask_buf_len(&conn->in))
            return announced < 0 ? announced : 0;
    }
    int parsed = bask_driver_http1.parse(conn);
    if (parsed != 1)
        return parsed;
    struct bask_req *req = conn->req;
    if (conn->by_tls)
        req->pub.scheme = BASK_STR("https");
    enum bask_forwarded fields = trust_of(conn)->forwarded;
    if (fields && bask_trust_has_peer(trust_of(conn), conn->peer.addr)) {
        if (fields == BASK_FORWARDED_X)
            believe_x(conn, req);
        else
            believe_standard(conn, req);
    }
    return 1;
}

const struct bask_driver bask_driver_fronted = {
    .name = "http",
    .version = BASK_VERSION_HTTP,
    .parse = parse,
    .overhead = BASK_PROXY_USUAL,
    .keep_alive = true,
    .chunked = true,
    .own_date = true,
};
