/* Parsing, binding and describing socket addresses. Knows nothing of what is spoken on them. */
#include "sys/sock.h"

#include "base/err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int
parse_local(bask_str text, struct bask_sockaddr *ret_addr, char *error, size_t error_size)
{
    struct sockaddr_un *local = &ret_addr->u.local;
    if (text.len >= sizeof local->sun_path) {
        snprintf(error, error_size, "the path of a unix socket has at most %zu bytes",
                 sizeof local->sun_path - 1);
        return BASK_E_SYNTAX;
    }
    *local = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(local->sun_path, text.ptr, text.len);
    ret_addr->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + text.len + 1);
    if (text.ptr[0] == '@') {
        /* The abstract name is exactly the bytes after a NUL; it has no NUL at its end. */
        local->sun_path[0] = '\0';
        ret_addr->length--;
    }
    return BASK_OK;
}

static int
parse_port(bask_str text, in_port_t *ret_port)
{
    long long port;
    if (bask_str_to_i64(text, &port) || port > 65535)
        return BASK_E_SYNTAX;
    *ret_port = htons((uint16_t)port);
    return BASK_OK;
}

static int
resolve(const char *host, struct bask_sockaddr *ret_addr, char *error, size_t error_size)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
    int failure = getaddrinfo(host, NULL, &hints, &found);
    if (failure) {
        snprintf(error, error_size, "unknown host %s: %s", host, gai_strerror(failure));
        return BASK_E_NOTFOUND;
    }
    memcpy(&ret_addr->u, found->ai_addr, found->ai_addrlen);
    ret_addr->length = found->ai_addrlen;
    freeaddrinfo(found);
    return BASK_OK;
}

static int
parse_host(bask_str host, struct bask_sockaddr *ret_addr, char *error, size_t error_size)
{
    char text[256];
    if (host.len >= sizeof text) {
        snprintf(error, error_size, "the host name is too long");
        return BASK_E_SYNTAX;
    }
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    if (host.len == 0 || inet_pton(AF_INET, text, &ret_addr->u.in4.sin_addr) == 1) {
        ret_addr->u.in4.sin_family = AF_INET;
        ret_addr->length = sizeof ret_addr->u.in4;
        return BASK_OK;
    }
    size_t last = host.len - 1;
    if (text[0] == '[' && text[last] == ']') {
        text[last] = '\0';
        if (inet_pton(AF_INET6, text + 1, &ret_addr->u.in6.sin6_addr) != 1) {
            snprintf(error, error_size, "%s] is not an IPv6 address", text);
            return BASK_E_SYNTAX;
        }
        ret_addr->u.in6.sin6_family = AF_INET6;
        ret_addr->length = sizeof ret_addr->u.in6;
        return BASK_OK;
    }
    return resolve(text, ret_addr, error, error_size);
}

int
bask_sock_parse(bask_str text, struct bask_sockaddr *ret_addr, char *error, size_t error_size)
{
    struct bask_sockaddr addr = {0};
    const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    long long number_alone;
    int err;
    if (text.len == 0) {
        snprintf(error, error_size, "expected host:port, :port, [ipv6]:port, a path or @name");
        return BASK_E_SYNTAX;
    }
    if (bask_str_to_i64(text, &number_alone) == BASK_OK) {
        snprintf(error, error_size, "a port needs a colon before it: \":%.*s\"", BASK_FMT(text));
        return BASK_E_SYNTAX;
    }
    if (!colon || text.ptr[0] == '/' || text.ptr[0] == '@' || text.ptr[0] == '.') {
        err = parse_local(text, &addr, error, error_size);
    } else {
        bask_str host = bask_str_n(text.ptr, (size_t)(colon - text.ptr));
        bask_str port = bask_str_n(colon + 1, text.len - host.len - 1);
        in_port_t number;
        if (parse_port(port, &number)) {
            snprintf(error, error_size, "\"%.*s\" is not a port from 0 to 65535", BASK_FMT(port));
            return BASK_E_SYNTAX;
        }
        err = parse_host(host, &addr, error, error_size);
        if (addr.u.any.sa_family == AF_INET6)
            addr.u.in6.sin6_port = number;
        else
            addr.u.in4.sin_port = number;
    }
    if (!err)
        *ret_addr = addr;
    return err;
}

/* A socket file that refuses connections is a leftover of a server that is gone. */
static void
remove_stale(const struct bask_sockaddr *addr)
{
    struct stat status;
    const char *path = addr->u.local.sun_path;
    if (path[0] == '\0' || lstat(path, &status) || !S_ISSOCK(status.st_mode))
        return;
    /* Non-blocking: a server that is alive may be too busy to accept. */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, &addr->u.any, addr->length) && errno == ECONNREFUSED)
        unlink(path);
    close(fd);
}

int
bask_sock_listen(const struct bask_sockaddr *addr, int backlog, int *ret_fd, char *error,
                 size_t error_size)
{
    int on = 1, family = addr->u.any.sa_family;
    const char *step = "socket";
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        goto failed;
    if (family == AF_UNIX) {
        remove_stale(addr);
    } else {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        /* Accepted sockets inherit it. */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    step = "bind";
    if (bind(fd, &addr->u.any, addr->length))
        goto failed;
    step = "listen";
    if (listen(fd, backlog))
        goto failed;
    *ret_fd = fd;
    return BASK_OK;

failed:
    snprintf(error, error_size, "%s: %s", step, strerror(errno));
    if (fd >= 0)
        close(fd);
    return BASK_E_SYSTEM;
}

int
bask_sock_take(struct bask_sock_givens *givens, bask_str name)
{
    for (size_t i = 0; givens && i < givens->count; i++) {
        struct bask_sock_given *given = &givens->items[i];
        if (given->fd < 0 || !bask_str_eq(given->name, name))
            continue;
        int fd = given->fd;
        given->fd = -1;
        return fd;
    }
    return -1;
}

void
bask_sock_never_block(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && !(flags & O_NONBLOCK))
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void
bask_sock_describe(const struct bask_sockaddr *addr, struct bask_sock_name *ret_name)
{
    in_port_t port = 0;
    ret_name->addr[0] = ret_name->port[0] = '\0';
    if (addr->u.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &addr->u.in4.sin_addr, ret_name->addr, sizeof ret_name->addr);
        port = addr->u.in4.sin_port;
    } else if (addr->u.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &addr->u.in6.sin6_addr, ret_name->addr, sizeof ret_name->addr);
        port = addr->u.in6.sin6_port;
    } else {
        return;
    }
    snprintf(ret_name->port, sizeof ret_name->port, "%u", ntohs(port));
}

int
bask_sock_backlog_limit(void)
{
    int limit = SOMAXCONN;
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
    if (file) {
        if (fscanf(file, "%d", &limit) != 1)
            limit = SOMAXCONN;
        fclose(file);
    }
    return limit;
}
