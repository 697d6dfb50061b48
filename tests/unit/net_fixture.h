/*
 * A worker's network in one thread: real listening sockets and real clients on the loopback, a loop
 * that is turned by hand, and an application in C. Nothing here allocates.
 *
 * The application answers by path:
 *   /reply      responds at once with "hello"
 *   /big        responds at once with BIG_BYTES bytes, /some with SOME_BYTES
 *   /stream     begins, writes "one" and "two", finishes
 *   /length     begins with Content-Length: 6, writes "one" and "two", finishes
 *   /empty      begins and finishes
 *   /echo       responds with the body that is there
 *   /count      reads the whole body, piece by piece, and responds with its size and sum
 *   /refuse     responds without reading the body
 *   /abort      aborts before anything was sent; /abort-late after the first write
 *   /hold       keeps the request until the test answers it
 */
#pragma once

#include "test.h"

#include "base/err.h"
#include "net/conn.h"
#include "sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_US = 20000000, BIG_BYTES = 3000000, SOME_BYTES = 3000, RECEIVED_MAX = 16 << 20 };

static struct fixture {
    struct bask_net_options options;
    struct bask_value http_name, uwsgi_name;
    struct bask_listeners listeners;
    struct bask_loop *loop;
    struct bask_pipeline pipeline;
    struct bask_net *net;
    struct bask_req *held; /* by /hold or, while it waits for more, /count */
    bool counting;
    uint64_t body_bytes, body_sum;
    unsigned answered;
    int window; /* bytes that clients want to have on their way; 0: as usual */
} fixture;

static char big[BIG_BYTES];

static const bask_str plain = BASK_STR("200 OK\r\nContent-Type: text/plain\r\n");

static inline int
fixture_open(void)
{
    char error[256];
    fixture.http_name.text = BASK_STR("127.0.0.1:0");
    fixture.uwsgi_name.text = BASK_STR("127.0.0.1:0");
    fixture.options.http_sockets = (struct bask_values){&fixture.http_name, 1};
    fixture.options.uwsgi_sockets = (struct bask_values){&fixture.uwsgi_name, 1};
    bask_net_options_settle(&fixture.options);
    int err = bask_listeners_open(&fixture.listeners, &fixture.options, error, sizeof error);
    if (err)
        return err;
    bask_pipeline_init(&fixture.pipeline);
    fixture.loop = bask_loop_new();
    if (fixture.loop)
        fixture.net = bask_net_new(fixture.loop, &fixture.pipeline, &fixture.options,
                                   &fixture.listeners, NULL, false);
    if (!fixture.net)
        return BASK_E_NOMEM;
    bask_net_pause(fixture.net, false);
    return BASK_OK;
}

static inline void
fixture_close(void)
{
    bask_net_free(&fixture.net);
    bask_loop_free(&fixture.loop);
    bask_listeners_close(&fixture.listeners, true);
    fixture = (struct fixture){0};
}

static inline void
fixture_defaults(void)
{
    fixture = (struct fixture){.options = {
                                   .backlog = 64,
                                   .head_bytes = 16384,
                                   .body_buffer = 65536,
                                   .idle_ms = 60000,
                                   .head_ms = 60000,
                                   .transfer_ms = 60000,
                                   .clients = {.keepalive = 1, .fields = 128},
                               }};
    memset(big, 'b', sizeof big);
}

static inline void
respond_text(struct bask_req *req, bask_str text)
{
    fixture.answered++;
    req->io->respond(req, plain, 1, text);
}

