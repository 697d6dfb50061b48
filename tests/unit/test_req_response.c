/*
 * req/response: what an application's head may say, how the end of a body is told, what the server
 * adds, and the account of bytes promised and given.
 */
#include "test.h"

#include "base/err.h"
#include "req/response.h"

static const bask_str date = BASK_STR("Date: D\r\n");

enum { N = BASK_FRAMING_NONE, L = BASK_FRAMING_LENGTH, C = BASK_FRAMING_CHUNKED };
enum { X = BASK_FRAMING_CLOSE };

/* What the request allows. */
static const struct bask_response_traits http11 = {.keep_alive = true, .chunked = true};
static const struct bask_response_traits http10 = {.http_1_0 = true, .chunked = true};
static const struct bask_response_traits http10_alive = {
    .keep_alive = true, .http_1_0 = true, .chunked = true};
static const struct bask_response_traits head11 = {
    .is_head = true, .keep_alive = true, .chunked = true};
static const struct bask_response_traits closing = {.chunked = true};
static const struct bask_response_traits gateway = {.keep_alive = false};
static const struct bask_response_traits dated = {
    .keep_alive = true, .chunked = true, .own_date = true};

static const struct row {
    const struct bask_response_traits *traits;
    const char *head;
    unsigned count;
    int64_t known;
    int framing;
    bool keep_alive;
    const char *added; /* by the server */
} rows[] = {
    /* the length is known */
    {&http11, "200 OK\r\n", 0, 5, L, true, "Content-Length: 5\r\n\r\n"},
    {&http11, "200 OK\r\n", 0, 0, L, true, "Content-Length: 0\r\n\r\n"},
    {&http11, "200 OK\r\n", 0, INT64_MAX, L, true, "Content-Length: 9223372036854775807\r\n\r\n"},
    {&http11, "200 OK\r\nContent-Length: 5\r\n", 1, 5, L, true, "\r\n"},
    {&http11, "200 OK\r\ncontent-LENGTH:\t 7 \r\n", 1, -1, L, true, "\r\n"},
    {&http10, "200 OK\r\n", 0, 5, L, false, "Content-Length: 5\r\nConnection: close\r\n\r\n"},
    {&http10_alive, "200 OK\r\n", 0, 5, L, true,
     "Content-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
    {&closing, "200 OK\r\n", 0, 5, L, false, "Content-Length: 5\r\nConnection: close\r\n\r\n"},
    {&dated, "200 OK\r\n", 0, 5, L, true, "Date: D\r\nContent-Length: 5\r\n\r\n"},
    {&dated, "200 OK\r\nDATE: x\r\n", 1, 5, L, true, "Content-Length: 5\r\n\r\n"},
    /* it is not */
    {&http11, "200 OK\r\n", 0, -1, C, true, "Transfer-Encoding: chunked\r\n\r\n"},
    {&http10, "200 OK\r\n", 0, -1, X, false, "Connection: close\r\n\r\n"},
    {&http10_alive, "200 OK\r\n", 0, -1, X, false, "Connection: close\r\n\r\n"},
    {&gateway, "200 OK\r\n", 0, -1, X, false, "Connection: close\r\n\r\n"},
    {&closing, "200 OK\r\n", 0, -1, C, false,
     "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"},
    /* the application speaks of the connection */
    {&http11, "200 OK\r\nConnection: close\r\n", 1, 5, L, false, "Content-Length: 5\r\n\r\n"},
    {&http11, "200 OK\r\nconnection:CLOSE\r\n", 1, -1, C, false,
     "Transfer-Encoding: chunked\r\n\r\n"},
    {&http11, "200 OK\r\nConnection: keep-alive\r\n", 1, 5, L, true, "Content-Length: 5\r\n\r\n"},
    {&closing, "200 OK\r\nConnection: keep-alive\r\n", 1, 5, L, false,
     "Content-Length: 5\r\nConnection: close\r\n\r\n"},
    {&http11, "200 OK\r\nConnection: x, Close ,\r\n", 1, 5, L, false, "Content-Length: 5\r\n\r\n"},
    {&http11, "200 OK\r\nConnection: close\r\nConnection: x\r\n", 2, 5, L, false,
     "Content-Length: 5\r\n\r\n"},
    {&http11, "200 OK\r\nConnection: closed, enclose\r\n", 1, 5, L, true,
     "Content-Length: 5\r\n\r\n"},
    {&http10, "200 OK\r\nConnection: keep-alive\r\n", 1, -1, X, false, "Connection: close\r\n\r\n"},
    /* no body */
    {&head11, "200 OK\r\n", 0, 5, N, true, "Content-Length: 5\r\n\r\n"},
    {&head11, "200 OK\r\nContent-Length: 5\r\n", 1, 0, N, true, "\r\n"},
    {&head11, "200 OK\r\n", 0, -1, N, true, "\r\n"},
    {&http11, "204 No Content\r\n", 0, 0, N, true, "\r\n"},
    {&http11, "204 No Content\r\n", 0, -1, N, true, "\r\n"},
    {&http11, "304 Not Modified\r\n", 0, 0, N, true, "\r\n"},
    {&http11, "304 Not Modified\r\nContent-Length: 9\r\n", 1, 0, N, true, "\r\n"},
    {&http11, "205 Reset Content\r\n", 0, 5, L, true, "Content-Length: 0\r\n\r\n"},
    {&http11, "205 Reset Content\r\n", 0, -1, L, true, "Content-Length: 0\r\n\r\n"},
    {&http11, "205 Reset Content\r\nContent-Length: 0\r\n", 1, 5, L, true, "\r\n"},
    {&http11, "101 x\r\nConnection: upgrade\r\n", 1, -1, N, false, "\r\n"},
    {&http11, "101 Switching Protocols\r\n", 0, -1, N, false, "Connection: close\r\n\r\n"},
    {&http10, "204 No Content\r\n", 0, 0, N, false, "Connection: close\r\n\r\n"},
    /* status lines and values at the edge of what is legal */
    {&http11, "999 \r\n", 0, 0, L, true, "Content-Length: 0\r\n\r\n"},
    {&http11, "200 \xc3\xa9\t~\r\n", 0, 0, L, true, "Content-Length: 0\r\n\r\n"},
    {&http11, "200 OK\r\nX:\r\n!#$%&'*+-.^_`|~09azAZ: \xff\r\n", 2, 0, L, true,
     "Content-Length: 0\r\n\r\n"},
    {&http11, "200 OK\r\nContent-Lengthy: x\r\nDates: x\r\n", 2, 1, L, true,
     "Content-Length: 1\r\n\r\n"},
};

static void
framing(void **state)
{
    (void)state;
    struct bask_head_memo memo = {0};
    for (size_t i = 0; i < 3 * COUNT(rows); i++) {
        const struct row *row = &rows[i % COUNT(rows)];
        struct bask_response response = {.taken = 7, .head_sent = true, .length = 3};
        char tail[BASK_RESPONSE_TAIL];
        bask_str head = bask_str_of(row->head);
        int err = i < COUNT(rows)
                      ? bask_response_plan(&response, row->traits, head, row->count, row->known)
                      : bask_response_plan_memo(&response, row->traits, head, row->count,
                                                row->known, &memo);
        if (err || (int)response.framing != row->framing || response.keep_alive != row->keep_alive)
            fail_msg("row %zu: %d, framing %d, keep-alive %d", i, err, (int)response.framing,
                     response.keep_alive);
        assert_true(response.begun && !response.head_sent && response.taken == 0);
        assert_int_equal(response.header_count, row->count);
        assert_str(response.head, head);
        size_t n = bask_response_finish_head(&response, row->traits, date, tail);
        assert_str(bask_str_n(tail, n), bask_str_of(row->added));
    }
}

#define S(literal) BASK_STR(literal)

/* Not well formed: each is refused, with every count of headers that could be meant. */
static const bask_str malformed_heads[] = {
    /* the status line */
    S(""),
    {NULL, 0},
    S("200"),
    S("200 \r"),
    S("200 OK"),
    S("200 OK\n"),
    S("200 OK\r"),
    S("200\r\n\r\n"),
    S("20 OK\r\n"),
    S("2000 OK\r\n"),
    S("099 x\r\n"),
    S("100 Continue\r\n"),
    S("102 x\r\n"),
    S("199 x\r\n"),
    S("205 x\r\nContent-Length: 1\r\n"),
    S("000 x\r\n"),
    S("-20 OK\r\n"),
    S("2x0 OK\r\n"),
    S(" 200 OK\r\n"),
    S("200\tOK\r\n"),
    S("200 O\0K\r\n"),
    S("200 O\x7fK\r\n"),
    S("200 O\rK\r\n"),
    S("HTTP/1.1 200 OK\r\n"),
    /* line ends */
    S("200 OK\r\n\r\n"),
    S("200 OK\r\nA: b"),
    S("200 OK\r\nA: b\r"),
    S("200 OK\r\nA: b\n"),
    S("200 OK\r\nA: b\nC: d\r\n"),
    S("200 OK\r\nA: b\rC: d\r\n"),
    S("200 OK\r\nA: b\r\r\n"),
    S("200 OK\r\nA: b\r\n\r\n"),
    S("200 OK\r\nA: b\r\n\r\n<html>"),
    S("200 OK\r\nA: b\r\n c\r\n"),
    /* names */
    S("200 OK\r\nA\r\n"),
    S("200 OK\r\n: b\r\n"),
    S("200 OK\r\nA b: c\r\n"),
    S("200 OK\r\nA : b\r\n"),
    S("200 OK\r\n A: b\r\n"),
    S("200 OK\r\nA\0: b\r\n"),
    S("200 OK\r\n\xc3\xa9: b\r\n"),
    S("200 OK\r\nA(: b\r\n"),
    /* values */
    S("200 OK\r\nA: b\0c\r\n"),
    S("200 OK\r\nA: \x01\r\n"),
    S("200 OK\r\nA: b\x7f\r\n"),
    S("200 OK\r\nA: b\x0b\r\n"),
    /* framing is the server's */
    S("200 OK\r\nTransfer-Encoding: chunked\r\n"),
    S("200 OK\r\ntransfer-ENCODING: identity\r\n"),
    S("200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n"),
    S("200 OK\r\nContent-Length: 5, 5\r\n"),
    S("200 OK\r\nContent-Length:\r\n"),
    S("200 OK\r\nContent-Length: -1\r\n"),
    S("200 OK\r\nContent-Length: +1\r\n"),
    S("200 OK\r\nContent-Length: 1.0\r\n"),
    S("200 OK\r\nContent-Length: 0x10\r\n"),
    S("200 OK\r\nContent-Length: 5 5\r\n"),
    S("200 OK\r\nContent-Length: 9223372036854775808\r\n"),
};

static void
malformed(void **state)
{
    (void)state;
    struct bask_head_memo memo = {0};
    for (size_t i = 0; i < COUNT(malformed_heads); i++)
        for (unsigned count = 0; count < 4; count++) {
            struct bask_response response = {0};
            bask_str head = malformed_heads[i];
            if (bask_response_plan(&response, &http11, head, count, 5) != BASK_E_SYNTAX ||
                bask_response_plan_memo(&response, &http11, head, count, 5, &memo) != BASK_E_SYNTAX)
                fail_msg("head %zu with %u headers was taken", i, count);
            assert_false(response.begun);
        }
}

/* A value with a line break in it makes a line more than the application meant. */
static void
smuggling(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        unsigned count;
        int err;
    } cases[] = {
        {"200 OK\r\nA: b\r\nSet-Cookie: x\r\n", 1, BASK_E_SYNTAX},
        {"200 OK\r\nA: b\r\nSet-Cookie: x\r\n", 2, 0},
        {"200 OK\r\nA: b\r\nSet-Cookie: x\r\n", 3, BASK_E_SYNTAX},
        {"200 OK\r\nA: b\r\n", 0, BASK_E_SYNTAX},
        {"200 OK\r\n", 1, BASK_E_SYNTAX},
        {"200 OK\r\n", UINT32_MAX, BASK_E_SYNTAX},
        {"200 OK\r\nA: b\r\n", 1, 0},
    };
    struct bask_head_memo memo = {0};
    for (int round = 0; round < 2; round++) /* also when the memo knows the bytes */
        for (size_t i = 0; i < COUNT(cases); i++) {
            struct bask_response response = {0};
            bask_str head = bask_str_of(cases[i].head);
            assert_int_equal(bask_response_plan(&response, &http11, head, cases[i].count, 0),
                             cases[i].err);
            assert_int_equal(
                bask_response_plan_memo(&response, &http11, head, cases[i].count, 0, &memo),
                cases[i].err);
        }
}

