/*
 * The uwsgi protocol on a connection: one packet of variables becomes one request, one array of
 * items (modifier 173) one job.
 *
 * The response is a bare HTTP response and ends with the connection.
 */
#include "net/gateway.h"

#include "base/err.h"
#include "proto/rpc.h"
#include "proto/uwsgi.h"

enum { MODIFIER_WSGI = 0, MODIFIER_WSGI_BELOW = 30, MODIFIER_PING = 100, MAX_VARS = 65535 };

static int
take_variables(struct bask_req *req, bask_str vars)
{
    struct bask_uwsgi_var var;
    enum bask_scheme_rank rank = BASK_SCHEME_NONE;
    int more, err = BASK_OK;
    while (!err && (more = bask_uwsgi_next(&vars, &var)) != 0)
        err = more < 0 ? BASK_E_SYNTAX : bask_gateway_take(req, var.key, var.value, &rank);
    return err;
}

/* The server's own answer: a header and few bytes behind it. */
static int
answer(struct bask_conn *conn, unsigned char modifier1, char modifier2, bask_str text)
{
    char header[BASK_UWSGI_HEADER] = {(char)modifier1, (char)text.len, 0, modifier2};
    struct iovec parts[] = {{header, sizeof header}, {(void *)text.ptr, text.len}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (sendmsg(conn->io.fd, &message, MSG_NOSIGNAL) < 0)
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
    return answer(conn, BASK_MODIFIER_RESPONSE, passed, (bask_str){0});
}

/* A healthy server's answer has no text. */
static int
answer_ping(struct bask_conn *conn)
{
    const struct bask_warning *warning = conn->net->extras.warning;
    char text[BASK_WARNING_MAX + 1];
    size_t len = warning ? bask_warning_get(warning, text) : 0;
    return answer(conn, MODIFIER_PING, 1, bask_str_n(text, len));
}

static bool
is_served(const struct bask_conn *conn, const struct bask_uwsgi_packet *packet)
{
    if (packet->modifier1 == BASK_MODIFIER_RPC)
        return conn->net->extras.calls && packet->modifier2 <= BASK_RPC_HTTP;
    return packet->modifier1 == MODIFIER_WSGI || packet->modifier1 == MODIFIER_WSGI_BELOW ||
           packet->modifier1 == BASK_MODIFIER_TASK;
}

/* Old configurations of nginx leave it to the server to take SCRIPT_NAME off the path. */
static void
leave_mountpoint(struct bask_request *pub)
{
    size_t len = pub->script_name.len;
    if (len && bask_str_starts(pub->path, pub->script_name))
        pub->path = bask_str_n(pub->path.ptr + len, pub->path.len - len);
}

/* A packet that is a job: its items, not variables of a request. */
static int
take_job(struct bask_conn *conn, const struct bask_uwsgi_packet *packet)
{
    int err = packet->modifier1 == BASK_MODIFIER_TASK
                  ? bask_conn_take_task(conn, packet->vars)
                  : bask_conn_take_call(conn, packet->vars, packet->modifier2);
    if (err == BASK_E_SYNTAX)
        return BASK_GATEWAY_DROP(conn, "uwsgi protocol", "a malformed call or task");
    return err ? -1 : 1;
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
        return BASK_GATEWAY_DROP(conn, "uwsgi protocol",
                                 "this is HTTP, which is spoken on --http-socket");
    int len = bask_uwsgi_parse(input.ptr, input.len, limit < MAX_VARS ? (size_t)limit : MAX_VARS,
                               &packet);
    if (len == -2) {
        conn->scanned = input.len;
        return 0;
    }
    if (len < 0)
        return BASK_GATEWAY_DROP(conn, "uwsgi protocol", "the packet is larger than buffer-size");
    if (!bask_modifiers_allow(&conn->net->options->sockets.modifiers, packet.modifier1))
        return BASK_GATEWAY_DROP(conn, "uwsgi protocol", "--allowed-modifiers does not name it");
    if (packet.modifier1 == MODIFIER_PING)
        return answer_ping(conn);
    if (packet.modifier1 == BASK_MODIFIER_SIGNAL)
        return pass_signal(conn, packet.modifier2);
    if (packet.modifier1 == BASK_MODIFIER_TASK && !conn->net->extras.tasks)
        return answer(conn, BASK_MODIFIER_RESPONSE, 0, (bask_str){0});
    if (!is_served(conn, &packet))
        return BASK_GATEWAY_DROP(conn, "uwsgi protocol",
                                 "only the modifiers 0 and 30 (WSGI), 17 (task), 100 (ping), 110 "
                                 "(signal) and, where the "
                                 "application host has functions, 173 (RPC) are served here");
    struct bask_req *req = bask_conn_request(conn);
    if (!req)
        return -1;
    conn->head_len = (size_t)len;
    conn->close_after = true;
    req->modifier1 = packet.modifier1;
    req->modifier2 = packet.modifier2;
    bool is_call = packet.modifier1 == BASK_MODIFIER_RPC;
    bool is_job = is_call || packet.modifier1 == BASK_MODIFIER_TASK;
    bool has_variables = !is_job || (is_call && packet.modifier2 == BASK_RPC_HTTP);
    if (has_variables && take_variables(req, packet.vars))
        return BASK_GATEWAY_DROP(conn, "uwsgi protocol", "malformed variables");
    if (packet.modifier1 == MODIFIER_WSGI_BELOW)
        leave_mountpoint(&req->pub);
    bask_gateway_complete(conn, req);
    conn->chunked = false;
    conn->body_left = req->pub.content_length;
    return is_job ? take_job(conn, &packet) : 1;
}

const struct bask_driver bask_driver_uwsgi = {
    .name = "uwsgi",
    .version = BASK_VERSION_HTTP,
    .parse = parse,
    .overhead = BASK_UWSGI_HEADER,
};
