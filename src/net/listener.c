/* Listening sockets: from the words of the options to bound descriptors, and the options' rows. */
#include "net/conn.h"

#include "base/err.h"
#include "sys/priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct bask_option rows[] = {
    {"http-socket", "http http11-socket", 0, BASK_OPT_LIST,
     offsetof(struct bask_net_options, http_sockets), 0, 0, NULL, "ADDRESS",
     "speak HTTP here: :9090, host:port, [::1]:port, /a/path or @abstract",
     .flags = BASK_OPT_FIXED},
    {"socket", "uwsgi-socket", 's', BASK_OPT_LIST, offsetof(struct bask_net_options, uwsgi_sockets),
     0, 0, NULL, "ADDRESS", "speak the uwsgi protocol here, behind nginx's uwsgi_pass and the like",
     .flags = BASK_OPT_FIXED},
    {"chown-socket", NULL, 0, BASK_OPT_STRING, offsetof(struct bask_net_options, socket_owner), 0,
     0, NULL, "USER[:GROUP]", "owner of unix sockets, by name or number", .flags = BASK_OPT_FIXED},
    {"chmod-socket", "chmod", 'C', BASK_OPT_STRING, offsetof(struct bask_net_options, socket_mode),
     0, 0, NULL, "[MODE]", "permissions of unix sockets, three octal digits; 666 if none are given",
     .flags = BASK_OPT_FIXED},
    {"listen", NULL, 'l', BASK_OPT_INT, offsetof(struct bask_net_options, backlog), 1, 1 << 20,
     "1024", "N", "connections that may wait to be accepted, at most the kernel's somaxconn",
     .flags = BASK_OPT_FIXED},
    {"buffer-size", NULL, 'b', BASK_OPT_SIZE, offsetof(struct bask_net_options, head_bytes), 1024,
     1 << 20, "64k", "BYTES", "the largest request head; a larger one is answered with 431"},
    {"post-buffering", NULL, 0, BASK_OPT_SIZE, offsetof(struct bask_net_options, body_buffer), 0,
     1 << 30, "1m", "BYTES",
     "bodies up to this size are received, in memory, before the application is called; larger "
     "ones "
     "by default as it reads them, and if this is given in a file; 0: all as it reads them",
     .implies = "post-buffering-file"},
    {"limit-post", NULL, 0, BASK_OPT_SIZE, offsetof(struct bask_net_options, body_limit), 0,
     INT64_MAX, "0", "BYTES", "the largest request body, 0 for no limit; a larger one gets 413"},
    {"http-keepalive-timeout", "so-keepalive-timeout", 0, BASK_OPT_DURATION,
     offsetof(struct bask_net_options, idle_ms), 1, 86400000, "75", "SECONDS",
     "close a connection that has no request for so long"},
    {"http-keepalive-handover", NULL, 0, BASK_OPT_DURATION,
     offsetof(struct bask_net_options, handover_ms), 0, 86400000, "3", "SECONDS",
     "a replaced worker waits so long for a last request on idle connections, at most half of "
     "worker-reload-mercy"},
    {"http-headers-timeout", NULL, 0, BASK_OPT_DURATION, offsetof(struct bask_net_options, head_ms),
     1, 86400000, "30", "SECONDS", "a request head must be complete in this time, or gets 408"},
    {"socket-timeout", "http-timeout", 'z', BASK_OPT_DURATION,
     offsetof(struct bask_net_options, transfer_ms), 1, 86400000, "60", "SECONDS",
     "give up on a body or a response that makes no progress for so long"},
};

