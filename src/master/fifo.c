/*
 * uWSGI's master FIFO: a named pipe in which each byte is a command, and a digit chooses the pipe
 * to listen to from now on.
 */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SLOTS = 10,
    PIECE = 64,    /* commands that are obeyed before others have their turn */
    LEFTOVER = 64, /* a file as small as this may be a command that came while no server ran */
};

struct fifo {
    struct bask_io io;
    struct master *master;
    char path[PATH_MAX];
    struct stat made; /* to know it again */
};

static bool open_slot(struct master *master, size_t slot);

/* The name may belong to a successor by now. */
static void
remove_name(const struct fifo *fifo)
{
    struct stat present;
    if (!lstat(fifo->path, &present) && present.st_dev == fifo->made.st_dev &&
        present.st_ino == fifo->made.st_ino)
        unlink(fifo->path);
}

void
fifo_close(struct master *master, bool remove)
{
    struct fifo *fifo = master->fifo;
    if (!fifo)
        return;
    bask_loop_remove(master->loop, &fifo->io);
    close(fifo->io.fd);
    if (remove)
        remove_name(fifo);
    free(fifo);
    master->fifo = NULL;
}

void
fifo_forget(const struct master *master)
{
    if (master->fifo)
        close(master->fifo->io.fd);
}

static bool
is_space(char byte)
{
    return byte == '\n' || byte == '\r' || byte == ' ' || byte == '\t' || byte == '\0';
}

static void
obey(struct master *master, char byte)
{
    enum master_command command;
    if (byte >= '0' && byte <= '9')
        open_slot(master, (size_t)(byte - '0'));
    else if (master_command_by_byte(byte, &command))
        master_obey(master, command);
    else if (!is_space(byte))
        bask_log(BASK_LOG_WARN, "the master FIFO has no command 0x%02x", (unsigned char)byte);
}

/* The rest of what was read goes on even if a digit has closed this pipe: "1fp". */
static void
on_bytes(struct bask_io *io, unsigned events)
{
    struct master *master = BASK_CONTAINER(io, struct fifo, io)->master;
    char bytes[PIECE];
    (void)events;
    ssize_t n = read(io->fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < n; i++)
        obey(master, bytes[i]);
}

static int
make_pipe(struct fifo *fifo)
{
    struct stat there;
    if (!lstat(fifo->path, &there)) {
        if (!S_ISFIFO(there.st_mode) && !(S_ISREG(there.st_mode) && there.st_size <= LEFTOVER)) {
            errno = EEXIST;
            return BASK_E_SYSTEM;
        }
        unlink(fifo->path);
    }
    if (mkfifo(fifo->path, 0600))
        return BASK_E_SYSTEM;
    /* Read and write: without a writer the end would be read again and again. */
    fifo->io.fd = open(fifo->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fifo->io.fd < 0)
        return BASK_E_SYSTEM;
    if (!fstat(fifo->io.fd, &fifo->made) &&
        !bask_loop_add(fifo->master->loop, &fifo->io, BASK_IO_LEVEL))
        return BASK_OK;
    close(fifo->io.fd);
    return BASK_E_SYSTEM;
}

static bool
open_slot(struct master *master, size_t slot)
{
    const struct bask_values *paths = &master->plan->options->fifos;
    if (slot >= paths->count) {
        bask_log(BASK_LOG_WARN, "there is no master FIFO %zu", slot);
        return false;
    }
    struct fifo *fifo = calloc(1, sizeof *fifo);
    if (!fifo)
        return false;
    *fifo = (struct fifo){.io.on_event = on_bytes, .master = master};
    snprintf(fifo->path, sizeof fifo->path, "%.*s", BASK_FMT(paths->items[slot].text));
    if (make_pipe(fifo)) {
        bask_log(BASK_LOG_ERROR, "cannot make the master FIFO %s: %s", fifo->path, strerror(errno));
        free(fifo);
        return false;
    }
    fifo_close(master, false);
    master->fifo = fifo;
    return true;
}

int
fifo_open(struct master *master)
{
    size_t count = master->plan->options->fifos.count;
    if (count > SLOTS)
        bask_log(BASK_LOG_WARN, "of %zu master FIFOs only the first %d can be chosen", count,
                 SLOTS);
    return count && !open_slot(master, 0) ? BASK_E_SYSTEM : BASK_OK;
}
