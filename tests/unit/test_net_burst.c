/*
 * net/: bursts of pipelined requests. Answers that are ready leave in one write (RFC 9112 9.3.2:
 * in the order of their requests), and none waits for a slow one behind it.
 */
#include "net_fixture.h"

#include <sys/uio.h>

#define HOST " HTTP/1.1\r\nHost: a\r\n"
#define GET(path) "GET " path HOST "\r\n"
#define GET_4(path) GET(path) GET(path) GET(path) GET(path)
#define GET_16(path) GET_4(path) GET_4(path) GET_4(path) GET_4(path)

static unsigned writes; /* of the server; the clients here say all they have in one */

ssize_t __real_send(int fd, const void *buffer, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *buffer, size_t size, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

static bool
is_client(int fd)
{
    return fd == clients[0].fd || fd == clients[1].fd;
}

ssize_t
__wrap_send(int fd, const void *buffer, size_t size, int flags)
{
    writes += !is_client(fd);
    return __real_send(fd, buffer, size, flags);
}

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    writes += !is_client(fd);
    return __real_sendmsg(fd, message, flags);
}

static int
set_up(void **state)
{
    (void)state;
    fixture_defaults();
    writes = 0;
    return fixture_open();
}

/* All that was said arrives together: the server meets it when it looks for the first time. */
static struct client *
burst(const char *requests)
{
    struct client *client = dial(0, 0);
    assert_true(say(client, requests));
    return client;
}

static void
until_responses(struct client *client, unsigned count)
{
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (receive_some(client), responses(client) < count && bask_clock_us() < end)
        pump(1);
    assert_int_equal(responses(client), count);
}

static void
one_write(void **state)
{
    (void)state;
    struct client *client = burst(GET_16("/"));
    hear_until(client, "hello");
    assert_int_equal(responses(client), 16);
    assert_int_equal(writes, 1);
}

static void
no_body_of_another_answer_between(void **state)
{
    (void)state;
    struct client *client = burst("HEAD /" HOST "\r\nPOST /echo" HOST
                                  "Content-Length: 3\r\n\r\nabc" GET("/") "HEAD /" HOST "\r\n");
    until_responses(client, 4);
    assert_int_equal(writes, 1);
    const char *echo = strstr(text_of(client), "\r\n\r\nabcHTTP/1.1 200 OK");
    assert_non_null(echo);
    assert_non_null(strstr(echo, "\r\n\r\nhelloHTTP/1.1 200 OK"));
}

/* The answer does not wait for that of the request behind it. */
static void
slow_one_behind(void **state)
{
    (void)state;
    struct client *client = burst(GET("/") GET("/") GET("/hold") GET("/"));
    hear_until(client, "hello");
    assert_int_equal(responses(client), 2);
    assert_int_equal(writes, 1);
    until_held();
    respond_text(fixture.held, BASK_STR("at last"));
    until_responses(client, 4);
    assert_non_null(strstr(text_of(client), "at lastHTTP/1.1"));
}

/* Nor for the rest of it. */
static void
half_a_request_behind(void **state)
{
    (void)state;
    struct client *client = burst(GET("/") "GET / HT");
    hear_until(client, "hello");
    assert_int_equal(responses(client), 1);
    say(client, "TP/1.1\r\nHost: a\r\n\r\nPOST /echo" HOST "Content-Length: 4\r\n\r\nab");
    until_responses(client, 2);
    say(client, "cd");
    hear_until(client, "abcd");
}

static void
close_in_the_middle(void **state)
{
    (void)state;
    struct client *client = burst(GET("/") "GET /" HOST "Connection: close\r\n\r\n" GET("/"));
    hear_end(client);
    assert_int_equal(responses(client), 2);
    assert_int_equal(writes, 1);
    assert_false(client->reset);
}

static void
garbage_behind(void **state)
{
    (void)state;
    struct client *client = burst(GET("/") GET("/") "garbage\r\n\r\n");
    hear_end(client);
    assert_int_equal(responses(client), 3);
    assert_non_null(strstr(text_of(client), "helloHTTP/1.1 400 "));
    assert_int_equal(writes, 1);
    assert_false(client->reset);
}

static void
body_too_large_behind(void **state)
{
    (void)state;
    fixture.options.body_limit = 10;
    struct client *client = burst(GET("/") "POST /" HOST "Content-Length: 11\r\n\r\n");
    hear_end(client);
    assert_non_null(strstr(text_of(client), "helloHTTP/1.1 413 "));
    assert_int_equal(writes, 1);
}

/* Streams, and bodies that fill a buffer, keep their places. */
static void
each_kind(void **state)
{
    (void)state;
    struct client *client = burst(GET("/") GET("/stream") GET("/") GET("/length") GET("/empty")
                                      GET("/big") GET("/") GET("/abort") GET("/"));
    until_responses(client, 9);
    hear_until(client, "hello");
    const char *at = text_of(client);
    for (const char *const *part =
             (const char *const[]){"helloHTTP", "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\nHTTP",
                                   "helloHTTP", "\r\n\r\nonetwoHTTP", "Length: 0\r\n\r\nHTTP",
                                   "\r\n\r\nbbb", "bbbHTTP", "helloHTTP", "\r\n\r\nfailedHTTP",
                                   "\r\n\r\nhello", NULL};
         *part; part++) {
        at = strstr(at, *part);
        if (!at)
            fail_msg("%s is missing", *part);
    }
}

static void
aborted_behind(void **state)
{
    (void)state;
    struct client *client = burst(GET("/") GET("/abort-late"));
    hear_end(client);
    assert_int_equal(responses(client), 2);
    assert_non_null(strstr(text_of(client), "helloHTTP"));
}

