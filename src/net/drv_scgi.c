/* SCGI on a connection: one netstring of variables is one request, and the connection ends with the
 * response. */
#include "net/gateway.h"

#include "base/err.h"
#include "proto/scgi.h"

enum { OVERHEAD = 16 };

static int
take_variables(struct bask_req *req, bask_str variables)
{
    bask_str name, value;
    enum bask_scheme_rank rank = BASK_SCHEME_NONE;
    int more, err = BASK_OK;
    while (!err && (more = bask_scgi_next(&variables, &name, &value)) != 0)
        err = more < 0 ? BASK_E_SYNTAX : bask_gateway_take(req, name, value, &rank);
    return err ? err : bask_gateway_find_path(req);
}

static int
parse(struct bask_conn *conn)
{
    bask_str input = bask_buf_view(&conn->in), variables;
    int len =
        bask_scgi_parse(input.ptr, input.len, (size_t)conn->net->options->head_bytes, &variables);
    if (len == -2) {
        conn->scanned = input.len;
        return 0;
    }
    if (len < 0)
        return BASK_GATEWAY_DROP(conn, "SCGI", "what came is no SCGI, or over buffer-size");
    struct bask_req *req = bask_conn_request(conn);
    if (!req)
        return -1;
    conn->head_len = (size_t)len;
    conn->close_after = true;
    conn->chunked = false;
    int err = take_variables(req, variables);
    bask_gateway_complete(conn, req);
    conn->body_left = req->pub.content_length;
    if (err) {
        bask_conn_refuse(conn, 400,
                         err == BASK_E_SYNTAX ? "malformed SCGI variables" : "too many variables");
        return -1;
    }
    return 1;
}

const struct bask_driver bask_driver_scgi = {
    .name = "scgi",
    .version = BASK_VERSION_CGI,
    .parse = parse,
    .overhead = OVERHEAD,
    .tells_end = true,
};
const struct bask_driver bask_driver_scgi_nph = {
    .name = "scgi-nph",
    .version = BASK_VERSION_HTTP,
    .parse = parse,
    .overhead = OVERHEAD,
};
