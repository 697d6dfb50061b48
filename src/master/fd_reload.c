/*
 * --reload-on-fd: descriptors that the server was started with, and whose being readable means a
 * reload. They belong to one master at a time, as the FIFO does. Options are looked at before the
 * server has opened anything: later, a number might be one of its own.
 */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/given.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 4096 };

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
        bytes < 1 || bytes > BYTES_MAX)
        return false;
    file->io.fd = (int)fd;
    file->bytes = (size_t)bytes;
    return true;
}

/* Both options. */
enum { LISTS = 2 };

static void
lists_of(const struct bask_master_options *options, const struct bask_values *ret_lists[LISTS])
{
    ret_lists[0] = &options->reload_on_fd;
    ret_lists[1] = &options->brutal_reload_on_fd;
}

/* How many of all values name this descriptor. */
static size_t
times_named(const struct bask_values *const lists[LISTS], int fd)
{
    size_t times = 0;
    for (size_t i = 0; i < LISTS; i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            struct file file = {.text = {0}};
            times += parse(lists[i]->items[k].text, &file) && file.io.fd == fd;
        }
    return times;
}

static int
check(const struct bask_values *const lists[LISTS], bask_str text, struct bask_words words)
{
    struct file file = {.text = {0}};
    if (!parse(text, &file))
        return bask_complain(words, BASK_E_SYNTAX,
                             "expected \"FD[:BYTES] [TEXT]\", with up to %d bytes", BYTES_MAX);
    if (!bask_given_is(file.io.fd))
        return bask_complain(words, BASK_E_STATE,
                             "descriptor %d is none that was left open for the server", file.io.fd);
    if (times_named(lists, file.io.fd) > 1)
        return bask_complain(words, BASK_E_STATE, "descriptor %d is named twice", file.io.fd);
    return BASK_OK;
}

int
bask_fd_reload_check(const struct bask_master_options *options, char *error, size_t error_size)
{
    char why[128];
    const struct bask_values *lists[LISTS];
    lists_of(options, lists);
    for (size_t i = 0; i < LISTS; i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const struct bask_value *value = &lists[i]->items[k];
            int err = check(lists, value->text, (struct bask_words){why, sizeof why});
            if (err)
                return bask_complain((struct bask_words){error, error_size}, err,
                                     "%.*s: --%sreload-on-fd \"%.*s\": %s", BASK_FMT(value->origin),
                                     i ? "brutal-" : "", BASK_FMT(value->text), why);
        }
    return BASK_OK;
}

/* One that has ended would be readable for ever. */
static void
on_readable(struct bask_io *io, unsigned events)
{
    struct file *file = BASK_CONTAINER(io, struct file, io);
    struct master *master = file->owner->master;
    (void)events;
    ssize_t n = bask_given_take(io->fd, file->bytes);
    if (n == BASK_E_AGAIN)
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
                 errno == EEXIST ? "another option has it already" : strerror(errno));
        return BASK_E_SYSTEM;
    }
    owner->count++;
    return BASK_OK;
}

int
fd_reload_open(struct master *master)
{
    static const enum master_command commands[LISTS] = {MASTER_RELOAD, MASTER_RELOAD_BRUTAL};
    const struct bask_values *lists[LISTS];
    int err = BASK_OK;
    lists_of(master->plan->options, lists);
    size_t total = lists[0]->count + lists[1]->count;
    if (!total)
        return BASK_OK;
    struct fd_reload *owner = calloc(1, sizeof *owner + total * sizeof *owner->files);
    if (!owner)
        return BASK_E_NOMEM;
    master->fd_reload = owner;
    owner->master = master;
    for (size_t i = 0; i < LISTS; i++)
        for (size_t k = 0; k < lists[i]->count && !err; k++)
            err = watch(owner, lists[i]->items[k].text, commands[i]);
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
