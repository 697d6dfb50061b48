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
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TURN = 2 << 20,
    COPIED = 65536, /* of a file that the kernel does not send */
    WRAPPED = 32768,
};

void
bask_conn_end_file(struct bask_conn *conn)
{
    close(conn->file_fd);
    conn->file_fd = -1;
    conn->file_left = 0;
    free(conn->parts);
    conn->parts = NULL;
}

/* The head is out and has promised more: only the connection's end can tell the client. */
static int
fail(struct bask_conn *conn, const char *reason)
{
    bask_log(BASK_LOG_ERROR, "a file that is being sent: %s", reason);
    bask_conn_end_file(conn);
    conn->broken = true;
    return BASK_E_CLOSED;
}

/* In front of the next piece of the file. */
static int
put_text(struct bask_conn *conn, bask_str text)
{
    struct iovec part = {(void *)text.ptr, text.len};
    const struct bask_driver *driver = conn->listener->driver;
    if (driver->emit)
        return driver->emit(conn, &part, 1, MSG_MORE);
    if (bask_buf_append(&conn->out, text))
        return fail(conn, bask_err_text(BASK_E_NOMEM));
    return BASK_OK;
}

/* What comes behind a piece: the next one, or the end. */
static int
next_piece(struct bask_conn *conn)
{
    struct bask_parts *parts = conn->parts;
    int err = BASK_OK;
    if (parts && parts->next < parts->count) {
        const struct bask_part *part = &parts->items[parts->next++];
        conn->file_offset = part->offset;
        conn->file_left = part->length;
        return put_text(conn, part->before);
    }
    if (parts)
        err = put_text(conn, parts->end);
    if (conn->file_fd >= 0)
        bask_conn_end_file(conn);
    return err;
}

static int
advance(struct bask_conn *conn, ssize_t n)
{
    if (n == 0)
        return fail(conn, "it became shorter");
    conn->file_offset += n;
    conn->file_left -= n;
    return conn->file_left ? BASK_OK : next_piece(conn);
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
        return next_piece(conn);
    if (conn->listener->driver->emit)
        return wrap(conn);
    if (conn->net->options->bodies.no_sendfile)
        return copy(conn);
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
        if (err || bask_buf_len(&conn->out))
            return err; /* the text between two pieces goes first */
        turn -= n;
    }
    if (!conn->file_left)
        return BASK_OK;
    bask_conn_again(conn); /* no event will tell that the socket takes more: it did all the time */
    return BASK_E_AGAIN;
}
