/* Clients of a desk: they come, ask, read and go. */
#include "master/desk.h"

#include "base/err.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    AGAIN_US = 100000,
    BACKLOG = 64,
    CLIENT_US = 5000000,
    ACCEPTS = 16,
    REST_MAX = 65536,
};

static void
drop(struct desk_client *client)
{
    if (client->io.fd < 0)
        return;
    bask_loop_remove(client->desk->loop, &client->io);
    bask_loop_timer_stop(&client->limit);
    bask_buf_fini(&client->out);
    close(client->io.fd);
    client->io.fd = -1;
}

static void
on_limit(struct bask_timer *timer)
{
    drop(BASK_CONTAINER(timer, struct desk_client, limit));
}

/* Closing while something unread is there would take the answer back: the client closes first. */
static void
swallow(struct desk_client *client)
{
    for (;;) {
        ssize_t n = recv(client->io.fd, client->question, sizeof client->question, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n > 0)
            client->rest += (size_t)n;
        if (n <= 0 || client->rest > REST_MAX) {
            drop(client);
            return;
        }
    }
}

/* Sends what the client takes; afterwards it is its turn to leave. */
static void
flush(struct desk_client *client)
{
    int err = bask_sock_flush(client->io.fd, &client->out, 0);
    if (err == BASK_E_AGAIN)
        return;
    bask_buf_fini(&client->out);
    if (err || shutdown(client->io.fd, SHUT_WR))
        drop(client);
}

static void
answer(struct desk_client *client, size_t seen)
{
    struct desk *desk = client->desk;
    bask_str question = bask_str_n(client->question, client->length);
    enum desk_verdict verdict = desk->answer(desk, question, seen, &client->out);
    if (verdict == DESK_REFUSED ||
        (verdict == DESK_WAITS && client->length == sizeof client->question)) {
        drop(client);
    } else if (verdict == DESK_ANSWERED) {
        client->answered = true;
        flush(client);
    }
}

static void
listen_to(struct desk_client *client)
{
    while (client->io.fd >= 0 && !client->answered) {
        size_t seen = client->length;
        ssize_t n = recv(client->io.fd, client->question + seen, sizeof client->question - seen, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            drop(client);
            return;
        }
        client->length += (size_t)n;
        answer(client, seen);
    }
}

static void
on_client(struct bask_io *io, unsigned events)
{
    struct desk_client *client = BASK_CONTAINER(io, struct desk_client, io);
    (void)events;
    if (!client->answered)
        listen_to(client);
    else if (bask_buf_len(&client->out))
        flush(client);
    if (client->io.fd >= 0 && client->answered && !bask_buf_len(&client->out))
        swallow(client);
}

static int
look_at(struct desk *desk)
{
    int err = bask_loop_add(desk->loop, &desk->io, BASK_IO_LEVEL);
    desk->looks = !err;
    return err;
}

static void
ignore(struct desk *desk)
{
    if (desk->looks)
        bask_loop_remove(desk->loop, &desk->io);
    desk->looks = false;
}

/* The client that came first; NULL: there is none. */
static struct desk_client *
oldest_client(struct desk *desk)
{
    struct desk_client *oldest = NULL;
    for (size_t i = 0; i < DESK_CLIENTS; i++) {
        struct desk_client *client = &desk->clients[i];
        if (client->io.fd >= 0 && (!oldest || client->since_us < oldest->since_us))
            oldest = client;
    }
    return oldest;
}

static struct desk_client *
free_place(struct desk *desk)
{
    for (size_t i = 0; i < DESK_CLIENTS; i++)
        if (desk->clients[i].io.fd < 0)
            return &desk->clients[i];
    struct desk_client *oldest = oldest_client(desk);
    drop(oldest);
    return oldest;
}

static void
welcome(struct desk *desk, int fd)
{
    struct desk_client *client = free_place(desk);
    client->io = (struct bask_io){.fd = fd, .on_event = on_client};
    client->limit = (struct bask_timer){.on_due = on_limit};
    client->desk = desk;
    client->since_us = bask_clock_us();
    client->length = client->rest = 0;
    client->answered = false;
    client->out = (struct bask_buf){0};
    if (bask_loop_add(desk->loop, &client->io, BASK_IO_EDGE)) {
        close(fd);
        client->io.fd = -1;
        return;
    }
    bask_loop_timer_start(desk->loop, &client->limit, CLIENT_US);
    if (!desk->asks)
        answer(client, 0);
}