/* Goes on reading a body; answers when it has ended, aborts when it is broken. */
static inline void
count_body(struct bask_req *req)
{
    char piece[3000], text[64];
    for (;;) {
        ssize_t n = req->io->read_body(req, piece, sizeof piece);
        if (n == BASK_E_AGAIN && !(n = req->io->waits(req, POLLIN)))
            return;
        fixture.counting = false;
        fixture.held = NULL;
        if (n < 0) {
            snprintf(text, sizeof text, "error %d", (int)n);
            req->io->abort(req, BASK_STR("400 Bad Request\r\n"), 0, bask_str_of(text));
            return;
        }
        if (n == 0) {
            snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64, fixture.body_bytes,
                     fixture.body_sum);
            respond_text(req, bask_str_of(text));
            return;
        }
        fixture.counting = true;
        fixture.held = req;
        for (ssize_t i = 0; i < n; i++)
            fixture.body_sum += (unsigned char)piece[i];
        fixture.body_bytes += (uint64_t)n;
    }
}

static inline void
start_count(struct bask_req *req)
{
    fixture.counting = true;
    fixture.held = req;
    fixture.body_bytes = req->pub.body.len;
    fixture.body_sum = 0;
    for (size_t i = 0; i < req->pub.body.len; i++)
        fixture.body_sum += (unsigned char)req->pub.body.ptr[i];
    count_body(req);
}

static inline void
stream(struct bask_req *req, bask_str head, unsigned count, bool abort_late)
{
    fixture.answered++;
    if (req->io->begin(req, head, count)) {
        req->io->abort(req, (bask_str){0}, 0, (bask_str){0});
        return;
    }
    req->io->write(req, BASK_STR("one"));
    if (abort_late) {
        req->io->abort(req, BASK_STR("500 x\r\n"), 0, BASK_STR("failed"));
        return;
    }
    req->io->write(req, BASK_STR("two"));
    req->io->finish(req);
}

static inline bool
is(const struct bask_req *req, const char *path)
{
    return bask_str_eq(req->pub.path, bask_str_of(path));
}

static inline void
answer(struct bask_req *req)
{
    if (is(req, "/big")) {
        respond_text(req, bask_str_n(big, sizeof big));
    } else if (is(req, "/some")) {
        respond_text(req, bask_str_n(big, SOME_BYTES));
    } else if (is(req, "/stream") || is(req, "/abort-late")) {
        stream(req, plain, 1, is(req, "/abort-late"));
    } else if (is(req, "/length")) {
        stream(req, BASK_STR("200 OK\r\nContent-Length: 6\r\n"), 1, false);
    } else if (is(req, "/empty")) {
        fixture.answered++;
        if (req->io->begin(req, plain, 1))
            req->io->abort(req, (bask_str){0}, 0, (bask_str){0});
        else
            req->io->finish(req);
    } else if (is(req, "/echo")) {
        respond_text(req, req->pub.body);
    } else if (is(req, "/count")) {
        start_count(req);
    } else if (is(req, "/abort")) {
        req->io->abort(req, BASK_STR("500 x\r\n"), 0, BASK_STR("failed"));
    } else if (is(req, "/hold")) {
        fixture.held = req;
    } else {
        respond_text(req, BASK_STR("hello"));
    }
}

/* One turn of the loop, waiting at most wait_ms. False if nothing was to be done. */
static inline bool
pump(int wait_ms)
{
    bool did = false;
    int timeout = bask_loop_timeout(fixture.loop);
    timeout = timeout < 0 || timeout > wait_ms ? wait_ms : timeout;
    bask_loop_waited(fixture.loop, bask_loop_wait(fixture.loop, timeout));
    for (int i = 0; i < 100000 && bask_net_dispatch(fixture.net); i++) {
        struct bask_req *req;
        did = true;
        while ((req = bask_pipeline_take(&fixture.pipeline)))
            answer(req);
        if (fixture.counting && fixture.held)
            count_body(fixture.held);
    }
    if (fixture.counting && fixture.held)
        count_body(fixture.held);
    return did;
}

/* A client and all that it has received. */
struct client {
    int fd;
    bool ended; /* the server closed; `reset` if not politely */
    bool reset;
    size_t len;
};

