/*
 * Slow clients: who sends its body, or takes its answer, too slowly to be waited for.
 *
 * What a client has taken is what it has acknowledged. What the network took from us may lie in the
 * kernel for minutes, and a socket whose buffer is large says nothing for as long.
 */
#include "net/conn.h"

#include "base/err.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

void
bask_conn_body_came(struct bask_conn *conn, ssize_t bytes)
{
    bask_pace_move(&conn->body_pace, bask_loop_now_us(conn->net->loop), bytes);
}

int
bask_conn_body_wait(struct bask_conn *conn)
{
    const struct bask_net_options *options = conn->net->options;
    const struct bask_pace_limits limits = {options->transfer_ms * 1000,
                                            options->clients.body_rate};
    int64_t now = bask_loop_now_us(conn->net->loop);
    return bask_pace_wait(&conn->body_pace, now, limits) ? BASK_E_TIMEOUT : BASK_OK;
}

int
bask_conn_waits(struct bask_req *req, short events)
{
    struct bask_conn *conn = req->owner;
    if (events & POLLOUT)
        return bask_conn_answer_wait(conn);
    return bask_conn_body_wait(conn) ? (int)bask_conn_refuse_reader(conn, BASK_E_TIMEOUT) : BASK_OK;
}

/* Bytes of answers that the client does not have. */
static int64_t
behind(const struct bask_conn *conn)
{
    int in_kernel = 0;
    if (ioctl(conn->io.fd, SIOCOUTQ, &in_kernel))
        in_kernel = 0;
    int64_t parts = conn->parts ? bask_parts_size(conn->parts, conn->parts->next) : 0;
    return (int64_t)bask_buf_len(&conn->out) + conn->file_left + parts + in_kernel;
}

void
bask_conn_answer_went(struct bask_conn *conn)
{
    if (!conn->answer_pace.from_us)
        return; /* nobody waited */
    int64_t left = behind(conn), now = bask_loop_now_us(conn->net->loop);
    if (left < conn->behind)
        bask_pace_move(&conn->answer_pace, now, conn->behind - left);
    conn->answer_pace.from_us = 0;
}

int
bask_conn_answer_wait(struct bask_conn *conn)
{
    const struct bask_net_options *options = conn->net->options;
    const struct bask_pace_limits limits = {bask_net_send_ms(options) * 1000,
                                            options->clients.response_rate};
    int64_t left = behind(conn), now = bask_loop_now_us(conn->net->loop);
    if (conn->answer_pace.from_us && left < conn->behind)
        bask_pace_move(&conn->answer_pace, now, conn->behind - left);
    conn->behind = left;
    enum bask_pace_verdict verdict = bask_pace_wait(&conn->answer_pace, now, limits);
    if (verdict == BASK_PACE_FINE)
        return BASK_OK;
    bask_tally_note(&conn->net->tally, BASK_BOUND_RESPONSE_TIME, conn->peer.addr, 0,
                    verdict == BASK_PACE_STALLED ? "cut off, it takes nothing of its answer"
                                                 : "cut off, it takes its answer too slowly");
    bask_conn_reset_on_close(conn); /* else the kernel would go on with what it has */
    conn->broken = true;
    return BASK_E_TIMEOUT;
}

void
bask_conn_flush_goes_on(struct bask_conn *conn)
{
    if (bask_conn_answer_wait(conn))
        bask_conn_close(conn);
    else
        bask_conn_move(conn, BASK_STEP_FLUSH);
}
