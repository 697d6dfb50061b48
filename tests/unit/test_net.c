/*
 * net/ over the loopback: how bytes become requests, whatever pieces they come in, and what clients
 * see of answers, limits, time-outs and draining.
 */
#include "net_fixture.h"

#define HOST " HTTP/1.1\r\nHost: a\r\n"

static int
set_up(void **state)
{
    (void)state;
    fixture_defaults();
    return fixture_open();
}

/* Input, the end of what the client hears, how many responses, and whether the server closes. */
static const struct exchange {
    const char *name, *input, *end;
    unsigned responses;
    bool closed;
} exchanges[] = {
    {"one", "GET /" HOST "\r\n", "\r\n\r\nhello", 1, false},
    {"keep-alive", "GET /" HOST "\r\nGET /stream" HOST "\r\n", "3\r\ntwo\r\n0\r\n\r\n", 2, false},
    {"pipelined",
     "GET /" HOST "\r\nGET /length" HOST "\r\nGET /stream" HOST "\r\nGET /big" HOST
     "\r\nGET /empty" HOST "\r\nGET /" HOST "\r\n",
     "hello", 6, false},
    {"close", "GET /" HOST "Connection: close\r\n\r\nGET /" HOST "\r\n", "hello", 1, true},
    {"1.0", "GET / HTTP/1.0\r\n\r\n", "hello", 1, true},
    {"1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
     "hello", 2, true},
    {"1.0 stream", "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "onetwo", 1, true},
    {"HEAD", "HEAD /" HOST "\r\nHEAD /stream" HOST "\r\nHEAD /length" HOST "\r\nGET /" HOST "\r\n",
     "hello", 4, false},
    {"empty", "GET /empty" HOST "\r\n", "Content-Length: 0\r\n\r\n", 1, false},
    {"in place", "POST /echo" HOST "Content-Length: 4\r\n\r\nbodyGET /" HOST "\r\n", "hello", 2,
     false},
    {"chunked",
     "POST /echo" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: "
     "r\r\n\r\nGET /" HOST "\r\nPOST /echo" HOST
     "Transfer-Encoding: chunked\r\n\r\n1\r\nX\r\n0\r\n\r\n",
     "\r\n\r\nX", 3, false},
    {"chunked, read",
     "POST /count" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\n\1\1\1\r\n0\r\n\r\n", "3 3", 1,
     false},
    {"abort", "GET /abort" HOST "\r\nGET /" HOST "\r\n", "hello", 2, false},
    {"abort late", "GET /abort-late" HOST "\r\nGET /" HOST "\r\n", "3\r\none\r\n", 1, true},
    {"bad head", "BAD\r\n\r\n", "400 Bad Request\n", 1, true},
    {"bad chunk", "POST /echo" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
     "400 Bad Request\n", 1, true},
    {"bad behind good", "GET /" HOST "\r\nGET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 Bad Request\n",
     2, true},
};

static void
check(const struct exchange *exchange, size_t piece)
{
    struct client *client = dial(0, 0);
    size_t len = strlen(exchange->input);
    for (size_t at = 0; at < len; at += piece) {
        if (!say_bytes(client, exchange->input + at, piece < len - at ? piece : len - at))
            break;
        if (piece < len)
            pump(0);
        receive_some(client);
    }
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (responses(client) < exchange->responses && !client->ended && bask_clock_us() < end) {
        pump(2);
        receive_some(client);
    }
    hear_until(client, exchange->end);
    if (exchange->closed)
        hear_end(client);
    if (responses(client) != exchange->responses)
        fail_msg("%s in pieces of %zu: %u responses, \"%.200s\"", exchange->name, piece,
                 responses(client), text_of(client));
    pump(0);
    receive_some(client);
    if (client->ended != exchange->closed)
        fail_msg("%s in pieces of %zu: closed: %d", exchange->name, piece, client->ended);
    hang_up(client);
    until_connections(0);
}

static void
whole_and_split(void **state)
{
    (void)state;
    static const size_t pieces[] = {SIZE_MAX / 2, 1, 2, 7, 40};
    for (size_t i = 0; i < COUNT(exchanges); i++)
        for (size_t k = 0; k < COUNT(pieces); k++)
            check(&exchanges[i], pieces[k]);
}

/* Bodies on both sides of every border: of the input buffer, of what is buffered, of a read. */
static void
bodies(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 4000, 4096, 5000, 65535, 65536, 65537, 70000, 1000000};
    char head[200], expected[64];
    struct client *client = dial(0, 0);
    for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
        size_t size = sizes[i / 2];
        bool chunked = i % 2;
        client->len = 0;
        int n = chunked ? snprintf(head, sizeof head,
                                   "POST /count" HOST "Transfer-Encoding: chunked\r\n\r\n")
                        : snprintf(head, sizeof head,
                                   "POST /count" HOST "Content-Length: %zu\r\n\r\n", size);
        assert_true(say_bytes(client, head, (size_t)n));
        for (size_t done = 0, step; done < size; done += step) {
            step = chunked && size - done > 777 ? 777 : size - done;
            n = snprintf(head, sizeof head, "%zx\r\n", step);
            assert_true(!chunked || say_bytes(client, head, (size_t)n));
            assert_true(say_bytes(client, big + done, step));
            assert_true(!chunked || say(client, "\r\n"));
        }
        assert_true(!chunked || say(client, "0\r\n\r\n"));
        snprintf(expected, sizeof expected, "\r\n\r\n%zu %zu", size, size * 'b');
        hear_until(client, expected);
    }
    hang_up(client);
    until_connections(0);
}

