/* Listening sockets: from the words of the options to bound descriptors, and the options' rows. */
#include "net/conn.h"

#include "base/err.h"
#include "sys/priv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct bask_option rows[] = {
    {"http-socket", "http http11-socket", 0, BASK_OPT_LIST,
     offsetof(struct bask_net_options, http_sockets), 0, 0, NULL, "ADDRESS",
     "speak HTTP here: :9090, host:port, [::1]:port, /a/path or @abstract",
     .flags = BASK_OPT_FIXED},
    {"socket", NULL, 's', BASK_OPT_LIST, offsetof(struct bask_net_options, uwsgi_sockets), 0, 0,
     NULL, "ADDRESS",
     "speak the uwsgi protocol here, behind nginx's uwsgi_pass; or what --protocol says",
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
     offsetof(struct bask_net_options, idle_ms), 0, 86400000, "75", "SECONDS",
     "close a connection that has no request for so long, 0 for no limit"},
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

/* Where a name with a number in it leads: "=1" to the second shared socket, "fd://web" to a socket
 * that the service manager calls so. 1: to an open descriptor; 0: to an address; < 0: nowhere. */
static int
follow_name(bask_str name, const struct bask_net_options *options, bask_str *ret_address,
            int *ret_fd, char *reason, size_t reason_size)
{
    const struct bask_values *shared = &options->sockets.shared;
    long long number;
    bask_str which = bask_str_n(name.ptr + 1, name.len - (name.len > 0));
    *ret_address = name;
    if (name.len && name.ptr[0] == '=') {
        if (bask_str_to_i64(which, &number) || (size_t)number >= shared->count) {
            snprintf(reason, reason_size, "there are %zu of --shared-socket, from =0 on",
                     shared->count);
            return BASK_E_NOTFOUND;
        }
        *ret_address = name = shared->items[number].text;
    }
    if (!bask_str_starts(name, BASK_STR("fd://")))
        return 0;
    which = bask_str_n(name.ptr + 5, name.len - 5);
    *ret_fd = which.len ? bask_sock_take(options->activated, which) : -1;
    if (*ret_fd < 0 && !bask_str_to_i64(which, &number)) {
        *ret_fd = number <= INT_MAX ? (int)number : -1;
        bask_sock_take_number(options->activated, *ret_fd);
        return 1;
    }
    snprintf(reason, reason_size, "no socket of this name was given (LISTEN_FDNAMES)");
    return *ret_fd < 0 ? BASK_E_NOTFOUND : 1;
}

/* A name in no folder, if all unix sockets are to have such. */
static void
leave_folders(struct bask_sockaddr *addr)
{
    char *path = addr->u.local.sun_path;
    if (addr->u.any.sa_family != AF_UNIX || !path[0] ||
        strlen(path) + 2 > sizeof addr->u.local.sun_path)
        return;
    memmove(path + 1, path, strlen(path));
    path[0] = '\0'; /* the NUL at the end is no part of such a name: the length stays */
}

/* By its address: one that the service manager has opened there, or a new one. */
static int
bind_socket(struct bask_listener *listener, bask_str text, const struct bask_net_options *options,
            int backlog, char *reason, size_t reason_size)
{
    struct bask_sockaddr addr;
    int err = bask_sock_parse(text, &addr, reason, reason_size);
    if (err)
        return err;
    int fd = bask_sock_take_bound(options->activated, &addr);
    listener->borrowed = fd >= 0;
    if (fd >= 0)
        return bask_sock_adopt(fd, backlog, &listener->io.fd, reason, reason_size);
    if (options->sockets.abstract)
        leave_folders(&addr);
    return bask_sock_listen_as(&addr, &options->sockets.traits, backlog, &listener->io.fd, reason,
                               reason_size);
}

/* Takes the socket over if it is open already. */
static int
open_socket(struct bask_listener *listener, const struct bask_net_options *options, char *reason,
            size_t reason_size)
{
    int limit = bask_sock_backlog_limit(), fd = -1;
    int backlog = options->backlog < limit ? (int)options->backlog : limit;
    bask_str address;
    listener->io.fd = bask_sock_take_noting(options->given, listener->name, &listener->borrowed);
    if (listener->io.fd >= 0) {
        if (listener->borrowed || !listen(listener->io.fd, backlog))
            return BASK_OK;
        snprintf(reason, reason_size, "the socket that was handed over: %s", strerror(errno));
        close(listener->io.fd);
        return BASK_E_SYSTEM;
    }
    int found = follow_name(listener->name, options, &address, &fd, reason, reason_size);
    if (found < 0)
        return found;
    if (!found)
        return bind_socket(listener, address, options, backlog, reason, reason_size);
    listener->borrowed = true;
    return bask_sock_adopt(fd, backlog, &listener->io.fd, reason, reason_size);
}

