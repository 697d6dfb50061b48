/*
 * --reload-on-fd: descriptors that the server was started with, and whose being readable means a
 * reload. They belong to one master at a time, as the FIFO does.
 */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 4096 };

struct file {
    struct bask_io io; /* fd < 0: not any more */
    struct fd_reload *owner;
    enum master_command command;
    size_t bytes; /* that are read at a time */
    bask_str text;
};

struct fd_reload {
    struct master *master;
    size_t count;
    struct file files[];
};

/* "FD[:BYTES] [TEXT]" */
static bool
parse(bask_str text, struct file *file)
{
    bask_str number = text, size = {"1", 1};
    long long fd, bytes;
    bask_str_cut(text, ' ', &number, &file->text);
    bask_str_cut(number, ':', &number, &size);
    if (bask_str_to_i64(number, &fd) || fd > INT_MAX || bask_str_to_i64(size, &bytes) ||
        bytes < 1 || bytes > PIECE)
        return false;
    file->io.fd = (int)fd;
    file->bytes = (size_t)bytes;
    return true;
}

int
bask_fd_reload_check(const struct bask_master_options *options, char *error, size_t error_size)
{
    const struct bask_values *const lists[] = {&options->reload_on_fd,
                                               &options->brutal_reload_on_fd};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const struct bask_value *value = &lists[i]->items[k];
            struct file file = {.text = {0}};
            if (parse(value->text, &file))
                continue;
            snprintf(error, error_size,
                     "%.*s: --%sreload-on-fd \"%.*s\": expected \"FD[:BYTES] [TEXT]\", with up to "
                     "%d bytes",
                     BASK_FMT(value->origin), i ? "brutal-" : "", BASK_FMT(value->text), PIECE);
            return BASK_E_SYNTAX;
        }
    return BASK_OK;
}

/* Another process may have been faster: then there is nothing to read. One that has ended would be
 * readable for ever. */
static void
on_readable(struct bask_io *io, unsigned events)
{
    struct file *file = BASK_CONTAINER(io, struct file, io);
    struct master *master = file->owner->master;
    char piece[PIECE];
    (void)events;
    ssize_t n = read(io->fd, piece, file->bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        bask_log(BASK_LOG_INFO, "descriptor %d is readable%s%.*s", io->fd,
                 file->text.len ? ": " : "", BASK_FMT(file->text));
        master_obey(master, file->command);
        return;
    }
    bask_log(BASK_LOG_WARN, "--reload-on-fd: descriptor %d is not looked at any more: %s", io->fd,
             n < 0 ? strerror(errno) : "it has ended");
    bask_loop_remove(master->loop, io);
    io->fd = -1;
}

static int
watch(struct fd_reload *owner, bask_str text, enum master_command command)
{
    struct file *file = &owner->files[owner->count];
    *file = (struct file){.owner = owner, .command = command};
    if (!parse(text, file))
        return BASK_E_SYNTAX;
    file->io.on_event = on_readable;
    if (bask_loop_add(owner->master->loop, &file->io, BASK_IO_LEVEL)) {
        bask_log(BASK_LOG_ERROR, "--reload-on-fd: descriptor %d cannot be watched: %s", file->io.fd,
                 strerror(errno));
        return BASK_E_SYSTEM;
    }
    owner->count++;
    return BASK_OK;
}

int
fd_reload_open(struct master *master)
{
    const struct bask_master_options *options = master->plan->options;
    const struct bask_values *calm = &options->reload_on_fd,
                             *brutal = &options->brutal_reload_on_fd;
    int err = BASK_OK;
    if (!calm->count && !brutal->count)
        return BASK_OK;
    struct fd_reload *owner =
        calloc(1, sizeof *owner + (calm->count + brutal->count) * sizeof *owner->files);
    if (!owner)
        return BASK_E_NOMEM;
    master->fd_reload = owner;
    owner->master = master;
    for (size_t i = 0; i < calm->count && !err; i++)
        err = watch(owner, calm->items[i].text, MASTER_RELOAD);
    for (size_t i = 0; i < brutal->count && !err; i++)
        err = watch(owner, brutal->items[i].text, MASTER_RELOAD_BRUTAL);
    return err;
}

void
fd_reload_close(struct master *master)
{
    struct fd_reload *owner = master->fd_reload;
    if (!owner)
        return;
    for (size_t i = 0; i < owner->count; i++)
        if (owner->files[i].io.fd >= 0)
            bask_loop_remove(master->loop, &owner->files[i].io);
    free(owner);
    master->fd_reload = NULL;
}
