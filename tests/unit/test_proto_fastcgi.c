/* proto/fastcgi: records whole, in pieces, and lying about themselves. */
#include "test.h"

#include "proto/fastcgi.h"

#include <stdlib.h>

#define BEGIN(id, flags) "\1\1\0" id "\0\10\0\0\0\1" flags "\0\0\0\0\0"
#define PARAMS "\1\4\0\1\0\6\2\0\1\3aXYZpp"
#define NO_PARAMS "\1\4\0\1\0\0\0\0"
#define NO_STDIN "\1\5\0\1\0\0\0\0"

static const char request[] = BEGIN("\1", "\1") PARAMS PARAMS NO_PARAMS NO_STDIN "tail";
enum { REQUEST_LEN = sizeof request - 1 - 4 };

/* As a reader with `piece` bytes at a time. */
static int
parse(const char *bytes, size_t len, size_t piece, struct bask_fastcgi_head *head)
{
    int rc = -2;
    *head = (struct bask_fastcgi_head){0};
    for (size_t have = 0; rc == -2 && have < len;) {
        have = len - have < piece ? len : have + piece;
        char *copy = malloc(have);
        memcpy(copy, bytes, have);
        rc = bask_fastcgi_parse(copy, have, head);
        free(copy);
    }
    return rc;
}

static void
heads(void **state)
{
    (void)state;
    struct bask_fastcgi_head head;
    bask_str name, value;
    for (size_t piece = 1; piece <= sizeof request; piece++) {
        assert_int_equal(parse(request, sizeof request - 1, piece, &head), REQUEST_LEN);
        assert_int_equal(head.kind, BASK_FASTCGI_REQUEST);
        assert_int_equal(head.id, 1);
        assert_true(head.keep && head.no_body);
        assert_int_equal(head.params, 12);
    }
    char room[12];
    bask_fastcgi_gather(request, REQUEST_LEN, &head, room);
    bask_str params = bask_str_n(room, sizeof room);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bask_fastcgi_next(&params, &name, &value), 1);
        assert_str(name, BASK_STR("a"));
        assert_str(value, BASK_STR("XYZ"));
    }
    assert_int_equal(bask_fastcgi_next(&params, &name, &value), 0);
}

static void
kinds(void **state)
{
    (void)state;
    static const struct {
        bask_str bytes;
        int rc;
        enum bask_fastcgi_kind kind;
    } rows[] = {
        {BASK_STR(BEGIN("\1", "\0") NO_PARAMS "\1\5\0\1\0\4\0\0body"), 24, BASK_FASTCGI_REQUEST},
        {BASK_STR(BEGIN("\1", "\0") NO_PARAMS "\1\5\0\1\xff\xff\xff\0"), 24, BASK_FASTCGI_REQUEST},
        {BASK_STR("\1\11\0\0\0\0\0\0"), 8, BASK_FASTCGI_MANAGEMENT},
        {BASK_STR("\1\115\0\0\0\1\0\0?"), 9, BASK_FASTCGI_MANAGEMENT},
        {BASK_STR("\1\5\0\7\0\1\0\0?"), 9, BASK_FASTCGI_NOTHING},
        {BASK_STR(BEGIN("\1", "\0") "\1\2\0\1\0\0\0\0"), 24, BASK_FASTCGI_ABORTED},
        {BASK_STR("\1\1\0\1\0\10\0\0\0\2\0\0\0\0\0\0"), 16, BASK_FASTCGI_OTHER_ROLE},
        {BASK_STR("GET / HTTP/1.1"), -1, 0},
        {BASK_STR("\2"), -1, 0},
        {BASK_STR(BEGIN("\1", "\0") BEGIN("\1", "\0")), -1, 0},
        {BASK_STR(BEGIN("\1", "\0") NO_STDIN), -1, 0},
        {BASK_STR(BEGIN("\1", "\0") "\1\10\0\1\0\0\0\0"), -1, 0},
        {BASK_STR(BEGIN("\1", "\0") NO_PARAMS NO_PARAMS), -1, 0},
        {BASK_STR("\1\1\0\1\0\2\0\0\0\1"), -1, 0},
        {BASK_STR(BEGIN("\1", "\0") BEGIN("\2", "\0") BEGIN("\3", "\0") BEGIN("\4", "\0")
                      BEGIN("\5", "\0") BEGIN("\6", "\0")),
         -1, 0},
        {BASK_STR(BEGIN("\1", "\0") PARAMS), -2, 0},
        {BASK_STR("\1\1\0"), -2, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t piece = 1; piece < 60; piece += 13) {
            struct bask_fastcgi_head head;
            assert_int_equal(parse(rows[i].bytes.ptr, rows[i].bytes.len, piece, &head), rows[i].rc);
            if (rows[i].rc > 0)
                assert_int_equal(head.kind, rows[i].kind);
        }
}

static void
lengths(void **state)
{
    (void)state;
    static const bask_str wrong[] = {
        BASK_STR("\1"),
        BASK_STR("\0\1a"),
        BASK_STR("\2\0a"),
        BASK_STR("\1\2ab"),
        BASK_STR("\x80\0\0"),
        BASK_STR("\1\x80\0\0"),
        BASK_STR("\x80\0\0\0\0"),
        BASK_STR("\xff\xff\xff\xff\xff\xff\xff\xff"
                 "ab"),
    };
    bask_str name, value;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        bask_str params = wrong[i];
        assert_int_equal(bask_fastcgi_next(&params, &name, &value), -1);
        assert_ptr_equal(params.ptr, wrong[i].ptr);
    }
    bask_str params = BASK_STR("\x80\0\0\1\0a");
    assert_int_equal(bask_fastcgi_next(&params, &name, &value), 1);
    assert_str(name, BASK_STR("a"));
    assert_int_equal(value.len, 0);
}

