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

/* What listening cannot do without is an error, what only makes it better is not. */
static int
set_traits(int fd, int family, const struct bask_sock_traits *traits)
{
    const struct {
        int level, name, value;
        bool wanted, needed;
    } rows[] = {
        /* Accepted sockets inherit it. */
        {IPPROTO_TCP, TCP_NODELAY, 1, family != AF_UNIX, false},
        {SOL_SOCKET, SO_REUSEADDR, 1, family != AF_UNIX, false},
        {IPPROTO_IPV6, IPV6_V6ONLY, 1, family == AF_INET6, false},
        {SOL_SOCKET, SO_REUSEPORT, 1, family != AF_UNIX && traits->reuse_port, true},
        {IPPROTO_IP, IP_FREEBIND, 1, family != AF_UNIX && traits->freebind, true},
        {SOL_SOCKET, SO_KEEPALIVE, 1, family != AF_UNIX && traits->keep_alive, true},
        {SOL_SOCKET, SO_SNDBUF, (int)traits->send_buffer, traits->send_buffer > 0, true},
        {SOL_SOCKET, SO_RCVBUF, (int)traits->receive_buffer, traits->receive_buffer > 0, true},
        {IPPROTO_TCP, TCP_FASTOPEN, (int)traits->fast_open,
         family != AF_UNIX && traits->fast_open > 0, true},
        {IPPROTO_TCP, TCP_DEFER_ACCEPT, (int)((traits->defer_ms + 999) / 1000),
         family != AF_UNIX && traits->defer_ms > 0, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].wanted &&
            setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value, sizeof rows[i].value) &&
            rows[i].needed)
            return BASK_E_SYSTEM;
    return BASK_OK;
}

int
bask_sock_listen_as(const struct bask_sockaddr *addr, const struct bask_sock_traits *traits,
                    int backlog, int *ret_fd, char *error, size_t error_size)
{
    int family = addr->u.any.sa_family;
    const char *step = "socket";
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        goto failed;
    if (family == AF_UNIX)
        remove_stale(addr);
    step = "setsockopt";
    if (set_traits(fd, family, traits))
        goto failed;
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
bask_sock_listen(const struct bask_sockaddr *addr, int backlog, int *ret_fd, char *error,
                 size_t error_size)
{
    const struct bask_sock_traits usual = {0};
    return bask_sock_listen_as(addr, &usual, backlog, ret_fd, error, error_size);
}

static int
take_given(struct bask_sock_given *given)
{
    int fd = given->fd;
    given->fd = -1;
    return fd;
}

int
bask_sock_take_noting(struct bask_sock_givens *givens, bask_str name, bool *ret_borrowed)
{
    for (size_t i = 0; givens && i < givens->count; i++)
        if (givens->items[i].fd >= 0 && bask_str_eq(givens->items[i].name, name)) {
            *ret_borrowed = givens->items[i].borrowed;
            return take_given(&givens->items[i]);
        }
    return -1;
}

int
bask_sock_take(struct bask_sock_givens *givens, bask_str name)
{
    bool borrowed;
    return bask_sock_take_noting(givens, name, &borrowed);
}

int
bask_sock_take_number(struct bask_sock_givens *givens, int fd)
{
    for (size_t i = 0; givens && i < givens->count; i++)
        if (fd >= 0 && givens->items[i].fd == fd)
            return take_given(&givens->items[i]);
    return -1;
}

static bool
is_any_ip6(const struct bask_sockaddr *addr)
{
    return addr->u.any.sa_family == AF_INET6 &&
           memcmp(&addr->u.in6.sin6_addr, &in6addr_any, sizeof in6addr_any) == 0;
}

/* Whether connections to `wanted` arrive at the socket: "any IPv6" is mostly "any IPv4", too. */
static bool
listens_on(int fd, const struct bask_sockaddr *wanted)
{
    struct bask_sockaddr own = {.length = sizeof own.u};
    int only = 1;
    socklen_t size = sizeof only;
    if (getsockname(fd, &own.u.any, &own.length))
        return false;
    if (wanted->u.any.sa_family == AF_UNIX)
        return own.u.any.sa_family == AF_UNIX && own.length == wanted->length &&
               memcmp(&own.u, &wanted->u, own.length) == 0;
    if (wanted->u.any.sa_family == AF_INET && is_any_ip6(&own))
        return wanted->u.in4.sin_addr.s_addr == htonl(INADDR_ANY) &&
               own.u.in6.sin6_port == wanted->u.in4.sin_port &&
               !getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) && !only;
    if (own.u.any.sa_family != wanted->u.any.sa_family)
        return false;
    if (wanted->u.any.sa_family == AF_INET)
        return own.u.in4.sin_port == wanted->u.in4.sin_port &&
               own.u.in4.sin_addr.s_addr == wanted->u.in4.sin_addr.s_addr;
    return own.u.in6.sin6_port == wanted->u.in6.sin6_port &&
           memcmp(&own.u.in6.sin6_addr, &wanted->u.in6.sin6_addr, sizeof in6addr_any) == 0;
}

int
bask_sock_take_bound(struct bask_sock_givens *givens, const struct bask_sockaddr *addr)
{
    for (size_t i = 0; givens && i < givens->count; i++)
        if (givens->items[i].fd >= 0 && listens_on(givens->items[i].fd, addr))
            return take_given(&givens->items[i]);
    return -1;
}

/* Standard files stay standard files: the socket gets another number. */
static int
leave_standard_file(int fd)
{
    int other = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0) {
        dup2(nothing, fd);
        close(nothing);
    }
    return other;
}

bool
bask_sock_is_listening(int fd)
{
    int listens = 0;
    socklen_t size = sizeof listens;
    return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) && listens;
}

int
bask_sock_adopt(int fd, int backlog, int *ret_fd, char *error, size_t error_size)
{
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) || type != SOCK_STREAM) {
        snprintf(error, error_size, "descriptor %d is no stream socket that is open", fd);
        return BASK_E_SYSTEM;
    }
    if (!bask_sock_is_listening(fd) && listen(fd, backlog)) {
        snprintf(error, error_size, "descriptor %d: listen: %s", fd, strerror(errno));
        return BASK_E_SYSTEM;
    }
    if (fd <= STDERR_FILENO)
        fd = leave_standard_file(fd);
    if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC)) {
        snprintf(error, error_size, "a descriptor: %s", strerror(errno));
        return BASK_E_SYSTEM;
    }
    bask_sock_never_block(fd);
    *ret_fd = fd;
    return BASK_OK;
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

int
bask_sock_flush(int fd, struct bask_buf *out, int flags)
{
    while (bask_buf_len(out)) {
        bask_str rest = bask_buf_view(out);
        ssize_t n = send(fd, rest.ptr, rest.len, MSG_NOSIGNAL | MSG_DONTWAIT | flags);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? BASK_E_AGAIN : BASK_E_SYSTEM;
        bask_buf_consume(out, (size_t)n);
    }
    return BASK_OK;
}
