/*
 * The floor: the least C that answers the same requests with the same bytes as Bask.
 *
 *   bare PORT [BYTES]
 *
 * One thread, one epoll, the project's own parser. A GET is answered with BYTES bytes of "Hello,
 * World!", over and over (13 if not given: once); a request with a body is answered with that body.
 * It has no timers, limits, log or application: what a server costs above it is what those cost.
 *
 * Level-triggered: one recv() a request, where edge-triggered needs a second to see EAGAIN.
 * A fixed response lies ready in one piece; only its date changes, in place, once a second.
 * A chunked body, a head or body that outgrows the buffer, and a bad head close the connection.
 */
#include "proto/date.h"
#include "proto/http1.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_START "HTTP/1.1 200 OK\r\nDate: "
#define HEAD_MIDDLE "\r\nContent-Type: text/plain\r\nContent-Length: "
#define HEAD_MAX 256
#define IN_MAX 16384
#define EVENTS 64

/* in: [0, used) received; [0, seen) known to hold no complete head. out: what send() refused. */
struct conn {
    int fd;
    size_t used;
    size_t seen;
    const char *out;
    size_t out_len;
    char in[IN_MAX];
    char echo[HEAD_MAX + IN_MAX];
};

static int poller;
static char date[BASK_DATE_LEN];
static time_t date_second;
static char *fixed; /* the whole response to a GET */
static size_t fixed_len;
static struct bask_http1_head head;

static void
die(const char *what)
{
    perror(what);
    exit(1);
}

static size_t
write_head(char *out, size_t length)
{
    return (size_t)snprintf(out, HEAD_MAX, HEAD_START "%.*s" HEAD_MIDDLE "%zu\r\n\r\n",
                            BASK_DATE_LEN, date, length);
}

static void
make_fixed(size_t bytes)
{
    static const char hello[] = "Hello, World!";
    const size_t period = sizeof(hello) - 1;

    fixed = malloc(HEAD_MAX + bytes);
    if (!fixed)
        die("malloc");
    fixed_len = write_head(fixed, bytes);
    for (size_t i = 0; i < bytes; i++)
        fixed[fixed_len++] = hello[i % period];
}

static void
refresh_date(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == date_second)
        return;
    date_second = now.tv_sec;
    bask_date_write(date, date_second);
    if (fixed)
        memcpy(fixed + sizeof(HEAD_START) - 1, date, BASK_DATE_LEN);
}

static void
watch(struct conn *c, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};

    if (epoll_ctl(poller, operation, c->fd, &event) < 0)
        die("epoll_ctl");
}

static void
drop(struct conn *c)
{
    close(c->fd);
    free(c);
}

/* False: the connection is gone. What the socket refuses waits in c->out. */
static bool
flush(struct conn *c, const char *ptr, size_t len)
{
    ssize_t sent = send(c->fd, ptr, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0 && errno != EAGAIN)
        return false;
    if (sent < 0)
        sent = 0;
    c->out = ptr + sent;
    c->out_len = len - (size_t)sent;
    return true;
}

static bool
answer(struct conn *c, const char *body, size_t length)
{
    if (length == 0)
        return flush(c, fixed, fixed_len);
    size_t head_len = write_head(c->echo, length);
    memcpy(c->echo + head_len, body, length);
    return flush(c, c->echo, head_len + length);
}

/* Answers the requests that are complete, until one cannot be sent whole. False: close. */
static bool
serve(struct conn *c)
{
    size_t at = 0;

    while (at < c->used && c->out_len == 0) {
        int length = bask_http1_parse(c->in + at, c->used - at, c->seen, &head);
        if (length == -2) {
            c->seen = c->used - at;
            break;
        }
        c->seen = 0;
        if (length < 0 || head.chunked || head.content_length > IN_MAX)
            return false;
        size_t body = (size_t)head.content_length;
        if (c->used - at - (size_t)length < body)
            break;
        if (!answer(c, c->in + at + length, body) || !head.keep_alive)
            return false;
        at += (size_t)length + body;
    }
    c->used -= at;
    if (c->used && at)
        memmove(c->in, c->in + at, c->used);
    return true;
}

static bool
on_readable(struct conn *c)
{
    ssize_t got = recv(c->fd, c->in + c->used, IN_MAX - c->used, MSG_DONTWAIT);

    if (got <= 0)
        return got < 0 && errno == EAGAIN && c->used < IN_MAX;
    c->used += (size_t)got;
    if (!serve(c))
        return false;
    if (c->out_len)
        watch(c, EPOLL_CTL_MOD, EPOLLOUT);
    return true;
}

static bool
on_writable(struct conn *c)
{
    if (!flush(c, c->out, c->out_len))
        return false;
    if (c->out_len)
        return true;
    if (!serve(c))
        return false;
    if (c->out_len == 0)
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
    return true;
}

static void
accept_all(int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *c = malloc(sizeof(*c));
        if (!c)
            die("malloc");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->fd = fd;
        c->used = c->seen = c->out_len = 0;
        watch(c, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static int
listen_on(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1024) < 0)
        die("listen");
    return fd;
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: bare PORT [BYTES]\n", stderr);
        return 2;
    }
    int listener = listen_on((uint16_t)atoi(argv[1]));
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0)
        die("epoll");
    refresh_date();
    make_fixed(argc > 2 ? (size_t)atol(argv[2]) : 13);

    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(poller, events, EVENTS, -1);

        refresh_date();
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (!c)
                accept_all(listener);
            else if (!(events[i].events & EPOLLOUT ? on_writable(c) : on_readable(c)))
                drop(c);
        }
    }
}
