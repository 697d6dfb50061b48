/*
 * The control socket: a client asks for one thing (ipc/control.h) and is answered, at once or when
 * what it asked for has ended. One that does not ask, or does not read, is left after a while.
 */
#include "ipc/control.h"

#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CLIENTS = 16,
    BACKLOG = 128,         /* who connects does not wait for a moment's peace */
    PATIENCE_US = 5000000, /* for a question, and for reading the answer */
    BREATH_US = 100000,    /* when there is no room, or no descriptor left */
    LAST_FD = 4096,        /* above all that are in use, as a rule */
};

enum client_step {
    CLIENT_FREE,
    CLIENT_ASKS,
    CLIENT_WAITS_RELOAD,
    CLIENT_WAITS_STOP,
    CLIENT_READS,
};

struct client {
    struct bask_io io;
    struct control *control;
    enum client_step step;
    struct bask_timer limit;
    struct reload_watcher watcher;
    char in[BASK_CONTROL_LINE];
    size_t in_len;
    struct bask_buf out;
};

struct control {
    struct bask_io io; /* fd -1: a successor has the socket */
    struct master *master;
    bool listens;
    struct bask_timer again;
    struct bask_sockaddr address;
    struct stat made; /* the socket's file, to know it again */
    struct client clients[CLIENTS];
};

static void
leave(struct client *client)
{
    bask_loop_remove(client->control->master->loop, &client->io);
    close(client->io.fd);
    bask_loop_timer_stop(&client->limit);
    if (!bask_list_is_unlinked(&client->watcher.link))
        bask_list_remove(&client->watcher.link);
    bask_buf_fini(&client->out);
    client->step = CLIENT_FREE;
}

/* Sends what the client takes; leaves it when it has all. */
static void
flush(struct client *client)
{
    if (bask_sock_flush(client->io.fd, &client->out, 0) != BASK_E_AGAIN)
        leave(client);
}

static void
answer(struct client *client, bool ok, bask_str text)
{
    char line[BASK_CONTROL_LINE + 1];
    bask_control_format_answer(line, &(struct bask_control_answer){ok, text.len});
    client->step = CLIENT_READS;
    if (bask_buf_append(&client->out, bask_str_of(line)) || bask_buf_append(&client->out, text)) {
        leave(client);
        return;
    }
    bask_loop_timer_start(client->control->master->loop, &client->limit, PATIENCE_US);
    flush(client);
}

static void
on_reload_end(struct reload_watcher *watcher, bool done, bask_str words)
{
    answer(BASK_CONTAINER(watcher, struct client, watcher), done, words);
}

static void
report(struct client *client, enum master_command command)
{
    struct bask_buf text = {0};
    int err = master_report(client->control->master, command, &text);
    answer(client, !err, err ? bask_str_of(bask_err_text(err)) : bask_buf_view(&text));
    bask_buf_fini(&text);
}

/* From here on the client is answered by the end of what it asked for. */
static void
wait_for(struct client *client, enum master_outcome outcome, unsigned reload)
{
    struct master *master = client->control->master;
    if (outcome == MASTER_RELOADS && !reload) {
        answer(client, false, BASK_STR("the server stops\n"));
        return;
    }
    client->step = outcome == MASTER_RELOADS ? CLIENT_WAITS_RELOAD : CLIENT_WAITS_STOP;
    bask_loop_timer_stop(&client->limit);
    if (outcome == MASTER_RELOADS)
        reload_watch(master, &client->watcher, reload);
}

static void
obey(struct client *client, const struct bask_control_request *request)
{
    struct master *master = client->control->master;
    enum master_command command;
    if (!master_command_named(request->command, &command) || request->argument.ptr) {
        answer(client, false, BASK_STR("this server has no such command\n"));
        return;
    }
    enum master_outcome outcome = master_command_outcome(command);
    if (outcome == MASTER_REPORTS) {
        report(client, command);
        return;
    }
    bool was_stopping = master->stopping;
    unsigned reload = master_obey(master, command);
    if (outcome == MASTER_RELOADS && !reload && !was_stopping)
        outcome = MASTER_STOPS; /* --exit-on-reload */
    if (outcome != MASTER_DONE_AT_ONCE && request->wait)
        wait_for(client, outcome, reload);
    else
        answer(client, true, BASK_STR(""));
}

/* The client may be free afterwards. */
static void
take_bytes(struct client *client)
{
    struct bask_control_request request;
    ssize_t n;
    do {
        n = recv(client->io.fd, client->in + client->in_len, sizeof client->in - client->in_len, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 || client->step != CLIENT_ASKS) {
        leave(client); /* gone; or it goes on talking, which nobody asked it to */
        return;
    }
    client->in_len += (size_t)n;
    int used = bask_control_parse(client->in, client->in_len, &request);
    if (used == -1)
        answer(client, false, BASK_STR("this is not the language bask/1\n"));
    else if (used > 0)
        obey(client, &request);
}

static void
on_client(struct bask_io *io, unsigned events)
{
    struct client *client = BASK_CONTAINER(io, struct client, io);
    if (client->step == CLIENT_READS)
        flush(client);
    else if (events & BASK_READABLE)
        take_bytes(client);
}

static void
on_limit(struct bask_timer *timer)
{
    leave(BASK_CONTAINER(timer, struct client, limit));
}

static bool
may_ask(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static void
stop_listening(struct control *control)
{
    bask_loop_timer_stop(&control->again);
    if (control->listens)
        bask_loop_remove(control->master->loop, &control->io);
    control->listens = false;
}

static struct client *
find_free(struct control *control)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (control->clients[i].step == CLIENT_FREE)
            return &control->clients[i];
    return NULL;
}

static void
on_connection(struct bask_io *io, unsigned events)
{
    struct control *control = BASK_CONTAINER(io, struct control, io);
    (void)events;
    struct client *client = find_free(control);
    int fd = client ? accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
    if (!client || (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))) {
        stop_listening(control); /* who comes waits, and is not sent away */
        bask_loop_timer_start(control->master->loop, &control->again, BREATH_US);
        return;
    }
    if (fd < 0)
        return;
    if (!may_ask(fd)) {
        close(fd);
        return;
    }
    *client = (struct client){
        .io = {.fd = fd, .on_event = on_client},
        .control = control,
        .step = CLIENT_ASKS,
        .limit.on_due = on_limit,
        .watcher.on_end = on_reload_end,
    };
    if (bask_loop_add(control->master->loop, &client->io, BASK_IO_EDGE)) {
        close(fd);
        client->step = CLIENT_FREE;
        return;
    }
    bask_loop_timer_start(control->master->loop, &client->limit, PATIENCE_US);
}