static int
open_one(struct bask_listener *listener, bask_str name, const struct bask_net_options *options,
         char *error, size_t error_size)
{
    char reason[256];
    struct bask_sockaddr addr = {.length = sizeof addr.u};
    struct bask_sock_name text;
    listener->name = name;
    int err = open_socket(listener, options, reason, sizeof reason);
    if (err) {
        snprintf(error, error_size, "cannot listen on %.*s: %s", BASK_FMT(name), reason);
        return err;
    }
    /* Port 0 became a real one. */
    getsockname(listener->io.fd, &addr.u.any, &addr.length);
    bask_sock_describe(&addr, &text);
    memcpy(listener->port, text.port, sizeof listener->port);
    if (addr.u.any.sa_family == AF_UNIX && addr.u.local.sun_path[0] && !listener->borrowed)
        err = finish_local(listener, &addr, options, reason, sizeof reason);
    if (err) {
        snprintf(error, error_size, "cannot listen on %.*s: %s", BASK_FMT(name), reason);
        close(listener->io.fd);
    }
    return err;
}

static const struct {
    bask_str name;
    const struct bask_driver *driver;
} protocols[] = {
    {BASK_STR("uwsgi"), &bask_driver_uwsgi},
    {BASK_STR("http"), &bask_driver_http1},
    {BASK_STR("fastcgi"), &bask_driver_fastcgi},
    {BASK_STR("fastcgi-nph"), &bask_driver_fastcgi_nph},
    {BASK_STR("scgi"), &bask_driver_scgi},
    {BASK_STR("scgi-nph"), &bask_driver_scgi_nph},
};

static const struct bask_driver *
driver_named(bask_str name)
{
    if (!name.ptr)
        return &bask_driver_uwsgi;
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (bask_str_eq(protocols[i].name, name))
            return protocols[i].driver;
    return NULL;
}

struct kind {
    const struct bask_values *names;
    const struct bask_driver *driver;
};

enum { KINDS = 7 };

static void
list_kinds(const struct bask_net_options *options, struct kind kinds[static KINDS])
{
    const struct bask_socket_options *sockets = &options->sockets;
    const struct kind all[KINDS] = {
        {&options->http_sockets, &bask_driver_http1},
        {&options->uwsgi_sockets, driver_named(sockets->protocol)},
        {&sockets->uwsgi, &bask_driver_uwsgi},
        {&sockets->fastcgi, &bask_driver_fastcgi},
        {&sockets->fastcgi_nph, &bask_driver_fastcgi_nph},
        {&sockets->scgi, &bask_driver_scgi},
        {&sockets->scgi_nph, &bask_driver_scgi_nph},
    };
    memcpy(kinds, all, sizeof all);
}

static size_t
count_names(const struct kind kinds[static KINDS])
{
    size_t total = 0;
    for (size_t i = 0; i < KINDS; i++)
        total += kinds[i].names->count;
    return total;
}

bool
bask_listeners_are_named(const struct bask_net_options *options)
{
    struct kind kinds[KINDS];
    list_kinds(options, kinds);
    return count_names(kinds) > 0;
}

/* HTTP that comes from proxies is read by another driver. */
static const struct bask_driver *
driver_for(const struct bask_driver *driver, const struct bask_net_options *options,
           const struct bask_trust *trust)
{
    bool fronted = options->sockets.proxy_protocol || trust->forwarded;
    return driver == &bask_driver_http1 && fronted ? &bask_driver_fronted : driver;
}

static int
open_all(struct bask_listeners *listeners, const struct kind kinds[static KINDS],
         const struct bask_net_options *options, char *error, size_t error_size)
{
    for (size_t kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < kinds[kind].names->count; i++) {
            struct bask_listener *listener = &listeners->items[listeners->count];
            listener->driver = driver_for(kinds[kind].driver, options, &listeners->trust);
            listener->id = (uint32_t)listeners->count;
            int err =
                open_one(listener, kinds[kind].names->items[i].text, options, error, error_size);
            if (err)
                return err;
            listeners->count++;
        }
    return BASK_OK;
}

int
bask_listeners_open(struct bask_listeners *listeners, const struct bask_net_options *options,
                    char *error, size_t error_size)
{
    struct kind kinds[KINDS];
    *listeners = (struct bask_listeners){0};
    list_kinds(options, kinds);
    if (!driver_named(options->sockets.protocol)) {
        snprintf(
            error, error_size,
            "--protocol \"%.*s\": expected uwsgi, http, fastcgi, scgi, fastcgi-nph or scgi-nph",
            BASK_FMT(options->sockets.protocol));
        return BASK_E_SYNTAX;
    }
    int err = bask_trust_init(&listeners->trust, &options->sockets, error, error_size);
    if (err)
        return err;
    listeners->items = calloc(count_names(kinds) + 1, sizeof *listeners->items);
    if (listeners->items) {
        err = open_all(listeners, kinds, options, error, error_size);
    } else {
        snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
        err = BASK_E_NOMEM;
    }
    if (err)
        bask_listeners_close(listeners, !options->given);
    return err;
}

bool
bask_listener_is_gateways(const struct bask_listener *listener)
{
    return !listener->driver->own_date; /* HTTP is spoken by the origin itself */
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
    bask_trust_fini(&listeners->trust);
    *listeners = (struct bask_listeners){0};
}

const char *
bask_listener_protocol(const struct bask_listener *listener)
{
    return listener->driver->name;
}

mode_t
bask_listeners_mode(const struct bask_net_options *options)
{
    mode_t mode;
    return options->socket_mode.ptr && !parse_mode(options->socket_mode, &mode) ? mode : 0;
}