static char received[2][RECEIVED_MAX + 1]; /* of the client with this index */
static struct client clients[2];

static inline struct client *
dial(int index, int listener)
{
    struct client *client = &clients[index];
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    addr.sin_port = htons((uint16_t)atoi(fixture.listeners.items[listener].port));
    *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    received[index][0] = '\0';
    assert_true(client->fd >= 0);
    if (fixture.window)
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &fixture.window, sizeof fixture.window);
    if (connect(client->fd, (struct sockaddr *)&addr, sizeof addr))
        assert_int_equal(errno, EINPROGRESS);
    return client;
}

static inline void
hang_up(struct client *client)
{
    close(client->fd);
    client->fd = -1;
}

static inline char *
text_of(const struct client *client)
{
    return received[client - clients];
}

static inline void
receive_some(struct client *client)
{
    char *text = text_of(client);
    while (!client->ended && client->len < RECEIVED_MAX) {
        ssize_t n = recv(client->fd, text + client->len, RECEIVED_MAX - client->len, 0);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            break;
        client->ended = n <= 0;
        client->reset = n < 0;
        client->len += n > 0 ? (size_t)n : 0;
    }
    text[client->len] = '\0';
}

/* Sends all of it, turning the loop while the socket is full; false if the server has left. */
static inline bool
say_bytes(struct client *client, const char *bytes, size_t len)
{
    int64_t end = bask_clock_us() + PATIENCE_US;
    for (size_t done = 0; done < len && bask_clock_us() < end;) {
        ssize_t n = send(client->fd, bytes + done, len - done, MSG_NOSIGNAL);
        if (n > 0)
            done += (size_t)n;
        else if (errno != EAGAIN && errno != ENOTCONN)
            return false;
        else
            pump(1);
        if (done == len)
            return true;
    }
    return len == 0;
}

static inline bool
say(struct client *client, const char *text)
{
    return say_bytes(client, text, strlen(text));
}

/* How many responses came so far. */
static inline unsigned
responses(const struct client *client)
{
    unsigned count = 0;
    for (const char *at = text_of(client); (at = strstr(at, "HTTP/1.1 ")); at++)
        count++;
    return count;
}

/* Turns the loop until `text` stands at the end of what came, or the server closes. */
static inline void
hear_until(struct client *client, const char *text)
{
    int64_t end = bask_clock_us() + PATIENCE_US;
    size_t len = strlen(text);
    do {
        receive_some(client);
        if (client->len >= len && memcmp(text_of(client) + client->len - len, text, len) == 0)
            return;
        pump(client->ended ? 0 : 2);
    } while (!client->ended && bask_clock_us() < end);
    fail_msg("expected ...\"%s\", found \"%.300s\"", text, text_of(client));
}

static inline void
hear_end(struct client *client)
{
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (!client->ended && bask_clock_us() < end) {
        receive_some(client);
        pump(2);
    }
    if (!client->ended)
        fail_msg("not closed after \"%.300s\"", text_of(client));
}

/* Turns the loop until the server has `count` connections. */
static inline void
until_connections(size_t count)
{
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (bask_net_connections(fixture.net) != count && bask_clock_us() < end)
        pump(2);
    assert_int_equal(bask_net_connections(fixture.net), count);
}

static inline void
until_held(void)
{
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (!fixture.held && bask_clock_us() < end)
        pump(2);
    assert_non_null(fixture.held);
}

/* Says what an application is to be asked; the request, while it is inside. */
static inline struct bask_req *
held_request(struct client *client, const char *head)
{
    say(client, head);
    until_held();
    struct bask_req *req = fixture.held;
    fixture.held = NULL;
    return req;
}

/* What a test leaves behind: a tear-down. */
static inline int
fixture_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(clients); i++)
        if (clients[i].fd > 0)
            hang_up(&clients[i]);
    memset(clients, 0, sizeof clients);
    fixture_close();
    return 0;
}
