/*
 * The socket for probes (--health-socket). The master answers them itself, so that neither a busy
 * nor a stuck application can: from the scoreboard, without asking anyone.
 *
 * A client gets its answer and five seconds in all. There are few places; who comes when all are
 * taken gets the one of the oldest.
 */
#include "master/health.h"

#include "base/err.h"
#include "master/private.h"
#include "master/probe.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPEN_AGAIN_US = 100000,
    CLIENTS = 16,
    BACKLOG = 64,
    CLIENT_US = 5000000,
    ACCEPTS = 16,
    REST_MAX = 65536
};

struct client {
    struct bask_io io; /* fd < 0: free */
    struct bask_timer limit;
    struct health *health;
    int64_t since_us;
    size_t length, rest; /* bytes of the request; bytes that came after the answer */
    bool answered;
    char head[PROBE_HEAD_MAX];
};

struct health {
    struct bask_io io;      /* the listening socket */
    struct bask_timer open; /* tried again while a predecessor has it */
    struct master *master;
    struct bask_sockaddr address;
    struct client clients[CLIENTS];
};

#define AT(member) offsetof(struct bask_health_options, member)

static const struct bask_option rows[] = {
    {"health-socket", NULL, 0, BASK_OPT_STRING, AT(socket), 0, 0, NULL, "ADDRESS",
     "answer probes here: GET /ready and GET /live, by the master itself", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"health-stuck", NULL, 0, BASK_OPT_DURATION, AT(stuck_ms), 1, 86400000, "30", "SECONDS",
     "not ready when all threads have been in one request for so long", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_health_option_table(struct bask_health_options *values)
{
    return (struct bask_option_table){
        .group = "Service and probes",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

static void
drop(struct client *client)
{
    if (client->io.fd < 0)
        return;
    bask_loop_remove(client->health->master->loop, &client->io);
    bask_loop_timer_stop(&client->limit);
    close(client->io.fd);
    client->io.fd = -1;
}

static void
on_limit(struct bask_timer *timer)
{
    drop(BASK_CONTAINER(timer, struct client, limit));
}

/* Closing while something unread is there would take the answer back: the client closes first. */
static void
swallow(struct client *client)
{
    ssize_t n = recv(client->io.fd, client->head, sizeof client->head, 0);
    if (n > 0)
        client->rest += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN) || client->rest > REST_MAX)
        drop(client);
}

static void
on_client(struct bask_io *io, unsigned events)
{
    struct client *client = BASK_CONTAINER(io, struct client, io);
    const struct master *master = client->health->master;
    char answer[PROBE_ANSWER_MAX];
    (void)events;
    if (client->answered) {
        swallow(client);
        return;
    }
    size_t seen = client->length;
    ssize_t n = recv(io->fd, client->head + seen, sizeof client->head - seen, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            drop(client);
        return;
    }
    client->length += (size_t)n;
    struct vitals vitals =
        vitals_take(master, bask_clock_us(), master->plan->options->health.stuck_ms * 1000);
    size_t length = probe_answer(bask_str_n(client->head, client->length), seen, &vitals, answer);
    if (!length)
        return;
    client->answered = true;
    /* It fits into an empty socket buffer; a client for whom it does not is none. */
    if (send(io->fd, answer, length, MSG_NOSIGNAL) != (ssize_t)length || shutdown(io->fd, SHUT_WR))
        drop(client);
}

static struct client *
free_place(struct health *health)
{
    struct client *oldest = &health->clients[0];
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *client = &health->clients[i];
        if (client->io.fd < 0)
            return client;
        if (client->since_us < oldest->since_us)
            oldest = client;
    }
    drop(oldest);
    return oldest;
}

static void
welcome(struct health *health, int fd)
{
    struct client *client = free_place(health);
    *client = (struct client){
        .io = {.fd = fd, .on_event = on_client},
        .limit = {.on_due = on_limit},
        .health = health,
        .since_us = bask_clock_us(),
    };
    if (bask_loop_add(health->master->loop, &client->io, BASK_IO_LEVEL)) {
        close(fd);
        client->io.fd = -1;
        return;
    }
    bask_loop_timer_start(health->master->loop, &client->limit, CLIENT_US);
}

static void
on_listener(struct bask_io *io, unsigned events)
{
    struct health *health = BASK_CONTAINER(io, struct health, io);
    (void)events;
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            welcome(health, fd);
        else if (errno == EMFILE || errno == ENFILE)
            drop(free_place(health)); /* else the same connection would wake the master for ever */
        else
            return;
    }
}

static int
open_socket(struct health *health, char *error, size_t error_size)
{
    int err = bask_sock_listen(&health->address, BACKLOG, &health->io.fd, error, error_size);
    if (!err && (err = bask_loop_add(health->master->loop, &health->io, BASK_IO_LEVEL))) {
        close(health->io.fd);
        health->io.fd = -1;
        snprintf(error, error_size, "%s", bask_err_text(err));
    }
    return err;
}

static void
on_open(struct bask_timer *timer)
{
    struct health *health = BASK_CONTAINER(timer, struct health, open);
    char error[256];
    if (open_socket(health, error, sizeof error))
        bask_loop_timer_start(health->master->loop, timer, OPEN_AGAIN_US);
    else
        bask_log(BASK_LOG_INFO, "listening for probes again");
}

int
health_init(struct master *master)
{
    bask_str name = master->plan->options->health.socket;
    char error[256];
    if (!name.ptr)
        return BASK_OK;
    struct health *health = calloc(1, sizeof *health);
    if (!health)
        return BASK_E_NOMEM;
    *health = (struct health){
        .io = {.fd = -1, .on_event = on_listener},
        .open = {.on_due = on_open},
        .master = master,
    };
    for (size_t i = 0; i < CLIENTS; i++)
        health->clients[i].io.fd = -1;
    master->health = health;
    int err = bask_sock_parse(name, &health->address, error, sizeof error);
    if (!err)
        err = open_socket(health, error, sizeof error);
    if (err == BASK_E_SYSTEM && errno == EADDRINUSE && master->heir) {
        bask_loop_timer_start(master->loop, &health->open, OPEN_AGAIN_US);
        return BASK_OK;
    }
    if (err)
        bask_log(BASK_LOG_ERROR, "--health-socket %.*s: %s", BASK_FMT(name), error);
    return err;
}

void
health_close(struct health *health)
{
    if (!health)
        return;
    if (health->io.fd >= 0)
        close(health->io.fd);
    for (size_t i = 0; i < CLIENTS; i++)
        if (health->clients[i].io.fd >= 0)
            close(health->clients[i].io.fd);
}

void
health_free(struct health **health)
{
    if (!*health)
        return;
    const struct sockaddr_un *local = &(*health)->address.u.local;
    bool bound = (*health)->io.fd >= 0;
    /* First the name: a successor that finds it free makes its own. */
    if (bound && local->sun_family == AF_UNIX && local->sun_path[0])
        unlink(local->sun_path);
    for (size_t i = 0; i < CLIENTS; i++)
        drop(&(*health)->clients[i]);
    bask_loop_timer_stop(&(*health)->open);
    if (bound)
        bask_loop_remove((*health)->master->loop, &(*health)->io);
    health_close(*health);
    free(*health);
    *health = NULL;
}
