/* master/probe and the verdicts of master/vitals: who is ready, who is dead, and what a client is
 * told, whatever it sends. */
#include "test.h"

#include "master/probe.h"

#include <string.h>

static const struct vitals well = {
    .generation = 2, .wanted = 2, .serving = 2, .threads = 4, .loaded = true};

static void
verdicts(void **state)
{
    (void)state;
    static const struct {
        struct vitals vitals;
        const char *unready, *dead;
    } rows[] = {
        {{.serving = 2, .loaded = true}, NULL, NULL},
        {{.serving = 2, .loaded = true, .stuck = 1}, NULL, NULL},
        {{.serving = 2, .loaded = true, .stuck = 2}, "stuck", NULL},
        {{.serving = 2, .loaded = true, .stuck = 1, .silent = 1}, "no sign of life", NULL},
        {{.serving = 2, .loaded = true, .silent = 2}, "no sign of life", "no sign of life"},
        {{.serving = 2, .loaded = true, .paused = true}, "paused", NULL},
        {{.serving = 2, .loaded = true, .stopping = true}, "stopping", NULL},
        {{.serving = 0, .loaded = false}, "loading", NULL},
        {{.serving = 0, .loaded = true}, "no worker serves", NULL},
        {{.serving = 0, .loaded = true, .cheap = true}, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *unready = vitals_unready(&rows[i].vitals), *dead = vitals_dead(&rows[i].vitals);
        assert_str(bask_str_of(unready), bask_str_of(rows[i].unready));
        assert_str(bask_str_of(dead), bask_str_of(rows[i].dead));
    }
}

static bask_str
ask(const char *request)
{
    static char answer[PROBE_ANSWER_MAX];
    bask_str text = bask_str_of(request);
    return bask_str_n(answer, probe_answer(text, 0, &well, answer));
}

#define STARTS(request, expected) assert_true(bask_str_starts(ask(request), BASK_STR(expected)))

static void
questions(void **state)
{
    (void)state;
    STARTS("GET /ready HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n");
    STARTS("GET /ready?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n");
    STARTS("GET /live HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n");
    STARTS("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 404");
    STARTS("GET /readyy HTTP/1.0\r\n\r\n", "HTTP/1.1 404");
    STARTS("POST /ready HTTP/1.0\r\n\r\n", "HTTP/1.1 405");
    STARTS("GET /ready HTTP/1.1\r\n\r\n", "HTTP/1.1 400"); /* no Host */
    STARTS("\x16\x03\x01\x02\r\n\r\n", "HTTP/1.1 400");
    assert_int_equal(ask("GET /ready HTTP/1.0\r\n").len, 0);
    assert_true(bask_str_ends(ask("HEAD /ready HTTP/1.0\r\n\r\n"), BASK_STR("\r\n\r\n")));
    assert_true(
        bask_str_ends(ask("GET /live HTTP/1.0\r\n\r\n"), BASK_STR("oldest request 0 ms\n")));
    bask_str json = ask("GET /live HTTP/1.0\r\nAccept: text/html, application/json\r\n\r\n");
    assert_true(bask_str_ends(json, BASK_STR("\"oldest_request_ms\":0}\n")));
}

/* Every prefix of a head, and heads that never end, have an answer or wait for more. */
static void
pieces_and_floods(void **state)
{
    (void)state;
    static char flood[PROBE_HEAD_MAX];
    static const char request[] = "GET /ready HTTP/1.1\r\nHost: a\r\n\r\n";
    char answer[PROBE_ANSWER_MAX];
    for (size_t len = 1, seen = 0; len < sizeof request; seen = len++) {
        size_t n = probe_answer(bask_str_n(request, len), seen, &well, answer);
        assert_true((n > 0) == (len == sizeof request - 1));
    }
    for (int byte = 0; byte < 256; byte++) {
        memset(flood, byte, sizeof flood);
        assert_true(probe_answer(bask_str_n(flood, sizeof flood), 0, &well, answer) > 0);
        memcpy(flood, "GET /ready HTTP/1.1\r\nHost: a\r\nX: ", 34);
        assert_true(probe_answer(bask_str_n(flood, sizeof flood), 0, &well, answer) > 0);
    }
}

/* The largest numbers fit. */
static void
largest_numbers(void **state)
{
    (void)state;
    struct vitals most;
    char answer[PROBE_ANSWER_MAX];
    memset(&most, 0xff, sizeof most);
    most.cheap = most.loaded = most.paused = most.stopping = true;
    most.oldest_us = INT64_MAX;
    bask_str request = BASK_STR("GET /ready HTTP/1.0\r\nAccept: application/json\r\n\r\n");
    assert_true(probe_answer(request, 0, &most, answer) > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(questions),
        cmocka_unit_test(pieces_and_floods),
        cmocka_unit_test(largest_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
