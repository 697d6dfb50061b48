/*
 * net: requests that are cut off while the application has them. The client is told at once, the
 * request stays readable, and whatever the application says afterwards goes nowhere.
 */
#include "net_fixture.h"

static struct client *
hold(int listener, const char *request)
{
    struct client *client = dial(0, listener);
    assert_true(say(client, request));
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (!fixture.held && bask_clock_us() < end)
        pump(2);
    assert_non_null(fixture.held);
    return client;
}

static void
finish_it(struct bask_req *req)
{
    assert_int_equal(req->io->finish(req), BASK_E_CLOSED);
}

static void
respond_it(struct bask_req *req)
{
    assert_int_equal(req->io->respond(req, plain, 1, BASK_STR("late")), BASK_E_CLOSED);
}

static void
respond_malformed(struct bask_req *req)
{
    assert_int_equal(req->io->respond(req, BASK_STR("x"), 7, BASK_STR("late")), BASK_E_CLOSED);
}

static void
send_file(struct bask_req *req)
{
    assert_int_equal(bask_req_respond_file(req, plain, 1, dup(0), 0, 10), BASK_E_CLOSED);
}

static void
stream_it(struct bask_req *req)
{
    char byte;
    assert_int_equal(req->io->begin(req, plain, 1), BASK_E_CLOSED);
    assert_int_equal(req->io->write(req, BASK_STR("late")), BASK_E_CLOSED);
    assert_int_equal(req->io->read_body(req, &byte, 1), BASK_E_CLOSED);
    assert_true(req->io->descriptor(req) >= 0);
    assert_false(req->io->cut(req, 500));
    finish_it(req);
}

static void
abort_it(struct bask_req *req)
{
    req->io->abort(req, BASK_STR("500 x\r\n"), 0, BASK_STR("failed"));
}

static void (*const ways[])(struct bask_req *) = {
    finish_it, respond_it, respond_malformed, send_file, stream_it, abort_it,
};

static void
before_the_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct client *client = hold(0, "POST /hold HTTP/1.1\r\nHost: a\r\nX-Name: value\r\n"
                                        "Content-Length: 4\r\n\r\nbody");
        struct bask_req *req = fixture.held;
        assert_true(req->io->cut(req, 504));
        hear_end(client);
        assert_memory_equal(text_of(client), "HTTP/1.1 504 Gateway Timeout\r\n", 30);
        assert_string_equal(text_of(client) + client->len - 4, "out\n");
        assert_int_equal(bask_net_late(fixture.net), 1);
        hang_up(client);
        pump(5);
        /* What the application may still be reading. */
        assert_true(is(req, "/hold"));
        assert_true(bask_str_eq(req->pub.body, BASK_STR("body")));
        assert_true(req->cut);
        ways[i](req);
        fixture.held = NULL;
        assert_int_equal(bask_net_late(fixture.net), 0);
        until_connections(0);
    }
}

/* A client that is still sending its body hears of it all the same, and no reset. */
static void
while_the_body_comes(void **state)
{
    (void)state;
    struct client *client = hold(0, "POST /hold HTTP/1.1\r\nHost: a\r\n"
                                    "Content-Length: 1000000\r\n\r\nbody");
    struct bask_req *req = fixture.held;
    assert_true(req->io->cut(req, 504));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(send(client->fd, "more", 4, MSG_NOSIGNAL), 4);
        pump(1);
        if (i == 10)
            finish_it(req);
    }
    hear_end(client);
    assert_memory_equal(text_of(client), "HTTP/1.1 504 Gateway Timeout\r\n", 30);
    assert_int_equal(send(client->fd, "more", 4, MSG_NOSIGNAL), 4);
    fixture.held = NULL;
    hang_up(client);
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (bask_net_connections(fixture.net) && bask_clock_us() < end)
        pump(1);
    assert_int_equal(bask_net_connections(fixture.net), 0);
}

