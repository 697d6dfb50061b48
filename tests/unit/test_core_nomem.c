/*
 * base, req, obs, loop, net: every allocation fails once. The n-th call of malloc, calloc or
 * realloc returns NULL, for all n; the linker's --wrap leads them here. What is asked: no crash, an
 * error or a closed connection, and that all goes well again afterwards. Leaks are left to the
 * sanitizers.
 */
#include "net_fixture.h"

#include "failing_malloc.h"

#include "base/arena.h"
#include "obs/access.h"

static int
buffers(void)
{
    struct bask_buf buf = {0};
    int failures = 0;
    size_t len = 0;
    for (int i = 0; i < 100; i++) {
        int err = bask_buf_append(&buf, bask_str_n(big, 100));
        assert_true(err == 0 || err == BASK_E_NOMEM);
        failures += err != 0;
        len += err ? 0 : 100;
        bask_buf_check(&buf);
        assert_int_equal(bask_buf_len(&buf), len); /* what was there stays */
    }
    bask_buf_fini(&buf);
    return failures;
}

static int
arenas(void)
{
    struct bask_arena arena = {0};
    int failures = 0;
    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 5000; size *= 3) {
            char *memory = bask_arena_alloc(&arena, size);
            failures += !memory;
            if (memory)
                memset(memory, 1, size);
        }
        bask_arena_reset(&arena);
    }
    bask_arena_fini(&arena);
    return failures;
}

static int
requests(void)
{
    static char long_key[3000];
    int failures = 0;
    struct bask_req *req = bask_req_new();
    if (!req)
        return 1;
    memset(long_key, 'k', sizeof long_key);
    for (int i = 0; i < 10; i++) {
        uint32_t count = req->pub.pair_count;
        int err =
            bask_req_add(req, -1, bask_str_n(long_key, sizeof long_key / 10 * (size_t)(i + 1)),
                         BASK_STR("HTTP_"), BASK_STR("v"));
        assert_true(err == 0 || err == BASK_E_NOMEM);
        assert_int_equal(req->pub.pair_count, count + !err);
        failures += err != 0;
    }
    bask_req_free(&req);
    return failures;
}

static int
access_logs(void)
{
    struct bask_access_log *log = bask_access_new(-1, NULL);
    bool failed = !log;
    bask_access_free(&log);
    return failed;
}

static void
ignore(struct bask_io *io, unsigned events)
{
    (void)io;
    (void)events;
}

static int
loops(void)
{
    enum { MANY = 70 };
    int ends[MANY][2], failures = 0;
    struct bask_io ios[MANY];
    bool added[MANY];
    struct bask_loop *loop = bask_loop_new();
    if (!loop)
        return 1;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(pipe(ends[i]), 0);
        ios[i] = (struct bask_io){.fd = ends[i][0], .on_event = ignore};
        added[i] = !bask_loop_add(loop, &ios[i], BASK_IO_LEVEL);
        failures += !added[i];
    }
    for (int i = 0; i < MANY; i++) {
        if (added[i])
            bask_loop_remove(loop, &ios[i]);
        close(ends[i][0]);
        close(ends[i][1]);
    }
    bask_loop_free(&loop);
    return failures;
}

#define HOST " HTTP/1.1\r\nHost: a\r\nX-Unknown: y\r\n"

/* Speaks, and turns the loop until the answer is complete or the connection is closed. */
static int
converse(const char *head, size_t body, const char *end)
{
    struct client *client = dial(0, 0);
    int64_t limit = bask_clock_us() + PATIENCE_US;
    size_t len = strlen(end);
    bool complete = false;
    if (say(client, head))
        say_bytes(client, big, body);
    while (!client->ended && !complete && bask_clock_us() < limit) {
        pump(1);
        receive_some(client);
        complete = client->len >= len && !memcmp(text_of(client) + client->len - len, end, len);
    }
    if (!client->ended && !complete)
        fail_msg("neither answered nor closed: \"%.200s\"", text_of(client));
    hang_up(client);
    until_connections(0);
    fixture.held = NULL;
    fixture.counting = false;
    return !complete;
}

static int
networks(void)
{
    int failures = 0;
    fixture_defaults();
    if (fixture_open()) {
        fixture_close();
        return 1;
    }
    failures += converse("GET /" HOST "\r\nGET /empty" HOST "\r\nGET /" HOST "\r\n", 0, "hello");
    failures += converse("POST /count" HOST "Content-Length: 5000\r\n\r\n", 5000, "5000 490000");
    failures +=
        converse("POST /count" HOST "Content-Length: 70000\r\n\r\n", 70000, "70000 6860000");
    failures +=
        converse("POST /count" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\naa\r\n0\r\n\r\nGET "
                 "/stream" HOST "\r\n",
                 0, "3\r\ntwo\r\n0\r\n\r\n");
    failures += converse("GET /%61" HOST "\r\nGET /big" HOST "\r\nGET /" HOST "\r\n", 0, "hello");
    failures += converse("BAD\r\n\r\n", 0, "400 Bad Request\n");
    fixture_close();
    return failures;
}

static void
every_allocation(int (*scenario)(void), int at_least)
{
    int n = 0;
    for (bool reached = true; reached;) {
        countdown = ++n;
        int failures = scenario();
        reached = countdown == 0;
        countdown = 0;
        if (!reached)
            assert_int_equal(failures, 0);
        else if (failures == 0)
            print_message("allocation %d failed unnoticed\n", n); /* there was another way */
    }
    assert_true(n > at_least); /* the hook is really in place */
}

static void
in_base(void **state)
{
    (void)state;
    every_allocation(buffers, 4);
    every_allocation(arenas, 3);
}

static void
in_req_and_obs(void **state)
{
    (void)state;
    every_allocation(requests, 4);
    every_allocation(access_logs, 1);
}

static void
in_loop(void **state)
{
    (void)state;
    every_allocation(loops, 3);
}

static void
in_net(void **state)
{
    (void)state;
    every_allocation(networks, 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_base),
        cmocka_unit_test(in_req_and_obs),
        cmocka_unit_test(in_loop),
        cmocka_unit_test(in_net),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