struct bask_option_table
bask_net_option_table(struct bask_net_options *values)
{
    return (struct bask_option_table){
        .group = "Sockets and HTTP",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

/* Three octal digits, "" for 666. */
static int
parse_mode(bask_str text, mode_t *ret_mode)
{
    mode_t mode = 0;
    if (text.len == 0)
        text = BASK_STR("666");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7')
            return BASK_E_SYNTAX;
        mode = mode * 8 + (mode_t)(text.ptr[i] - '0');
    }
    *ret_mode = mode;
    return text.len == 3 ? BASK_OK : BASK_E_SYNTAX;
}

/* "user", "user:group" or ":group" */
static int
give_away(const char *path, bask_str owner, char *reason, size_t reason_size)
{
    struct bask_user user = {.uid = (uid_t)-1};
    bask_str name = owner, group = {NULL, 0};
    gid_t gid = (gid_t)-1;
    bask_str_cut(owner, ':', &name, &group);
    int err = name.len || !group.ptr ? bask_priv_find_user(name, &user, reason, reason_size) : 0;
    if (!err && group.ptr)
        err = bask_priv_find_group(group, &gid, reason, reason_size);
    if (!err && lchown(path, user.uid, gid)) {
        snprintf(reason, reason_size, "chown: %s", strerror(errno));
        err = BASK_E_SYSTEM;
    }
    return err;
}

/* Remembers where a unix socket is, whatever folder the process changes to, and opens it to those
 * who may use it. */
static int
finish_local(struct bask_listener *listener, const struct bask_sockaddr *addr,
             const struct bask_net_options *options, char *reason, size_t reason_size)
{
    const char *path = addr->u.local.sun_path;
    mode_t mode;
    if (options->socket_owner.ptr) {
        int err = give_away(path, options->socket_owner, reason, reason_size);
        if (err)
            return err;
    }
    if (options->socket_mode.ptr) {
        if (parse_mode(options->socket_mode, &mode)) {
            snprintf(reason, reason_size, "--chmod-socket expects three octal digits, not \"%.*s\"",
                     BASK_FMT(options->socket_mode));
            return BASK_E_SYNTAX;
        }
        if (chmod(path, mode)) {
            snprintf(reason, reason_size, "chmod: %s", strerror(errno));
            return BASK_E_SYSTEM;
        }
    }
    listener->path = realpath(path, NULL);
    if (!listener->path)
        snprintf(reason, reason_size, "realpath: %s", strerror(errno));
    return listener->path ? BASK_OK : BASK_E_SYSTEM;
}

/* Takes the socket over if it is open already. */
static int
open_socket(struct bask_listener *listener, const struct bask_sockaddr *addr,
            const struct bask_net_options *options, char *reason, size_t reason_size)
{
    int limit = bask_sock_backlog_limit();
    int backlog = options->backlog < limit ? (int)options->backlog : limit;
    listener->io.fd = bask_sock_take(options->given, listener->name);
    if (listener->io.fd < 0)
        return bask_sock_listen(addr, backlog, &listener->io.fd, reason, reason_size);
    if (listen(listener->io.fd, backlog)) {
        snprintf(reason, reason_size, "the socket that was handed over: %s", strerror(errno));
        close(listener->io.fd);
        return BASK_E_SYSTEM;
    }
    return BASK_OK;
}

static int
open_one(struct bask_listener *listener, bask_str name, const struct bask_net_options *options,
         char *error, size_t error_size)
{
    char reason[256];
    struct bask_sockaddr addr;
    struct bask_sock_name text;
    listener->name = name;
    int err = bask_sock_parse(name, &addr, reason, sizeof reason);
    if (!err)
        err = open_socket(listener, &addr, options, reason, sizeof reason);
    if (err) {
        snprintf(error, error_size, "cannot listen on %.*s: %s", BASK_FMT(name), reason);
        return err;
    }
    /* Port 0 became a real one. */
    addr.length = sizeof addr.u;
    getsockname(listener->io.fd, &addr.u.any, &addr.length);
    bask_sock_describe(&addr, &text);
    memcpy(listener->port, text.port, sizeof listener->port);
    if (addr.u.any.sa_family == AF_UNIX && addr.u.local.sun_path[0])
        err = finish_local(listener, &addr, options, reason, sizeof reason);
    if (err) {
        snprintf(error, error_size, "cannot listen on %.*s: %s", BASK_FMT(name), reason);
        close(listener->io.fd);
    }
    return err;
}

int
bask_listeners_open(struct bask_listeners *listeners, const struct bask_net_options *options,
                    char *error, size_t error_size)
{
    const struct {
        const struct bask_values *names;
        const struct bask_driver *driver;
    } kinds[] = {
        {&options->http_sockets, &bask_driver_http1},
        {&options->uwsgi_sockets, &bask_driver_uwsgi},
    };
    size_t total = options->http_sockets.count + options->uwsgi_sockets.count;
    listeners->count = 0;
    listeners->items = calloc(total + 1, sizeof *listeners->items);
    if (!listeners->items) {
        snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
        return BASK_E_NOMEM;
    }
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (size_t i = 0; i < kinds[kind].names->count; i++) {
            struct bask_listener *listener = &listeners->items[listeners->count];
            listener->driver = kinds[kind].driver;
            listener->id = (uint32_t)listeners->count;
            int err =
                open_one(listener, kinds[kind].names->items[i].text, options, error, error_size);
            if (err) {
                bask_listeners_close(listeners, !options->given);
                return err;
            }
            listeners->count++;
        }
    return BASK_OK;
}

bool
bask_listener_is_gateways(const struct bask_listener *listener)
{
    return listener->driver == &bask_driver_uwsgi;
}

void
bask_listeners_close(struct bask_listeners *listeners, bool unlink_paths)
{
    for (size_t i = 0; i < listeners->count; i++) {
        close(listeners->items[i].io.fd);
        if (unlink_paths && listeners->items[i].path)
            unlink(listeners->items[i].path);
        free(listeners->items[i].path);
    }
    free(listeners->items);
    *listeners = (struct bask_listeners){0};
}