/* A gateway hears of it as a client does. */
static void
gateway_is_told(void **state)
{
    (void)state;
    static const char packet[] = "\0\x27\0\0\x09\0PATH_INFO\x05\0/hold"
                                 "\x0e\0REQUEST_METHOD\x03\0PUT";
    struct client *client = dial(0, 1);
    send(client->fd, packet, sizeof packet - 1, MSG_NOSIGNAL);
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (!fixture.held && bask_clock_us() < end)
        pump(2);
    assert_non_null(fixture.held);
    assert_true(fixture.held->io->cut(fixture.held, 504));
    hear_end(client);
    assert_memory_equal(text_of(client), "HTTP/1.1 504 Gateway Timeout\r\n", 30);
    finish_it(fixture.held);
    fixture.held = NULL;
    hang_up(client);
}

/* What was sent behind it is not answered, and does not turn the end into a reset. */
static void
pipelined_behind_it(void **state)
{
    (void)state;
    struct client *client = hold(0, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"
                                    "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    unsigned answered = fixture.answered;
    assert_true(fixture.held->io->cut(fixture.held, 504));
    finish_it(fixture.held);
    fixture.held = NULL;
    assert_true(say(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    hear_end(client);
    assert_memory_equal(text_of(client), "HTTP/1.1 504 Gateway Timeout\r\n", 30);
    assert_string_equal(text_of(client) + client->len - 4, "out\n");
    assert_int_equal(fixture.answered, answered);
    hang_up(client);
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (bask_net_connections(fixture.net) && bask_clock_us() < end)
        pump(1);
    assert_int_equal(bask_net_connections(fixture.net), 0);
}

static void
head_has_no_body(void **state)
{
    (void)state;
    struct client *client = hold(0, "HEAD /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(fixture.held->io->cut(fixture.held, 503));
    hear_end(client);
    assert_memory_equal(text_of(client), "HTTP/1.1 503 Service Unavailable\r\n", 34);
    assert_string_equal(text_of(client) + client->len - 4, "\r\n\r\n");
    finish_it(fixture.held);
    hang_up(client);
}

/* Where the end of the connection is the end of the body, a reset is the only word for "not all".
 */
static void
after_the_first_byte(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int listener;
        bool reset;
    } rows[] = {
        {"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n", 0, false},
        {"GET /hold HTTP/1.0\r\n\r\n", 0, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct client *client = hold(rows[i].listener, rows[i].request);
        struct bask_req *req = fixture.held;
        assert_int_equal(req->io->begin(req, plain, 1), 0);
        assert_int_equal(req->io->write(req, BASK_STR("first")), 0);
        assert_false(req->io->cut(req, 504));
        hear_end(client);
        assert_int_equal(client->reset, rows[i].reset);
        assert_null(strstr(text_of(client), "504"));
        assert_null(strstr(text_of(client), "\r\n0\r\n"));
        finish_it(req);
        fixture.held = NULL;
        hang_up(client);
    }
}

#define SOME "GET /some HTTP/1.1\r\nHost: a\r\n\r\n"

/* Answers to a burst that a slow client has not taken when the last request of it, which is being
 * answered, is cut off. */
static struct client *
hold_behind_answers(void)
{
    struct client *client =
        hold(0, SOME SOME SOME SOME SOME "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    const struct bask_conn *conn = fixture.held->owner;
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (bask_conn_holds(conn) && bask_clock_us() < end)
        pump(1);
    assert_true(bask_buf_len(&conn->out) > 0);
    return client;
}

static void
answers_before_it_arrive(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct client *client = hold_behind_answers();
        struct bask_req *req = fixture.held;
        assert_true(req->io->cut(req, 504));
        pump(1);
        assert_int_equal(bask_net_late(fixture.net), 0); /* it waits for its client, too */
        if (i)                                           /* the application comes back first */
            finish_it(req);
        hear_end(client);
        assert_int_equal(bask_net_late(fixture.net), !i);
        assert_false(client->reset);
        assert_int_equal(responses(client), 6);
        assert_non_null(strstr(text_of(client), "HTTP/1.1 504 "));
        assert_string_equal(text_of(client) + client->len - 4, "out\n");
        if (!i)
            finish_it(req);
        fixture.held = NULL;
        hang_up(client);
        until_connections(0);
    }
}

static void
answers_before_a_broken_one_arrive(void **state)
{
    (void)state;
    struct client *client = hold_behind_answers();
    struct bask_req *req = fixture.held;
    assert_int_equal(req->io->begin(req, plain, 1), 0);
    assert_int_equal(req->io->write(req, BASK_STR("first")), 0);
    assert_false(req->io->cut(req, 504));
    pump(1);
    assert_int_equal(send(client->fd, SOME, sizeof SOME - 1, MSG_NOSIGNAL), sizeof SOME - 1);
    hear_end(client);
    assert_false(client->reset);
    assert_int_equal(responses(client), 6);
    assert_string_equal(text_of(client) + client->len - 10, "5\r\nfirst\r\n");
    finish_it(req);
    fixture.held = NULL;
    hang_up(client);
    until_connections(0);
}

/* Who takes nothing is waited for no longer than for any other answer. */
static void
answers_before_it_are_not_taken(void **state)
{
    (void)state;
    fixture.options.transfer_ms = 50;
    hold_behind_answers();
    struct bask_req *req = fixture.held;
    struct bask_conn *conn = req->owner;
    assert_true(req->io->cut(req, 504));
    assert_int_equal(conn->step, BASK_STEP_CUT);
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (conn->step == BASK_STEP_CUT && bask_clock_us() < end)
        pump(5);
    assert_int_equal(conn->step, BASK_STEP_APP);
    assert_true(conn->broken);
    finish_it(req);
    fixture.held = NULL;
    until_connections(0);
}

/* How many records of the kind END_REQUEST came; they are whole. */
static unsigned
ends_told(const struct client *client)
{
    const unsigned char *at = (const unsigned char *)text_of(client), *end = at + client->len;
    unsigned ends = 0;
    for (; at < end; at += 8 + (at[4] << 8) + at[5] + at[6]) {
        assert_true(end - at >= 8);
        ends += at[1] == 3;
    }
    assert_true(at == end);
    return ends;
}

/* A gateway takes an answer with an end for a whole one. */
static void
end_of_a_record(void **state)
{
    (void)state;
    static const char request[] = "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0" /* begin, kept */
                                  "\1\4\0\1\0\43\0\0"
                                  "\11\5PATH_INFO/hold\16\3REQUEST_METHODGET"
                                  "\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0";
    const bask_str head = BASK_STR("200 OK\r\nContent-Length: 100000\r\n");
    static const enum bask_step steps[] = {BASK_STEP_APP, BASK_STEP_CUT};
    for (int i = 0; i < 2; i++) {
        struct client *client = dial(0, 2);
        assert_true(say_bytes(client, request, sizeof request));
        int64_t end = bask_clock_us() + PATIENCE_US;
        while (!fixture.held && bask_clock_us() < end)
            pump(2);
        struct bask_req *req = fixture.held;
        assert_non_null(req);
        if (i) {
            assert_int_equal(req->io->begin(req, head, 1), 0);
            assert_int_equal(req->io->write(req, bask_str_n(big, 60000)), 0);
        }
        assert_int_equal(req->io->cut(req, 504), !i);
        assert_int_equal(((struct bask_conn *)req->owner)->step, steps[i]);
        finish_it(req);
        fixture.held = NULL;
        hear_end(client);
        assert_int_equal(ends_told(client), !i);
        assert_false(client->reset);
        hang_up(client);
        until_connections(0);
    }
}

/* A connection that was taken over has heard its last: draining adds no farewell, and finds no
 * client that left. */
static void
stream_that_is_cut_off(void **state)
{
    (void)state;
    static const struct bask_farewells farewells = {
        .done = BASK_STR("done"), .failed = BASK_STR("failed"), .away = BASK_STR("away")};
    struct client *client = hold(0, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    struct bask_req *req = fixture.held;
    const struct bask_conn *conn = req->owner;
    assert_int_equal(req->io->take_over(req, BASK_STR("101 Raw\r\n"), 0, &farewells), 0);
    hear_until(client, "\r\n\r\n");
    assert_false(req->io->cut(req, 504));
    hear_end(client);
    assert_false(client->reset);
    assert_int_equal(bask_net_late(fixture.net), 1);
    bask_net_drain(fixture.net, false);
    assert_false(conn->broken);
    assert_string_equal(text_of(client), "HTTP/1.1 101 Raw\r\n\r\n");
    finish_it(req);
    fixture.held = NULL;
    hang_up(client);
    until_connections(0);
}

static void
freed_while_late(void **state)
{
    (void)state;
    hold(0, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    fixture.held->io->cut(fixture.held, 504);
}

static void
backlog(void **state)
{
    (void)state;
    bask_net_pause(fixture.net, true);
    assert_int_equal(bask_net_backlog(fixture.net), 0);
    struct client *one = dial(0, 0), *two = dial(1, 1);
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (bask_net_backlog(fixture.net) < 2 && bask_clock_us() < end)
        usleep(1000);
    assert_int_equal(bask_net_backlog(fixture.net), 2);
    hang_up(one);
    hang_up(two);
}

/* The request comes when the loop has looked, and before the time-out is seen to. */
static void
request_meets_the_time_out(void **state)
{
    (void)state;
    fixture.options.idle_ms = 50;
    struct client *client = dial(0, 0);
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (!bask_net_connections(fixture.net) && bask_clock_us() < end)
        pump(2);
    usleep(100000);
    bask_loop_timeout(fixture.loop);
    bask_loop_waited(fixture.loop, bask_loop_wait(fixture.loop, 0));
    const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_int_equal(send(client->fd, request, sizeof request - 1, 0), sizeof request - 1);
    for (int i = 0; i < 2; i++) /* the connection can be written to; the time-out */
        bask_net_dispatch(fixture.net);
    hear_until(client, "hello");
    hear_end(client); /* with nothing to say it is closed in time */
    hang_up(client);
}

static int
set_up(void **state)
{
    (void)state;
    fixture_defaults();
    return fixture_open();
}

static int
set_up_fastcgi(void **state)
{
    static struct bask_value name = {.text = BASK_STR("127.0.0.1:0")};
    (void)state;
    fixture_defaults();
    fixture.options.sockets.fastcgi = (struct bask_values){&name, 1};
    fixture.options.sockets.traits.send_buffer = 4096;
    fixture.window = 4096;
    return fixture_open();
}

static int
set_up_slow(void **state)
{
    (void)state;
    fixture_defaults();
    fixture.options.sockets.traits.send_buffer = 4096;
    fixture.window = 4096;
    return fixture_open();
}

static int
tear_down(void **state)
{
    (void)state;
    fixture_close();
    return 0;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_SLOW(name) cmocka_unit_test_setup_teardown(name, set_up_slow, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(before_the_answer),
        TEST(while_the_body_comes),
        TEST(gateway_is_told),
        TEST(pipelined_behind_it),
        TEST(head_has_no_body),
        TEST(after_the_first_byte),
        TEST_SLOW(answers_before_it_arrive),
        TEST_SLOW(answers_before_a_broken_one_arrive),
        TEST_SLOW(answers_before_it_are_not_taken),
        cmocka_unit_test_setup_teardown(end_of_a_record, set_up_fastcgi, tear_down),
        TEST(stream_that_is_cut_off),
        TEST(freed_while_late),
        TEST(backlog),
        TEST(request_meets_the_time_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
