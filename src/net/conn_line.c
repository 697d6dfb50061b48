/* From a request that was answered to what its line in the access log can tell. */
#include "net/conn.h"

#include "req/variable.h"
#include "sys/clock.h"

enum { LOG_DELAY_US = 50000 }; /* how long a line may wait for others to be written with it */

_Static_assert((int)BASK_ACCESS_NUMBER >= (int)BASK_REQ_NUMBER, "a number has its room");

static bask_str
find_variable(const void *request, bask_str name, char *number)
{
    const struct bask_req *req = request;
    bask_str value = bask_req_variable(req, name, number);
    const struct bask_conn *conn = req->owner;
    /* Where no gateway has said it, it is the socket's. */
    if (!value.len && bask_str_eq(name, BASK_STR("SERVER_PORT")))
        return bask_str_of(conn->listener->port);
    return value;
}

static bask_str
find_note(const void *request, bask_str name)
{
    return bask_req_note(request, name);
}

/* The client, as a proxy that is trusted has it. `text` has BASK_IP_TEXT bytes. */
static bask_str
forwarded_address(const struct bask_conn *conn, char *text)
{
    const struct bask_trust *trust = &conn->net->listeners->trust;
    const struct bask_request *pub = &conn->req->pub;
    struct bask_forwarded_client client;
    if (!bask_trust_has_peer(trust, conn->peer.addr) || !bask_forwarded_find(trust, pub, &client))
        return pub->remote_addr;
    return bask_str_n(text, bask_ip_write(&client.ip, text));
}

void
bask_conn_write_line(struct bask_conn *conn, const char *note, bool by_kernel)
{
    static const struct bask_access_finder finder = {find_variable, find_note};
    struct bask_net *net = conn->net;
    const struct bask_req *req = conn->req;
    const struct bask_response *response = &req->response;
    bool has_length = req->pub.content_length >= 0;
    char address[BASK_IP_TEXT];
    struct bask_access_entry entry = {
        .remote_addr = net->log_forwarded ? forwarded_address(conn, address) : req->pub.remote_addr,
        .method = req->pub.method,
        .uri = req->pub.uri,
        .protocol = req->pub.protocol,
        .status = response->facts.status,
        .variables = req->pub.pair_count,
        .variable_bytes = req->variable_bytes,
        .header_count = response->header_count,
        .header_bytes = response->head.len,
        .body_bytes = (uint64_t)response->taken,
        .request_bytes = (uint64_t)(has_length ? req->pub.content_length : conn->body_total),
        .modifier1 = req->modifier1,
        .modifier2 = req->modifier2,
        .read_errors = req->read_errors,
        .write_errors = req->write_errors,
        .elapsed_us = bask_clock_us() - req->started_us,
        .requests = net->requests,
        .thread = req->thread_index,
        .app = req->app,
        .is_broken = conn->broken,
        .by_kernel = by_kernel,
        .note = note,
        .finder = &finder,
        .request = req,
    };
    if (net->access)
        bask_access_write(net->access, &entry);
    else if (req->wants_line || bask_access_is_wanted(net->line_rules, &entry))
        bask_access_write(net->some_access, &entry);
    if (bask_list_is_unlinked(&net->log_flush.link))
        bask_loop_timer_start(net->loop, &net->log_flush, LOG_DELAY_US);
}
