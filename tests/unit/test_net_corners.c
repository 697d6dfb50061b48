/* net/: answers and ends that are easily got wrong. */
#include "net_fixture.h"

#include "proto/rpc.h"

#define HOST " HTTP/1.1\r\nHost: a\r\n"

static int
set_up(void **state)
{
    (void)state;
    fixture_defaults();
    return fixture_open();
}

/* Behind the first byte of a response, 100 (Continue) would be part of it. */
static void
no_continue_inside_a_response(void **state)
{
    (void)state;
    char byte = '-';
    struct client *client = dial(0, 0);
    struct bask_req *req = held_request(
        client, "POST /hold" HOST "Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(req->io->begin(req, plain, 1), 0);
    assert_int_equal(req->io->write(req, BASK_STR("one")), 0);
    assert_int_equal(req->io->read_body(req, &byte, 1), BASK_E_AGAIN);
    hear_until(client, "3\r\none\r\n");
    say(client, "x");
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (req->io->read_body(req, &byte, 1) == BASK_E_AGAIN && bask_clock_us() < end)
        pump(1);
    assert_int_equal(byte, 'x');
    assert_int_equal(req->io->read_body(req, &byte, 0), 0); /* nothing wanted, nothing lost */
    assert_int_equal(req->io->read_body(req, &byte, 1), BASK_E_AGAIN);
    req->io->finish(req);
    hear_until(client, "3\r\none\r\n0\r\n\r\n");
    assert_null(strstr(text_of(client), "Continue"));
}

/* The application reads, fails, and has said nothing: the client learns what was wrong. */
static void
who_reads_too_much_answers_413(void **state)
{
    (void)state;
    fixture.options.body_buffer = 0;
    fixture.options.body_limit = 10;
    struct client *client = dial(0, 0);
    say(client, "POST /count" HOST "Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n");
    until_held();
    say(client, "8\r\n12345678\r\n");
    hear_end(client);
    assert_memory_equal(text_of(client), "HTTP/1.1 413 ", 13);
}

static void
who_reads_what_does_not_come_answers_408(void **state)
{
    (void)state;
    fixture.options.body_buffer = 0;
    fixture.options.transfer_ms = 50;
    struct client *client = dial(0, 0);
    say(client, "POST /count" HOST "Content-Length: 20\r\n\r\nhalf");
    until_held();
    hear_end(client);
    assert_memory_equal(text_of(client), "HTTP/1.1 408 ", 13);
}

static void
close_is_kept_for_an_empty_stream(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    assert_int_equal(req->io->begin(req, BASK_STR("200 OK\r\nConnection: close\r\n"), 1), 0);
    assert_int_equal(req->io->finish(req), 0);
    hear_end(client);
    assert_non_null(strstr(text_of(client), "Content-Length: 0\r\n"));
}

static void
begun_twice(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    assert_int_equal(req->io->begin(req, plain, 1), 0);
    assert_int_equal(req->io->begin(req, plain, 1), 0); /* nothing is on its way: it may change */
    assert_int_equal(req->io->write(req, BASK_STR("one")), 0);
    assert_int_equal(req->io->begin(req, plain, 1), BASK_E_STATE);
    assert_int_equal(req->io->finish(req), 0);
    hear_until(client, "3\r\none\r\n0\r\n\r\n");
    assert_int_equal(responses(client), 1);
}

/* A request that is on its way when draining begins is answered. */
static void
drained_with_a_request_on_its_way(void **state)
{
    (void)state;
    struct client *fresh = dial(0, 0), *used = dial(1, 0);
    say(used, "GET /" HOST "\r\n");
    hear_until(used, "hello");
    until_connections(2);
    say(used, "GET /" HOST "\r\n"); /* in the kernel's hands */
    bask_net_drain(fixture.net, true);
    say(fresh, "GET /" HOST "\r\n");
    hear_until(fresh, "\r\n\r\nhello");
    hear_end(fresh);
    hear_end(used);
    assert_int_equal(responses(used), 2);
    until_connections(0);
}

/* Idle connections make room for others, also where they may stay as long as they want. */
static void
idle_for_ever(void **state)
{
    (void)state;
    fixture_close();
    fixture_defaults();
    fixture.options.idle_ms = 0;
    fixture_open();
    struct client *client = dial(0, 0);
    until_connections(1);
    struct bask_link *idle = &fixture.net->steps[BASK_STEP_IDLE];
    struct bask_conn *conn = BASK_CONTAINER(idle->next, struct bask_conn, link);
    for (int i = 0; i < 5; i++)
        pump(5);
    assert_int_equal(bask_net_connections(fixture.net), 1);
    assert_false(bask_crowd_make_room(fixture.net)); /* it has just come */
    conn->deadline_us -= 6000000;                    /* six seconds have passed */
    assert_true(bask_crowd_make_room(fixture.net));
    hear_end(client);
}

/* It is not waited for for ever. */
static void
drained_with_a_silent_connection(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    until_connections(1);
    bask_net_drain(fixture.net, true);
    hear_end(client);
    until_connections(0);
}

/* Where others serve meanwhile a client may take its time for its last request. */
static void
handed_over(void **state)
{
    (void)state;
    struct client *slow = dial(0, 0), *silent = dial(1, 0);
    say(slow, "GET /" HOST "\r\n");
    hear_until(slow, "hello");
    until_connections(2);
    bask_net_hand_over(fixture.net, false, 900);
    int64_t end = bask_clock_us() + 600000;
    while (bask_clock_us() < end)
        pump(10);
    assert_int_equal(bask_net_connections(fixture.net), 2);
    say(slow, "GET /" HOST "\r\n");
    hear_end(slow);
    assert_int_equal(responses(slow), 2);
    assert_non_null(strstr(text_of(slow), "Connection: close\r\n"));
    hear_end(silent);
    until_connections(0);
}

/* A server that is stopped while it hands over has less time. */
static void
handed_over_and_stopped(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    until_connections(1);
    bask_net_hand_over(fixture.net, false, 3600000);
    bask_net_drain(fixture.net, true);
    bask_net_hand_over(fixture.net, false, 3600000);
    hear_end(client);
    until_connections(0);
}

/* An answer that began before the drain promised to keep the connection. */
static void
drained_inside_an_answer(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\nGET /" HOST "\r\n");
    assert_int_equal(req->io->begin(req, plain, 1), 0);
    assert_int_equal(req->io->write(req, BASK_STR("one")), 0);
    bask_net_drain(fixture.net, false);
    req->io->finish(req);
    hear_end(client);
    assert_int_equal(responses(client), 2);
    assert_non_null(strstr(text_of(client), "0\r\n\r\nHTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(text_of(client), "Connection: close\r\n"));
    until_connections(0);
}

/* A client that was refused and goes on sending does not occupy the loop. */
static void
refused_and_talkative(void **state)
{
    (void)state;
    struct client *talker = dial(0, 0), *other = dial(1, 0);
    say(talker, "BAD\r\n\r\n");
    hear_until(talker, "400 Bad Request\n");
    for (int i = 0; i < 50; i++) {
        while (send(talker->fd, big, sizeof big, MSG_NOSIGNAL) > 0)
            continue;
        if (i == 25)
            say(other, "GET /" HOST "\r\n");
        pump(0);
    }
    hear_until(other, "hello");
}

/* Requests that wait in a buffer do not keep what the kernel reports waiting. */
static void
others_come_first(void **state)
{
    (void)state;
    struct client *greedy = dial(0, 0), *modest = dial(1, 0);
    until_connections(2);
    while (pump(0)) /* the edges of two new connections */
        continue;
    for (int i = 0; i < 100; i++)
        say(greedy, "GET /" HOST "\r\n");
    say(modest, "GET /" HOST "\r\n");
    bask_loop_waited(fixture.loop, bask_loop_wait(fixture.loop, 1000));
    for (int i = 0; i < 3; i++) {
        struct bask_req *req;
        bask_net_dispatch(fixture.net);
        while ((req = bask_pipeline_take(&fixture.pipeline)))
            answer(req);
    }
    assert_int_equal(fixture.answered, 3);
    receive_some(modest);
    assert_int_equal(responses(modest), 1);
}

static int
refuse_head(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    (void)req, (void)head, (void)count, (void)body;
    return BASK_E_SYNTAX;
}

/* There was no memory to change the head as the operator wants it. */
static void
call_whose_answer_cannot_be_sent(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    struct bask_req_io io = *req->io;
    io.respond = refuse_head;
    req->io = &io;
    req->job = (struct bask_job){.size = sizeof req->job, .kind = BASK_JOB_CALL};
    req->form = BASK_RPC_HTTP;
    bask_conn_end_call(req, false, BASK_STR("result"));
    hear_end(client);
    assert_int_equal(client->len, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_end)
    const struct CMUnitTest tests[] = {
        TEST(no_continue_inside_a_response),
        TEST(who_reads_too_much_answers_413),
        TEST(who_reads_what_does_not_come_answers_408),
        TEST(close_is_kept_for_an_empty_stream),
        TEST(begun_twice),
        TEST(drained_with_a_request_on_its_way),
        TEST(idle_for_ever),
        TEST(drained_with_a_silent_connection),
        TEST(handed_over),
        TEST(handed_over_and_stopped),
        TEST(drained_inside_an_answer),
        TEST(refused_and_talkative),
        TEST(others_come_first),
        TEST(call_whose_answer_cannot_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
