/*
 * Tasks for the spooler that come over a uwsgi socket (modifier 17): from a packet to a job, which
 * the thread that takes it does without the application, and its answer.
 */
#include "net/conn.h"

#include "base/err.h"
#include "proto/rpc.h"
#include "proto/uwsgi.h"

int
bask_conn_take_task(struct bask_conn *conn, bask_str items)
{
    struct bask_uwsgi_var item;
    bask_str rest = items;
    int more;
    while ((more = bask_uwsgi_next(&rest, &item)) > 0)
        continue;
    if (more < 0)
        return BASK_E_SYNTAX;
    struct bask_req *req = conn->req;
    req->job = (struct bask_job){.size = sizeof req->job, .kind = BASK_JOB_TASK, .items = items};
    req->pub.method = BASK_STR("SPOOL"); /* for those who log it */
    req->pub.uri = BASK_STR("task");
    req->pub.protocol = BASK_STR("uwsgi");
    return BASK_OK;
}

void
bask_conn_end_task(struct bask_conn *conn, bool failed, bool is_kept)
{
    const char head[BASK_UWSGI_HEADER] = {(char)BASK_MODIFIER_RESPONSE, 0, 0, is_kept};
    if (failed)
        bask_tally_note(&conn->net->tally, BASK_BOUND_UNSERVED, conn->peer.addr, 0,
                        "uwsgi protocol: a task for the spooler could not be kept");
    else if (!is_kept)
        bask_tally_note(&conn->net->tally, BASK_BOUND_MALFORMED, conn->peer.addr, 0,
                        "uwsgi protocol: a task for the spooler is refused");
    bask_conn_end_raw(conn, bask_str_n(head, sizeof head), (bask_str){0}, is_kept ? 200 : 400);
}