/* Aborted without a word: what was answered before it still arrives. */
static void
dropped_behind(void **state)
{
    (void)state;
    struct client *client = burst(GET("/") GET("/hold"));
    until_held();
    fixture.held->io->abort(fixture.held, (bask_str){0}, 0, (bask_str){0});
    hear_end(client);
    assert_int_equal(responses(client), 1);
    assert_non_null(strstr(text_of(client), "hello"));
}

static void
half_closed(void **state)
{
    (void)state;
    struct client *client = burst(GET_16("/"));
    shutdown(client->fd, SHUT_WR);
    hear_end(client);
    assert_int_equal(responses(client), 16);
    assert_false(client->reset);
}

/* A client that asks and asks and reads nothing costs a buffer of one size. */
static void
asks_and_does_not_read(void **state)
{
    (void)state;
    enum { ROUNDS = 4000 };
    struct client *client = dial(0, 0);
    for (int i = 0; i < ROUNDS; i++)
        assert_true(say(client, GET_16("/")));
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (fixture.answered < 16 * ROUNDS && bask_clock_us() < end) {
        receive_some(client);
        pump(1);
    }
    hear_until(client, "hello");
    assert_int_equal(responses(client), 16 * ROUNDS);
}

static void
draining_in_a_burst(void **state)
{
    (void)state;
    struct client *client = burst(GET("/") GET("/hold") GET("/"));
    until_held();
    bask_net_drain(fixture.net, true);
    respond_text(fixture.held, BASK_STR("held"));
    hear_end(client);
    assert_int_equal(responses(client), 2);
    assert_non_null(strstr(text_of(client), "Connection: close\r\n\r\nheld"));
}

/* 112 answers are less than what is held, and more than a full socket takes. */
#define GET_112(path)                                                                              \
    GET_16(path) GET_16(path) GET_16(path) GET_16(path) GET_16(path) GET_16(path) GET_16(path)

/* A client whose socket is full, of bytes that are no answers. */
static struct client *
dial_full(void)
{
    static char filler[10000];
    const int small = 1;
    struct client *client = dial(0, 0);
    memset(filler, '.', sizeof filler);
    until_connections(1);
    struct bask_conn *conn =
        BASK_CONTAINER(fixture.net->steps[BASK_STEP_IDLE].next, struct bask_conn, link);
    assert_int_equal(setsockopt(conn->io.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    while (__real_send(conn->io.fd, filler, sizeof filler, 0) > 0)
        continue;
    return client;
}

/* What is held when the client ends within a request was asked for all the same. */
static void
half_closed_within_a_request(void **state)
{
    (void)state;
    struct client *client = dial_full();
    assert_true(say(client, GET_112("/") "GET / HT"));
    shutdown(client->fd, SHUT_WR);
    for (int i = 0; i < 20; i++)
        pump(1);
    hear_end(client);
    assert_int_equal(responses(client), 112);
    assert_false(client->reset);
}

/* A client that has said all is still to read the last answer: what it said in vain is read before
 * the end, or that would be a reset. */
static void
half_closed_behind_the_last_request(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    assert_true(say(client, "GET /hold" HOST "Connection: close\r\n\r\n"));
    until_held();
    for (int i = 0; i < 100; i++)
        assert_true(say(client, GET_16("/")));
    shutdown(client->fd, SHUT_WR);
    pump(1);
    respond_text(fixture.held, BASK_STR("hello"));
    hear_end(client);
    assert_int_equal(responses(client), 1);
    assert_false(client->reset);
}

/* An answer that breaks off takes none along that was given before it. */
static void
aborted_behind_what_waits(void **state)
{
    (void)state;
    struct client *client = dial_full();
    assert_true(say(client, GET_112("/") GET("/hold") "POST / HTTP/1.1\r\n"));
    until_held();
    pump(1);
    struct bask_req *req = fixture.held;
    fixture.held = NULL;
    assert_int_equal(req->io->begin(req, plain, 1), 0);
    req->io->write(req, BASK_STR("one"));
    req->io->abort(req, BASK_STR("500 x\r\n"), 0, BASK_STR("failed"));
    hear_end(client);
    assert_int_equal(responses(client), 113);
    assert_false(client->reset);
    assert_non_null(strstr(text_of(client), "\r\n3\r\none\r\n"));
    assert_null(strstr(text_of(client), "\r\n0\r\n"));
}

/* Nothing is held for the sake of an answer that others come before. */
static void
others_between(void **state)
{
    (void)state;
    struct client *client = dial(0, 0), *other = dial(1, 0);
    assert_true(say(client, GET("/hold") GET("/")));
    until_held();
    assert_true(say(other, GET("/")));
    while (!bask_pipeline_queued(&fixture.pipeline)) {
        bask_loop_waited(fixture.loop, bask_loop_wait(fixture.loop, 1));
        bask_net_dispatch(fixture.net);
    }
    respond_text(fixture.held, BASK_STR("hello"));
    assert_int_equal(writes, 1);
    until_responses(other, 1);
    until_responses(client, 2);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_end)
    const struct CMUnitTest tests[] = {
        TEST(one_write),
        TEST(no_body_of_another_answer_between),
        TEST(slow_one_behind),
        TEST(half_a_request_behind),
        TEST(close_in_the_middle),
        TEST(garbage_behind),
        TEST(body_too_large_behind),
        TEST(each_kind),
        TEST(aborted_behind),
        TEST(dropped_behind),
        TEST(half_closed),
        TEST(asks_and_does_not_read),
        TEST(draining_in_a_burst),
        TEST(half_closed_within_a_request),
        TEST(half_closed_behind_the_last_request),
        TEST(aborted_behind_what_waits),
        TEST(others_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