#define STDIN(id, length, padding) "\1\5\0" id "\0" length padding "\0"

static void
bodies(void **state)
{
    (void)state;
    static const struct {
        bask_str bytes;
        int64_t used; /* of all of it */
        const char *body;
        unsigned strays;
    } rows[] = {
        {BASK_STR(STDIN("\1", "\4", "\0") "body" NO_STDIN "next"), 20, "body", 0},
        {BASK_STR(STDIN("\1", "\2", "\3") "boppp" STDIN("\1", "\2", "\0") "dy" STDIN("\1", "\0",
                                                                                     "\2") "pp"),
         33, "body", 0},
        {BASK_STR(STDIN("\2", "\2", "\0") "no" STDIN("\1", "\1", "\0") "y" NO_STDIN), 27, "y", 0},
        {BASK_STR(STDIN("\1", "\1", "\0") "y" BEGIN("\2", "\0") NO_STDIN), 33, "y", 1},
        {BASK_STR(STDIN("\1", "\4", "\0") "bod"), -2, "bod", 0},
        {BASK_STR("\2"), -2, "", 0},
        {BASK_STR("\2\5\0\1\0\0\0\0"), -1, "", 0},
        {BASK_STR("\1\2\0\1\0\0\0\0"), -1, "", 0},
        {BASK_STR("\1\4\0\1\0\0\0\0"), -1, "", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t piece = 1; piece < 64; piece += 3) {
            struct bask_fastcgi_body body = {.id = 1};
            char out[64];
            size_t len = 0, at = 0;
            int64_t rc = -2;
            while (rc == -2 && at < rows[i].bytes.len) {
                size_t n = rows[i].bytes.len - at < piece ? rows[i].bytes.len - at : piece, data;
                char *copy = malloc(n);
                memcpy(copy, rows[i].bytes.ptr + at, n);
                rc = bask_fastcgi_decode(&body, copy, n, &data);
                memcpy(out + len, copy, data);
                len += data;
                at += rc < 0 ? n : (size_t)rc;
                free(copy);
            }
            if (rows[i].used < 0)
                assert_int_equal(rc, rows[i].used);
            else
                assert_int_equal(at, rows[i].used);
            assert_str(bask_str_n(out, len), bask_str_of(rows[i].body));
            assert_int_equal(body.strays.count, rows[i].strays);
            assert_int_equal(body.total, len);
        }
}

static void
answers(void **state)
{
    (void)state;
    char out[BASK_FASTCGI_ANSWER], end[BASK_FASTCGI_END];
    bask_str asked = BASK_STR("\17\0FCGI_MPXS_CONNS\17\0FCGI_MPXS_CONNS\1\0x\16\0FCGI_MAX_CONNS");
    size_t len = bask_fastcgi_answer(out, BASK_FASTCGI_GET_VALUES, asked, 4294967295U);
    assert_str(bask_str_n(out, len),
               BASK_STR("\1\12\0\0\0\54\0\0\17\1FCGI_MPXS_CONNS0\16\12FCGI_MAX_CONNS4294967295"));
    len = bask_fastcgi_answer(out, 77, BASK_STR("anything"), 1);
    assert_str(bask_str_n(out, len), BASK_STR("\1\13\0\0\0\10\0\0\115\0\0\0\0\0\0\0"));
    bask_fastcgi_end(end, 258, BASK_FASTCGI_UNKNOWN_ROLE);
    assert_str(bask_str_n(end, sizeof end), BASK_STR("\1\3\1\2\0\10\0\0\0\0\0\0\3\0\0\0"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),  cmocka_unit_test(kinds),   cmocka_unit_test(lengths),
        cmocka_unit_test(bodies), cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
