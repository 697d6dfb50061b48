/*
 * A request that is cut off while the application has it: its client is told so, or sees an answer
 * that is not whole, and the connection says no more. What was answered before on the same
 * connection arrives first, as far as the client takes it in time (the step CUT).
 *
 * The request stays the application's, and with it the connection (conn_late.c).
 */
#include "net/conn.h"

#include "base/err.h"

#include <sys/socket.h>

/* A reset without close(2): the descriptor stays the application's until it lets go. */
static void
reset_now(struct bask_conn *conn)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (connect(conn->io.fd, &nobody, sizeof nobody))
        shutdown(conn->io.fd, SHUT_RDWR); /* a unix socket has no reset */
}

/* The connection is only the application's now. What the client still sends must not be answered
 * with a reset, which could overtake what it was told: it is not the reading half that ends. One
 * that was taken over is no stream any more: nothing is said when the worker drains. */
static void
end_writing(struct bask_conn *conn)
{
    conn->net->late++;
    shutdown(conn->io.fd, conn->broken ? SHUT_RDWR : SHUT_WR);
    if (conn->step != BASK_STEP_APP)
        bask_conn_move(conn, BASK_STEP_APP);
}

void
bask_conn_cut_goes_on(struct bask_conn *conn)
{
    bool waits = !conn->broken && bask_conn_has_output(conn) && !bask_conn_answer_wait(conn);
    if (waits)
        bask_conn_move(conn, BASK_STEP_CUT);
    else
        end_writing(conn);
}

bool
bask_conn_cut(struct bask_req *req, unsigned status)
{
    struct bask_conn *conn = req->owner;
    bool unsent = !req->response.head_sent;
    if (unsent) {
        bask_conn_send_status(conn, status);
        req->response.facts.status = status;
        if (conn->listener->driver->end)
            bask_conn_end_answer(conn);
    }
    bask_conn_log(conn, " (cut off)");
    conn->ended = true; /* where it is not whole, nothing shall say that it is */
    conn->close_after = true;
    req->cut = true;
    req->io = &bask_conn_late_io;
    if (!unsent && req->response.framing == BASK_FRAMING_CLOSE) {
        reset_now(conn); /* nothing else tells that the end is missing */
        conn->broken = true;
    }
    if (conn->step == BASK_STEP_STREAM)
        shutdown(conn->io.fd, SHUT_RD); /* whoever waits for the client waits no longer */
    conn->answer_pace = (struct bask_pace){0};
    bask_conn_cut_goes_on(conn);
    return unsent;
}