/* Without a descriptor the same connection would wake the master for ever. False: nobody's place
 * can be taken, and the desk is left alone for a moment. */
static bool
make_room(struct desk *desk)
{
    struct desk_client *oldest = oldest_client(desk);
    if (oldest) {
        drop(oldest);
        return true;
    }
    if (!desk->rests)
        bask_log(BASK_LOG_WARN, "no descriptors are left for %s", desk->what);
    desk->rests = true;
    ignore(desk);
    bask_loop_timer_start(desk->loop, &desk->again, AGAIN_US);
    return false;
}

static void
on_listener(struct bask_io *io, unsigned events)
{
    struct desk *desk = BASK_CONTAINER(io, struct desk, io);
    (void)events;
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            desk->rests = false;
            welcome(desk, fd);
        } else if ((errno != EMFILE && errno != ENFILE) || !make_room(desk))
            return;
    }
}

/* The path of a socket in the file system; NULL: it has none. */
static const char *
path_of(const struct desk *desk)
{
    const struct sockaddr_un *local = &desk->address.u.local;
    return local->sun_family == AF_UNIX && local->sun_path[0] ? local->sun_path : NULL;
}

static int
open_socket(struct desk *desk, char *error, size_t error_size)
{
    int err = bask_sock_listen(&desk->address, BACKLOG, &desk->io.fd, error, error_size);
    if (err)
        return err;
    if (desk->mode && path_of(desk) && chmod(path_of(desk), desk->mode)) {
        snprintf(error, error_size, "chmod: %s", strerror(errno));
        err = BASK_E_STATE; /* not SYSTEM: errno is no address's */
    } else if ((err = look_at(desk)))
        snprintf(error, error_size, "%s", bask_err_text(err));
    if (err) {
        close(desk->io.fd);
        desk->io.fd = -1;
    }
    return err;
}

static void
on_again(struct bask_timer *timer)
{
    struct desk *desk = BASK_CONTAINER(timer, struct desk, again);
    char error[256];
    bool is_open = desk->io.fd >= 0; /* and there were no descriptors */
    if (is_open ? look_at(desk) : open_socket(desk, error, sizeof error))
        bask_loop_timer_start(desk->loop, timer, AGAIN_US);
    else if (!is_open)
        bask_log(BASK_LOG_INFO, "listening for %s again", desk->what);
}

int
desk_open(struct desk *desk, bool waits)
{
    char error[256];
    desk->io = (struct bask_io){.fd = -1, .on_event = on_listener};
    desk->again = (struct bask_timer){.on_due = on_again};
    for (size_t i = 0; i < DESK_CLIENTS; i++)
        desk->clients[i].io.fd = -1;
    int err = bask_sock_parse(desk->name, &desk->address, error, sizeof error);
    if (!err)
        err = open_socket(desk, error, sizeof error);
    if (err == BASK_E_SYSTEM && errno == EADDRINUSE && waits) {
        bask_loop_timer_start(desk->loop, &desk->again, AGAIN_US);
        return BASK_OK;
    }
    if (err)
        bask_log(BASK_LOG_ERROR, "%s %.*s: %s", desk->option, BASK_FMT(desk->name), error);
    return err;
}

void
desk_forget(const struct desk *desk)
{
    if (desk->io.fd >= 0)
        close(desk->io.fd);
    for (size_t i = 0; i < DESK_CLIENTS; i++)
        if (desk->clients[i].io.fd >= 0)
            close(desk->clients[i].io.fd);
}

void
desk_close(struct desk *desk, bool remove)
{
    /* First the name: a successor that finds it free makes its own. */
    if (remove && desk->io.fd >= 0 && path_of(desk))
        unlink(path_of(desk));
    for (size_t i = 0; i < DESK_CLIENTS; i++)
        drop(&desk->clients[i]);
    bask_loop_timer_stop(&desk->again);
    if (desk->io.fd < 0)
        return;
    ignore(desk);
    close(desk->io.fd);
    desk->io.fd = -1;
}