/* The socket that was handed over is at this address; the new options may name another. */
static bool
is_at(int fd, const struct bask_sockaddr *address)
{
    struct sockaddr_un name = {0};
    socklen_t size = sizeof name;
    return !getsockname(fd, (struct sockaddr *)&name, &size) &&
           strncmp(name.sun_path, address->u.local.sun_path, sizeof name.sun_path) == 0;
}

static int
listen_at(struct control *control, bask_str path, char *error, size_t error_size)
{
    if (bask_sock_parse(path, &control->address, error, error_size))
        return BASK_E_SYNTAX;
    if (control->address.u.any.sa_family != AF_UNIX || !control->address.u.local.sun_path[0]) {
        snprintf(error, error_size, "expected the path of a unix socket");
        return BASK_E_SYNTAX;
    }
    struct bask_succession *before = control->master->plan->before;
    if (before && before->control >= 0 && is_at(before->control, &control->address)) {
        control->io.fd = before->control;
        before->control = -1;
    } else {
        mode_t mask = umask(0177); /* never open to others, not even for a moment */
        int err = bask_sock_listen(&control->address, BACKLOG, &control->io.fd, error, error_size);
        umask(mask);
        if (err)
            return err;
    }
    stat(control->address.u.local.sun_path, &control->made);
    return BASK_OK;
}

static void
listen_again(struct control *control)
{
    control->listens = !bask_loop_add(control->master->loop, &control->io, BASK_IO_LEVEL);
}

static void
on_again(struct bask_timer *timer)
{
    listen_again(BASK_CONTAINER(timer, struct control, again));
}

int
control_open(struct master *master)
{
    char error[256];
    bask_str path = master->plan->options->control_socket;
    if (!path.len)
        return BASK_OK;
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        return BASK_E_NOMEM;
    control->master = master;
    control->io.on_event = on_connection;
    control->again.on_due = on_again;
    int err = listen_at(control, path, error, sizeof error);
    if (err) {
        bask_log(BASK_LOG_ERROR, "the control socket %.*s: %s", BASK_FMT(path), error);
        free(control);
        return err;
    }
    master->control = control;
    return BASK_OK;
}

void
control_listen(struct master *master)
{
    if (master->control)
        listen_again(master->control);
}

static void
close_socket(struct control *control)
{
    if (control->io.fd < 0)
        return;
    stop_listening(control);
    close(control->io.fd);
    control->io.fd = -1;
}

void
control_hand_over(struct master *master)
{
    if (master->control)
        close_socket(master->control);
}

int
control_socket(const struct master *master)
{
    return master->control ? master->control->io.fd : -1;
}

/* Nobody closes this copy: the connection ends with the process. The kernel closes descriptors in
 * the order of their numbers, so what has this one comes after what other servers may wait for. */
static void
end_with_process(int fd)
{
    if (fcntl(fd, F_DUPFD_CLOEXEC, LAST_FD) < 0)
        fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* The last that a client can be told. Who waits for a stop sees the connection end with the
 * process: only then sockets and files are free for another server. */
static void
say_goodbye(struct client *client)
{
    if (client->step == CLIENT_WAITS_STOP)
        end_with_process(client->io.fd);
    if (client->step == CLIENT_WAITS_STOP)
        answer(client, true, BASK_STR("stopped\n"));
    else if (client->step == CLIENT_WAITS_RELOAD)
        answer(client, false, BASK_STR("the server stops\n"));
    if (client->step != CLIENT_FREE)
        leave(client);
}

static void
remove_name(const struct control *control)
{
    struct stat present;
    const char *path = control->address.u.local.sun_path;
    if (!lstat(path, &present) && present.st_dev == control->made.st_dev &&
        present.st_ino == control->made.st_ino)
        unlink(path);
}

void
control_close(struct master *master, bool remove)
{
    struct control *control = master->control;
    if (!control)
        return;
    for (size_t i = 0; i < CLIENTS; i++)
        say_goodbye(&control->clients[i]);
    close_socket(control);
    if (remove)
        remove_name(control);
    free(control);
    master->control = NULL;
}

void
control_forget(const struct master *master)
{
    const struct control *control = master->control;
    if (!control)
        return;
    if (control->io.fd >= 0)
        close(control->io.fd);
    for (size_t i = 0; i < CLIENTS; i++)
        if (control->clients[i].step != CLIENT_FREE)
            close(control->clients[i].io.fd);
}
