/*
 * Writing from a file: the kernel sends it, and where it cannot (a file system without that), it is
 * read and sent.
 *
 * A client that takes all at once, on the same machine for instance, would keep the worker to
 * itself as long as the file lasts, so after a few megabytes it is the others' turn.
 */
#include "net/conn.h"

#include "base/err.h"
#include "obs/log.h"

#include <errno.h>
#include <unistd.h>

enum {
    TURN = 2 << 20,
    COPIED = 65536, /* of a file that the kernel does not send */
    WRAPPED = 32768,
};

static int
end_file(struct bask_conn *conn)
{
    close(conn->file_fd);
    conn->file_fd = -1;
    return BASK_OK;
}

/* The head is out and has promised more: only the connection's end can tell the client. */
static int
fail(struct bask_conn *conn, const char *reason)
{
    bask_log(BASK_LOG_ERROR, "a file that is being sent: %s", reason);
    conn->file_left = 0;
    end_file(conn);
    conn->broken = true;
    return BASK_E_CLOSED;
}

static int
advance(struct bask_conn *conn, ssize_t n)
{
    if (n == 0)
        return fail(conn, "it became shorter");
    conn->file_offset += n;
    conn->file_left -= n;
    return conn->file_left ? BASK_OK : end_file(conn);
}

static int
copy(struct bask_conn *conn)
{
    size_t size = conn->file_left < COPIED ? (size_t)conn->file_left : COPIED;
    if (bask_buf_reserve(&conn->out, size))
        return fail(conn, bask_err_text(BASK_E_NOMEM));
    ssize_t n;
    do
        n = pread(conn->file_fd, conn->out.data + conn->out.end, size, conn->file_offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail(conn, strerror(errno));
    conn->out.end += (size_t)n;
    return advance(conn, n);
}

/* Where the protocol wraps bytes, those of a file have to be seen. */
static int
wrap_piece(struct bask_conn *conn)
{
    char piece[WRAPPED];
    size_t size = conn->file_left < WRAPPED ? (size_t)conn->file_left : WRAPPED;
    ssize_t n;
    do
        n = pread(conn->file_fd, piece, size, conn->file_offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail(conn, strerror(errno));
    struct iovec part = {piece, (size_t)n};
    int err = n ? conn->listener->driver->emit(conn, &part, 1, 0) : BASK_OK;
    return err ? err : advance(conn, n);
}

static int
wrap(struct bask_conn *conn)
{
    for (int64_t turn = TURN; turn > 0; turn -= WRAPPED) {
        int err = wrap_piece(conn);
        if (err || !conn->file_left || bask_buf_len(&conn->out))
            return err;
    }
    bask_conn_again(conn);
    return BASK_E_AGAIN;
}

int
bask_conn_send_file(struct bask_conn *conn)
{
    if (!conn->file_left)
        return end_file(conn);
    if (conn->listener->driver->emit)
        return wrap(conn);
    for (int64_t turn = TURN; turn > 0 && conn->file_left;) {
        off_t offset = conn->file_offset;
        size_t size = conn->file_left < turn ? (size_t)conn->file_left : (size_t)turn;
        ssize_t n = bask_sock_send_file(conn->io.fd, conn->file_fd, &offset, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EINVAL || errno == ENOSYS))
            return copy(conn);
        if (n < 0)
            return errno == EAGAIN ? BASK_E_AGAIN : bask_conn_fail(conn);
        int err = advance(conn, n);
        if (err)
            return err;
        turn -= n;
    }
    if (!conn->file_left)
        return BASK_OK;
    bask_conn_again(conn); /* no event will tell that the socket takes more: it did all the time */
    return BASK_E_AGAIN;
}
