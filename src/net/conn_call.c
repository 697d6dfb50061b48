/*
 * Calls of functions that come over a uwsgi socket (modifier 173): from a packet to a job, and from
 * the application's answer to the bytes that this form of calling wants.
 */
#include "net/conn.h"

#include "base/err.h"
#include "proto/rpc.h"
#include "sys/clock.h"

#include <stdio.h>

enum { TYPE_MAX = 256 };

static const bask_str text_head = BASK_STR("Content-Type: text/plain\r\n");
static const char failed_status[] = "500 Internal Server Error";
static const bask_str failed_body = BASK_STR("Internal Server Error");

/* What cannot be sent as the operator wants it is not sent otherwise, but the call is over. */
static void
respond(struct bask_req *req, const char *status, bask_str line, bask_str body)
{
    char head[64 + TYPE_MAX];
    int n = snprintf(head, sizeof head, "%s\r\n%.*s", status, BASK_FMT(line));
    if (req->io->respond(req, bask_str_n(head, (size_t)n), 1, body) == BASK_E_SYNTAX)
        req->io->abort(req, (bask_str){0}, 0, (bask_str){0});
}

/* A path that names no function is answered at once: there is nothing to call. */
static int
refuse_path(struct bask_req *req)
{
    req->started_us = bask_clock_us();
    respond(req, failed_status, text_head, failed_body);
    return BASK_E_STATE;
}

static int
parse_path(struct bask_req *req)
{
    struct bask_job *job = &req->job;
    if (!req->pub.path.len)
        return refuse_path(req);
    char *room = bask_arena_alloc(&req->text, 2 * req->pub.path.len);
    if (!room)
        return BASK_E_SYNTAX;
    return bask_rpc_from_path(req->pub.path, room, &job->name, &job->items) ? refuse_path(req)
                                                                            : BASK_OK;
}

int
bask_conn_take_call(struct bask_conn *conn, bask_str items, uint32_t form)
{
    struct bask_req *req = conn->req;
    req->form = form;
    int err = BASK_OK;
    if (form == BASK_RPC_HTTP)
        err = parse_path(req);
    else if (bask_rpc_parse(items, &req->job.name, &req->job.items))
        err = BASK_E_SYNTAX;
    if (err)
        return err;
    req->job.size = sizeof req->job;
    req->job.kind = BASK_JOB_CALL;
    if (form != BASK_RPC_HTTP) { /* for those who log it */
        req->pub.method = BASK_STR("RPC");
        req->pub.uri = req->job.name;
        req->pub.protocol = BASK_STR("uwsgi");
    }
    return BASK_OK;
}

/* The type that the client accepts, if it names one that fits a header. */
static bask_str
type_line(const struct bask_req *req, char line[TYPE_MAX])
{
    bask_str type = {0};
    for (uint32_t i = 0; i < req->pub.pair_count; i++)
        if (req->pub.pairs[i].key_id == BASK_KEY_HTTP_ACCEPT)
            type = req->pub.pairs[i].value;
    for (size_t i = 0; i < type.len; i++)
        if ((unsigned char)type.ptr[i] < 0x20 || (unsigned char)type.ptr[i] >= 0x7f)
            type.len = 0;
    if (!type.len || type.len > TYPE_MAX - 32 || bask_str_eq(type, BASK_STR("*")) ||
        bask_str_eq(type, BASK_STR("*/*")))
        type = BASK_STR("application/binary");
    int n = snprintf(line, TYPE_MAX, "Content-Type: %.*s\r\n", BASK_FMT(type));
    return bask_str_n(line, (size_t)n);
}

void
bask_conn_end_call(struct bask_req *req, bool failed, bask_str answer)
{
    struct bask_conn *conn = req->owner;
    char head[BASK_RPC_HEAD_MAX], line[TYPE_MAX];
    if (req->job.kind == BASK_JOB_TASK) {
        bask_conn_end_task(conn, failed, answer.len > 0);
        return;
    }
    if (req->form == BASK_RPC_HTTP) {
        if (failed)
            respond(req, failed_status, text_head, failed_body);
        else if (answer.len)
            respond(req, "200 OK", type_line(req, line), answer);
        else
            respond(req, "404 Not Found", text_head, BASK_STR("Not Found"));
    } else if (!answer.len) {
        bask_conn_end_raw(conn, (bask_str){0}, (bask_str){0}, failed ? 500 : 404); /* silence */
    } else if (req->form == BASK_RPC_RAW) {
        bask_conn_end_raw(conn, (bask_str){0}, answer, 200);
    } else {
        size_t len = bask_rpc_answer_head(answer.len, head);
        bask_conn_end_raw(conn, bask_str_n(head, len), answer, 200);
    }
}
