/*
 * Request bodies that are too large for memory: they are received into a file without a name, and
 * the application is called when all of it is there.
 *
 * The file is written while the worker's lock is held, as everything here is done: that is a copy
 * into the system's memory, which waits for the disk only if that is much slower than the network.
 */
#include "net/conn.h"

#include "base/err.h"
#include "sys/files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE_MIN = 4096 };

bool
bask_conn_spills(const struct bask_conn *conn)
{
    const struct bask_net_options *options = conn->net->options;
    return options->bodies.in_files && options->body_buffer > 0;
}

static int
refuse(struct bask_conn *conn)
{
    static char reason[PATH_MAX + 128]; /* as long as the process: see bask_tally_note */
    int why = errno;
    bool full = why == ENOSPC || why == EDQUOT || why == EFBIG;
    snprintf(reason, sizeof reason, "the body cannot be kept in %s: %s",
             conn->net->options->bodies.folder.ptr, strerror(why));
    bask_conn_refuse(conn, full ? 507 : 500, reason);
    return BASK_E_SYSTEM;
}

static int
refuse_for_memory(struct bask_conn *conn)
{
    bask_conn_refuse(conn, 503, "out of memory");
    return BASK_E_NOMEM;
}

static size_t
piece_size(const struct bask_net *net)
{
    int64_t size = net->options->bodies.piece;
    return size < PIECE_MIN ? PIECE_MIN : (size_t)size;
}

int
bask_conn_spill_start(struct bask_conn *conn, bask_str came)
{
    struct bask_net *net = conn->net;
    if (!net->spill_piece && !(net->spill_piece = malloc(piece_size(net))))
        return refuse_for_memory(conn);
    int fd = bask_file_unnamed(net->options->bodies.folder.ptr);
    if (fd < 0)
        return refuse(conn);
    conn->body_fd = fd;
    return bask_file_write_at(fd, came, 0) ? refuse(conn) : BASK_OK;
}

int
bask_conn_spill_fill(struct bask_conn *conn)
{
    char *piece = conn->net->spill_piece;
    size_t size = piece_size(conn->net), data;
    int64_t before = conn->body_total;
    if (!conn->chunked && (int64_t)size > conn->body_left)
        size = (size_t)conn->body_left; /* what is behind it is another request */
    ssize_t n = bask_conn_receive(conn, piece, size);
    if (n == BASK_E_AGAIN)
        return 0;
    if (n < 0) {
        bask_conn_close(conn);
        return BASK_E_CLOSED;
    }
    bask_conn_body_came(conn, n);
    bask_conn_move(conn, BASK_STEP_BODY); /* progress: a new deadline */
    int done = bask_conn_take_body(conn, piece, (size_t)n, &data);
    if (done >= 0 && bask_file_write_at(conn->body_fd, bask_str_n(piece, data), before))
        return refuse(conn);
    return done;
}

ssize_t
bask_conn_spill_read(struct bask_conn *conn, char *buffer, size_t size)
{
    ssize_t n;
    do
        n = pread(conn->body_fd, buffer, size, conn->body_at);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return BASK_E_SYSTEM;
    conn->body_at += n;
    return n;
}

void
bask_conn_spill_end(struct bask_conn *conn)
{
    if (conn->body_fd)
        close(conn->body_fd);
    conn->body_fd = 0;
    conn->body_at = 0;
}