static void
account(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        unsigned count;
        int64_t known;
        size_t given[3], allowed[3];
        bool is_short;
    } cases[] = {
        {"200 OK\r\nContent-Length: 10\r\n", 1, -1, {4, 6, 0}, {4, 6, 0}, false},
        {"200 OK\r\nContent-Length: 10\r\n", 1, -1, {4, 5, 0}, {4, 5, 0}, true},
        {"200 OK\r\nContent-Length: 10\r\n", 1, -1, {4, 7, 9}, {4, 6, 0}, false},
        {"200 OK\r\nContent-Length: 0\r\n", 1, -1, {4, 0, 1}, {0, 0, 0}, false},
        {"200 OK\r\nContent-Length: 10\r\n", 1, 5, {0, 0, 0}, {0, 0, 0}, true},
        {"200 OK\r\n", 0, -1, {4, 7, 9}, {4, 7, 9}, false},
        {"200 OK\r\n", 0, 4, {4, 0, 0}, {4, 0, 0}, false},
        {"304 Not Modified\r\nContent-Length: 10\r\n", 1, -1, {4, 7, 9}, {0, 0, 0}, false},
        {"204 No Content\r\n", 0, -1, {4, 0, 0}, {0, 0, 0}, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bask_response response;
        int64_t total = 0;
        assert_int_equal(bask_response_plan(&response, &http11, bask_str_of(cases[i].head),
                                            cases[i].count, cases[i].known),
                         0);
        for (size_t k = 0; k < 3; k++) {
            bask_str out =
                bask_response_take(&response, bask_str_n("0123456789", cases[i].given[k]));
            assert_int_equal(out.len, cases[i].allowed[k]);
            total += (int64_t)cases[i].given[k];
        }
        assert_true(response.taken == total);
        assert_int_equal(bask_response_is_short(&response), cases[i].is_short);
    }
}

/* Heads that fall on the same place of the memo, and one that is too long for it. */
static void
memo_collisions(void **state)
{
    (void)state;
    struct bask_head_memo memo = {0};
    char head[2000];
    for (unsigned round = 0; round < 3; round++)
        for (unsigned status = 200; status < 240; status++) {
            struct bask_response response;
            int n = snprintf(head, sizeof head, "%u %0*d\r\nContent-Length: %u\r\n", status,
                             status % 3 ? 8 : 1500, 1, status);
            int err = bask_response_plan_memo(&response, &http11, bask_str_n(head, (size_t)n), 1,
                                              -1, &memo);
            assert_int_equal(err, status == 205 ? BASK_E_SYNTAX : 0);
            if (err)
                continue;
            assert_int_equal(response.facts.status, status);
            assert_int_equal(response.length, status == 204 ? 204 : (int64_t)status);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing), cmocka_unit_test(malformed),       cmocka_unit_test(smuggling),
        cmocka_unit_test(account), cmocka_unit_test(memo_collisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
