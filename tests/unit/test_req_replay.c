/* req/replay: requests that were written down, by a recorder, by people, and by enemies. */
#include "test.h"

#include "base/err.h"
#include "req/replay.h"

#include <stdlib.h>

#define HOST "Host: a\r\n"

static char *
copy_of(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1); /* exact: the sanitizer sees a byte read beyond it */
    assert_non_null(copy);
    memcpy(copy, text, len);
    return copy;
}

static void
well_formed(void **state)
{
    (void)state;
    static const char text[] = "# by hand\n\n"
                               "GET /a?b=c HTTP/1.1\nHost: x\nX-One: 1\n\n"
                               "POST /p HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"
                               "POST /q HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nab\n\n"
                               "# between\r\n"
                               "PUT /c HTTP/1.1\r\n" HOST
                               "Transfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n1\r\nz\r\n0\r\n\r\n"
                               "HEAD /%7Euser/../last HTTP/1.0";
    static const struct {
        bask_str method, target, path, body;
        uint32_t pairs;
    } rows[] = {
        {BASK_STR("GET"), BASK_STR("/a?b=c"), BASK_STR("/a"), BASK_STR(""), 1},
        {BASK_STR("POST"), BASK_STR("/p"), BASK_STR("/p"), BASK_STR("hello"), 0},
        {BASK_STR("POST"), BASK_STR("/q"), BASK_STR("/q"), BASK_STR("ab\n"), 0},
        {BASK_STR("PUT"), BASK_STR("/c"), BASK_STR("/c"), BASK_STR("xyz"), 1},
        {BASK_STR("HEAD"), BASK_STR("/%7Euser/../last"), BASK_STR("/last"), BASK_STR(""), 0},
    };
    struct bask_replay replay = {0};
    struct bask_replay_error error;
    struct bask_http1_head scratch;
    struct bask_req *req = bask_req_new();
    char *copy = copy_of(text, sizeof text - 1);
    assert_int_equal(bask_replay_read(&replay, copy, sizeof text - 1, &error), 0);
    assert_int_equal(replay.count, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_str(replay.items[i].method, rows[i].method);
        assert_str(replay.items[i].target, rows[i].target);
        for (int again = 0; again < 2; again++) {
            bask_req_reset(req);
            assert_int_equal(bask_replay_fill(&replay.items[i], &scratch, req), 0);
            assert_str(req->pub.path, rows[i].path);
            assert_str(req->pub.body, rows[i].body);
            assert_int_equal(req->pub.pair_count, rows[i].pairs);
            assert_int_equal(req->pub.body_left, 0);
        }
    }
    bask_req_free(&req);
    bask_replay_fini(&replay);
    free(copy);
}

static void
malformed(void **state)
{
    (void)state;
    static const struct {
        bask_str text;
        const char *complaint;
    } rows[] = {
        {BASK_STR("GET / HTTP/1.1\r\n\r\n"), "request 1 (at byte 0): no Host"},
        {BASK_STR("GET / HTTP/1.1\r\n" HOST "\r\nnonsense\r\n"), "request 2 (at byte 27): "},
        {BASK_STR("GET"), "request 1"},
        {BASK_STR("\0\0\0\0"), "request 1"},
        {BASK_STR("GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n"), "CRLF"},
        {BASK_STR("GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n"), "control byte"},
        {BASK_STR("GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n"), "folded"},
        {BASK_STR("GET /%zz HTTP/1.1\r\n" HOST "\r\n"), "target"},
        {BASK_STR("GET /%00 HTTP/1.1\r\n" HOST "\r\n"), "target"},
        {BASK_STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nabc"),
         "the text ends before the body does"},
        {BASK_STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775807\r\n\r\nabc"),
         "the text ends before the body does"},
        {BASK_STR("POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\nabc"), "Content-Length"},
        {BASK_STR("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
         "the text ends before the body does"},
        {BASK_STR("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
         "malformed chunk"},
        {BASK_STR("POST / HTTP/1.1\r\n" HOST
                  "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc"),
         "Content-Length and Transfer-Encoding"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_replay replay = {0};
        struct bask_replay_error error = {""};
        char *copy = copy_of(rows[i].text.ptr, rows[i].text.len);
        int err = bask_replay_read(&replay, copy, rows[i].text.len, &error);
        if (err != BASK_E_SYNTAX || !strstr(error.text, rows[i].complaint))
            fail_msg("row %zu: %d \"%s\", expected \"%s\"", i, err, error.text, rows[i].complaint);
        bask_replay_fini(&replay);
        free(copy);
    }
}

/* Every beginning of a text, and every text with one byte changed, is read to an end. */
static void
mutilated(void **state)
{
    (void)state;
    static const char text[] =
        "GET /a HTTP/1.1\r\n" HOST "\r\n#x\n"
        "POST /c HTTP/1.1\n" HOST "Transfer-Encoding: chunked\n\n2\r\nxy\r\n0\r\n\r\n"
        "PUT /p HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nzz";
    for (size_t len = 0; len < sizeof text; len++) {
        for (int byte = -1; byte < 256; byte += byte < 0 ? 1 : 37) {
            struct bask_replay replay = {0};
            struct bask_replay_error error;
            char *copy = copy_of(text, len);
            if (byte >= 0 && len)
                copy[len / 2] = (char)byte;
            int err = bask_replay_read(&replay, copy, len, &error);
            assert_true(err == 0 || err == BASK_E_SYNTAX);
            bask_replay_fini(&replay);
            free(copy);
        }
    }
}

static void
paths(void **state)
{
    (void)state;
    static const struct {
        bask_str path;
        int err;
    } rows[] = {
        {BASK_STR("/"), 0},
        {BASK_STR("/a/b?c=d&e"), 0},
        {BASK_STR("/caf%C3%A9"), 0},
        {BASK_STR(""), BASK_E_SYNTAX},
        {BASK_STR("a"), BASK_E_SYNTAX},
        {BASK_STR("http://a/"), BASK_E_SYNTAX},
        {BASK_STR("/a b"), BASK_E_SYNTAX},
        {BASK_STR("/ HTTP/1.1\r\nHost: a\r\n\r\nGET /b"), BASK_E_SYNTAX},
        {BASK_STR("/a\n"), BASK_E_SYNTAX},
        {BASK_STR("/%"), BASK_E_SYNTAX},
    };
    struct bask_replay replay = {0};
    size_t good = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(bask_replay_add_path(&replay, rows[i].path, BASK_STR("A: b\r\n")),
                         rows[i].err);
        good += !rows[i].err;
        assert_int_equal(replay.count, good);
        if (!rows[i].err)
            assert_str(replay.items[good - 1].target, rows[i].path);
        if (!rows[i].err)
            assert_true(bask_str_ends(replay.items[good - 1].head, BASK_STR("\r\nA: b\r\n\r\n")));
    }
    bask_replay_fini(&replay);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed),
        cmocka_unit_test(malformed),
        cmocka_unit_test(mutilated),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
