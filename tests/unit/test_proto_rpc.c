/* proto/rpc: calls and answers, whole, in pieces, and lying about their lengths. */
#include "test.h"

#include "proto/rpc.h"

#include <stdlib.h>

/* A copy that ends where its bytes end, for the address sanitizer. */
static bask_str
exact(const char *bytes, size_t len)
{
    char *copy = malloc(len + !len);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return bask_str_n(copy, len);
}

#define ITEMS(literal) BASK_STR(literal)

static void
calls(void **state)
{
    (void)state;
    bask_str name, arguments, item;
    assert_int_equal(bask_rpc_parse(ITEMS("\3\0add\1\0a\0\0\2\0bc"), &name, &arguments), 0);
    assert_str(name, BASK_STR("add"));
    assert_int_equal(bask_rpc_next(&arguments, &item), 1);
    assert_str(item, BASK_STR("a"));
    assert_int_equal(bask_rpc_next(&arguments, &item), 1);
    assert_str(item, BASK_STR("")); /* an empty argument keeps its place */
    assert_int_equal(bask_rpc_next(&arguments, &item), 1);
    assert_str(item, BASK_STR("bc"));
    assert_int_equal(bask_rpc_next(&arguments, &item), 0);
    assert_int_equal(bask_rpc_parse(ITEMS("\3\0add"), &name, &arguments), 0);
    assert_int_equal(arguments.len, 0);
}

static void
hostile_calls(void **state)
{
    (void)state;
    const bask_str bad[] = {
        ITEMS(""),           ITEMS("\0"),           ITEMS("\0\0"),           ITEMS("\0\0\1\0a"),
        ITEMS("\1\0"),       ITEMS("\377\377abc"),  ITEMS("\3\0ad"),         ITEMS("\1\0a\1"),
        ITEMS("\1\0a\2\0b"), ITEMS("\1\0a\0\377b"), ITEMS("\1\0a\1\0b\1\0"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bask_str bytes = exact(bad[i].ptr, bad[i].len);
        bask_str name = BASK_STR("before"), arguments = BASK_STR("before");
        assert_int_equal(bask_rpc_parse(bytes, &name, &arguments), -1);
        assert_str(name, BASK_STR("before"));
        assert_str(arguments, BASK_STR("before"));
        free((char *)bytes.ptr);
    }
}

static void
every_cut_of_a_call(void **state)
{
    (void)state;
    static const char whole[] = "\3\0add\1\0a\2\0bc";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        bask_str bytes = exact(whole, len), name, arguments;
        bool is_border = len == 5 || len == 8;
        assert_int_equal(bask_rpc_parse(bytes, &name, &arguments), is_border ? 0 : -1);
        free((char *)bytes.ptr);
    }
}

static void
check_path(const char *path, int result, const char *name, bask_str arguments)
{
    char *room = malloc(2 * strlen(path) + 1);
    bask_str got_name, got_arguments;
    assert_int_equal(bask_rpc_from_path(bask_str_of(path), room, &got_name, &got_arguments),
                     result);
    if (!result) {
        assert_str(got_name, bask_str_of(name));
        assert_str(got_arguments, arguments);
    }
    free(room);
}

static void
paths(void **state)
{
    (void)state;
    check_path("/add/1/2", 0, "add", BASK_STR("\1\0001\1\0002"));
    check_path("//add//1///", 0, "add", BASK_STR("\1\0001"));
    check_path("add", 0, "add", BASK_STR(""));
    check_path("/a/b/c/d/e", 0, "a", BASK_STR("\1\0b\1\0c\1\0d\1\0e"));
    check_path("", -1, NULL, BASK_STR(""));
    check_path("///", -1, NULL, BASK_STR(""));
    enum { LONG = 65536 };
    char *path = malloc(LONG + 8);
    memset(path, 'x', LONG + 3);
    memcpy(path, "/f/", 3);
    path[LONG + 3] = '\0';
    check_path(path, -1, NULL, BASK_STR(""));
    free(path);
}

static void
answers(void **state)
{
    (void)state;
    const size_t lengths[] = {0, 1, 65535, 65536, 3000000, (size_t)1 << 40};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char head[BASK_RPC_HEAD_MAX];
        uint64_t found = 99;
        size_t len = bask_rpc_answer_head(lengths[i], head);
        for (size_t cut = 0; cut < len; cut++) {
            bask_str bytes = exact(head, cut);
            assert_int_equal(bask_rpc_parse_answer(bytes.ptr, cut, &found), -2);
            free((char *)bytes.ptr);
        }
        assert_int_equal(bask_rpc_parse_answer(head, len, &found), len);
        assert_int_equal(found, lengths[i]);
    }
}

static void
hostile_answers(void **state)
{
    (void)state;
    const bask_str bad[] = {
        BASK_STR("H"),
        BASK_STR("HTTP/1.1 200 OK\r\n"),
        BASK_STR("\255\1\0\1x"),
        BASK_STR("\255\0\0\5"),
        BASK_STR("\255\2\0\5\0\0"),
        BASK_STR("\255\5\0\5\16\0CON"),
        BASK_STR("\255\23\0\5\16\0CONTENT_LENGTH\1\0x"),
        BASK_STR("\255\22\0\5\16\0CONTENT_LENGTH\0\0"),
        BASK_STR("\255\24\0\5\16\0CONTENT_LENGTH\2\0-1"),
        BASK_STR("\255\46\0\5\16\0CONTENT_LENGTH\24\00099999999999999999999"),
        BASK_STR("\255\46\0\5\16\0CONTENT_LENGTH\1\0001\16\0CONTENT_LENGTH\1\0002"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bask_str bytes = exact(bad[i].ptr, bad[i].len);
        uint64_t found = 99;
        int used = bask_rpc_parse_answer(bytes.ptr, bytes.len, &found);
        assert_true(used == -1);
        assert_int_equal(found, 99);
        free((char *)bytes.ptr);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls),
        cmocka_unit_test(hostile_calls),
        cmocka_unit_test(every_cut_of_a_call),
        cmocka_unit_test(paths),
        cmocka_unit_test(answers),
        cmocka_unit_test(hostile_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