static void
unread_body(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    say(client, "POST /refuse" HOST "Content-Length: 1000000\r\n\r\n");
    say_bytes(client, big, 100000);
    hear_until(client, "hello");
    assert_non_null(strstr(text_of(client), "Connection: close\r\n"));
    say_bytes(client, big, 100000);
    hear_end(client);
    assert_false(client->reset); /* the answer would be lost with it */
    hang_up(client);
    until_connections(0);
}

static void
continues(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    /* Small or large: the application reads first. */
    say(client, "POST /count" HOST "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    hear_until(client, "HTTP/1.1 100 Continue\r\n\r\n");
    say(client, "aaaa");
    hear_until(client, "\r\n\r\n4 388");
    client->len = 0;
    say(client, "POST /count" HOST "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    hear_until(client, "HTTP/1.1 100 Continue\r\n\r\n");
    say(client, "4\r\naaaa\r\n0\r\n\r\n");
    hear_until(client, "\r\n\r\n4 388");
    client->len = 0;
    say(client, "POST /count" HOST "Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n");
    hear_until(client, "HTTP/1.1 100 Continue\r\n\r\n");
    say_bytes(client, big, 100000);
    hear_until(client, "100000 9800000");
    client->len = 0;
    /* Nobody waits for a body that the application does not want. */
    say(client, "POST /refuse" HOST "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    hear_until(client, "hello");
    assert_null(strstr(text_of(client), "Continue"));
    hear_end(client);
}

/* Nor is one that has begun to send asked to begin. */
static void
no_continue_where_none_waits(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    say(client, "POST /echo" HOST "Content-Length: 4\r\nExpect: 100-continue\r\n\r\nb");
    until_connections(1);
    pump(20);
    say(client, "ody");
    hear_until(client, "\r\n\r\nbody");
    say(client, "POST /echo" HOST "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n");
    hear_until(client, "Content-Length: 0\r\n\r\n");
    assert_null(strstr(text_of(client), "Continue"));
}

/* --http-manage-expect: asked at once, and the application gets the body whole. */
static void
continues_at_once(void **state)
{
    (void)state;
    fixture.options.http.manage_expect = 5;
    struct client *client = dial(0, 0);
    say(client, "POST /echo" HOST "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    hear_until(client, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(fixture.answered, 0);
    say(client, "body");
    hear_until(client, "\r\n\r\nbody");
    client->len = 0;
    say(client, "POST /echo" HOST "Content-Length: 6\r\nExpect: 100-continue\r\n\r\n");
    hear_end(client);
    assert_non_null(strstr(text_of(client), "HTTP/1.1 413 "));
    assert_null(strstr(text_of(client), "Continue"));
}

static void
limits(void **state)
{
    (void)state;
    static char head[20000];
    fixture.options.body_limit = 1000;
    struct client *client = dial(0, 0);
    say(client, "POST /echo" HOST "Content-Length: 1001\r\n\r\n");
    hear_until(client, "413 Content Too Large\n");
    hear_end(client);
    hang_up(client);
    client = dial(0, 0);
    say(client, "POST /echo" HOST "Transfer-Encoding: chunked\r\n\r\n");
    say(client, "3e9\r\n");
    say_bytes(client, big, 1001);
    hear_until(client, "413 Content Too Large\n");
    hear_end(client);
    hang_up(client);
    client = dial(0, 0);
    memset(head, 'h', sizeof head);
    say(client, "GET /" HOST "X: ");
    say_bytes(client, head, sizeof head);
    hear_until(client, "431 Request Header Fields Too Large\n");
    hear_end(client);
    hang_up(client);
    until_connections(0);
}

/* A client that does not read costs a buffer; what it gets in the end is complete. */
static void
slow_reader(void **state)
{
    (void)state;
    struct client *slow = dial(0, 0), *other = dial(1, 0);
    say(slow, "GET /big" HOST "\r\nGET /" HOST "\r\n");
    until_connections(2);
    for (int i = 0; i < 20; i++)
        pump(1);
    say(other, "GET /" HOST "\r\n");
    hear_until(other, "hello");
    hear_until(slow, "\r\n\r\nhello");
    assert_int_equal(responses(slow), 2);
    assert_true(slow->len > BIG_BYTES);
}

static void
time_outs(void **state)
{
    (void)state;
    fixture.options.idle_ms = fixture.options.head_ms = fixture.options.transfer_ms = 30;
    struct client *client = dial(0, 0);
    hear_end(client); /* said nothing */
    assert_int_equal(client->len, 0);
    hang_up(client);
    client = dial(0, 0);
    say(client, "GET /" HOST);
    hear_until(client, "408 Request Timeout\n");
    hear_end(client);
    hang_up(client);
    client = dial(0, 0);
    say(client, "POST /echo" HOST "Content-Length: 10\r\n\r\nabc");
    hear_until(client, "408 Request Timeout\n");
    hear_end(client);
    hang_up(client);
    client = dial(0, 0);
    say(client, "GET /" HOST "\r\n");
    hear_until(client, "hello");
    hear_end(client); /* idle */
    hang_up(client);
    client = dial(0, 0);
    say(client, "GET /big" HOST "\r\nGET /big" HOST "\r\nGET /big" HOST "\r\n");
    int64_t end = bask_clock_us() + PATIENCE_US;
    for (bool open = false; bask_clock_us() < end; pump(5)) { /* reads nothing */
        open = open || bask_net_connections(fixture.net) == 1;
        if (open && bask_net_connections(fixture.net) == 0)
            break;
    }
    hear_end(client);
    assert_true(client->len < 3 * BIG_BYTES);
    until_connections(0);
}

/* A request that the application holds has no time limit; the client may leave meanwhile. */
static void
held(void **state)
{
    (void)state;
    fixture.options.idle_ms = fixture.options.head_ms = fixture.options.transfer_ms = 20;
    struct client *client = dial(0, 0);
    say(client, "GET /hold" HOST "\r\nGET /" HOST "\r\n");
    until_held();
    int64_t end = bask_clock_us() + 100000;
    while (bask_clock_us() < end)
        pump(5);
    assert_int_equal(client->len, 0);
    respond_text(fixture.held, BASK_STR("held"));
    hear_until(client, "hello");
    assert_int_equal(responses(client), 2);
    hang_up(client);
    fixture.held = NULL;
    until_connections(0);
    client = dial(0, 0);
    say(client, "GET /hold" HOST "\r\n");
    until_held();
    hang_up(client);
    pump(20);
    assert_int_equal(bask_net_connections(fixture.net), 1);
    respond_text(fixture.held, bask_str_n(big, sizeof big));
    until_connections(0);
}

static void
write_after_leaving(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    say(client, "GET /hold" HOST "\r\n");
    until_held();
    struct bask_req *req = fixture.held;
    struct linger now = {.l_onoff = 1};
    assert_int_equal(req->io->begin(req, plain, 1), 0);
    assert_int_equal(req->io->write(req, BASK_STR("x")), 0);
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    hang_up(client); /* a reset */
    int err = 0;
    int64_t end = bask_clock_us() + PATIENCE_US;
    for (; err != BASK_E_CLOSED && bask_clock_us() < end; pump(1))
        err = req->io->write(req, bask_str_n(big, 100000));
    assert_int_equal(err, BASK_E_CLOSED);
    assert_int_equal(req->io->write(req, BASK_STR("y")), BASK_E_CLOSED);
    assert_int_equal(req->io->finish(req), BASK_E_CLOSED);
    until_connections(0);
}

static void
back_pressure(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    say(client, "GET /hold" HOST "Connection: close\r\n\r\n");
    until_held();
    struct bask_req *req = fixture.held;
    unsigned pieces = 0;
    int err = 0;
    assert_int_equal(req->io->begin(req, BASK_STR("200 OK\r\n"), 0), 0);
    while (pieces < 1000 && !(err = req->io->write(req, bask_str_n(big, 100000))))
        pieces++;
    assert_int_equal(err, BASK_E_AGAIN); /* long before 100 MB */
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (req->io->write(req, (bask_str){0}) == BASK_E_AGAIN && bask_clock_us() < end) {
        pump(1);
        receive_some(client);
        client->len = client->len > RECEIVED_MAX / 2 ? 0 : client->len;
    }
    assert_int_equal(req->io->finish(req), 0);
    while (!client->ended && bask_clock_us() < end) {
        pump(1);
        receive_some(client);
        if (client->len > RECEIVED_MAX / 2) {
            memcpy(text_of(client), text_of(client) + client->len - 64, 64);
            client->len = 64;
        }
    }
    assert_memory_equal(text_of(client) + client->len - 7, "\r\n0\r\n\r\n", 7);
}

static void
malformed_head(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    say(client, "GET /hold" HOST "\r\n");
    until_held();
    struct bask_req *req = fixture.held;
    assert_int_equal(req->io->respond(req, BASK_STR("200 OK\r\nA: b\r\nC: d\r\n"), 1, plain),
                     BASK_E_SYNTAX);
    assert_int_equal(req->io->begin(req, BASK_STR("200 OK\n"), 0), BASK_E_SYNTAX);
    pump(5);
    receive_some(client);
    assert_int_equal(client->len, 0); /* nothing was sent, it is still open */
    respond_text(req, BASK_STR("held"));
    hear_until(client, "\r\n\r\nheld");
}

static void
short_and_long(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    say(client, "GET /hold" HOST "\r\nGET /hold" HOST "\r\n");
    until_held();
    struct bask_req *req = fixture.held;
    fixture.held = NULL;
    assert_int_equal(
        req->io->respond(req, BASK_STR("200 OK\r\nContent-Length: 4\r\n"), 1, BASK_STR("longer")),
        0);
    hear_until(client, "\r\n\r\nlong");
    until_held();
    req = fixture.held;
    req->io->respond(req, BASK_STR("200 OK\r\nContent-Length: 9\r\n"), 1, BASK_STR("short"));
    hear_end(client);
    assert_memory_equal(text_of(client) + client->len - 9, "\r\n\r\nshort", 9);
}

static void
files(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    for (int i = 0; i < 300000; i++)
        fprintf(file, "%09d\n", i);
    fflush(file);
    struct client *client = dial(0, 0);
    static const struct {
        int64_t offset, length;
    } ranges[] = {{0, 3000000}, {5, 10}, {0, 0}, {2999999, 1}};
    for (size_t i = 0; i < COUNT(ranges); i++) {
        client->len = 0;
        say(client, "GET /hold" HOST "\r\n");
        until_held();
        struct bask_req *req = fixture.held;
        fixture.held = NULL;
        assert_int_equal(bask_req_respond_file(req, plain, 1, dup(fileno(file)), ranges[i].offset,
                                               ranges[i].length),
                         0);
        say(client, "GET /" HOST "\r\n");
        hear_until(client, "\r\n\r\nhello");
        const char *body = strstr(text_of(client), "\r\n\r\n") + 4;
        assert_memory_equal(body + ranges[i].length, "HTTP/1.1 200 ", 13);
        for (int64_t k = 0; k < ranges[i].length; k++) {
            char row[16];
            snprintf(row, sizeof row, "%09d\n", (int)((ranges[i].offset + k) / 10));
            assert_int_equal(body[k], row[(ranges[i].offset + k) % 10]);
        }
    }
    client->len = 0;
    say(client, "GET /hold" HOST "\r\n");
    until_held(); /* the file is shorter than promised: the client can tell */
    struct bask_req *req = fixture.held;
    bask_req_respond_file(req, plain, 1, dup(fileno(file)), 2999990, 100);
    hear_end(client);
    assert_non_null(strstr(text_of(client), "Content-Length: 100\r\n"));
    fclose(file);
}

static void
half_close(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    say(client, "GET /big" HOST "\r\nGET /" HOST "\r\n");
    while (shutdown(client->fd, SHUT_WR))
        pump(1);
    hear_end(client);
    assert_int_equal(responses(client), 2);
    assert_memory_equal(text_of(client) + client->len - 5, "hello", 5);
    until_connections(0);
}

static void
drains(void **state)
{
    (void)state;
    struct client *busy = dial(0, 0), *idle = dial(1, 0);
    say(idle, "GET /" HOST "\r\n");
    hear_until(idle, "hello");
    say(busy, "GET /hold" HOST "\r\n");
    until_held();
    bask_net_drain(fixture.net, true);
    bask_net_drain(fixture.net, true);
    hear_end(idle);
    assert_int_equal(bask_net_connections(fixture.net), 1);
    respond_text(fixture.held, BASK_STR("held"));
    hear_until(busy, "\r\n\r\nheld");
    assert_non_null(strstr(text_of(busy), "Connection: close\r\n"));
    hear_end(busy);
    until_connections(0);
}

static void
freed_with_everything_open(void **state)
{
    (void)state;
    struct client *a = dial(0, 0), *b = dial(1, 0);
    say(a, "POST /echo" HOST "Content-Length: 1000\r\n\r\nabc");
    say(b, "GET /hold" HOST "\r\nGET /" HOST "\r\n");
    until_held();
    bask_net_free(&fixture.net);
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (!(a->ended && b->ended) && bask_clock_us() < end) {
        usleep(1000);
        receive_some(a);
        receive_some(b);
    }
    assert_true(a->ended && b->ended);
}

static const struct {
    const char *bytes;
    size_t len;
    const char *end;
} packets[] = {
#define P(bytes, end)                                                                              \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, end                                                              \
    }
    P("\0\x1b\0\0\x09\0PATH_INFO\x06\0/reply\x04\0ABCD\0\0", "\r\n\r\nhello"),
    P("\0\x2f\0\0\x09\0PATH_INFO\x05\0/echo\x0e\0CONTENT_LENGTH\x01\0"
      "3\x02\0AB\x04\0abcdXYZtail",
      "\r\n\r\nXYZ"),
    P("\0\x09\0\0\x09\0PATH_INFO", ""), /* malformed: a length over the end */
    P("\x64\0\0\0", "\x64\0\0\1"),      /* ping */
    P("\x05\0\0\0", ""),                /* another modifier */
    P("GET / HTTP/1.1\r\n\r\n", ""),    /* the wrong protocol */
#undef P
};

static void
uwsgi_packets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(packets); i++)
        for (size_t piece = 1; piece < 100; piece += 33) {
            struct client *client = dial(0, 1);
            for (size_t at = 0; at < packets[i].len; at += piece) {
                size_t left = packets[i].len - at;
                if (!say_bytes(client, packets[i].bytes + at, piece < left ? piece : left))
                    break;
                pump(0);
            }
            hear_end(client);
            size_t len = i == 3 ? 4 : strlen(packets[i].end);
            assert_true(client->len >= len && (len || !client->len));
            assert_memory_equal(text_of(client) + client->len - len, packets[i].end, len);
            hang_up(client);
            until_connections(0);
        }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_end)
    const struct CMUnitTest tests[] = {
        TEST(whole_and_split),
        TEST(bodies),
        TEST(unread_body),
        TEST(continues),
        TEST(no_continue_where_none_waits),
        TEST(continues_at_once),
        TEST(limits),
        TEST(slow_reader),
        TEST(time_outs),
        TEST(held),
        TEST(back_pressure),
        TEST(write_after_leaving),
        TEST(malformed_head),
        TEST(short_and_long),
        TEST(files),
        TEST(half_close),
        TEST(drains),
        TEST(freed_with_everything_open),
        TEST(uwsgi_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
