/* proto/url: decoding and dot segments. */
#include "test.h"

#include "proto/url.h"

static const struct {
    bask_str path;
    bask_str result; /* absent: refused */
} rows[] = {
    {BASK_STR(""), BASK_STR("")},
    {BASK_STR("*"), BASK_STR("*")},
    {BASK_STR("/"), BASK_STR("/")},
    {BASK_STR("//"), BASK_STR("//")},
    {BASK_STR("/a//b/"), BASK_STR("/a//b/")},
    {BASK_STR("/."), BASK_STR("/")},
    {BASK_STR("/./"), BASK_STR("/")},
    {BASK_STR("/.."), BASK_STR("/")},
    {BASK_STR("/../"), BASK_STR("/")},
    {BASK_STR("/../../a"), BASK_STR("/a")},
    {BASK_STR("/a/."), BASK_STR("/a/")},
    {BASK_STR("/a/.."), BASK_STR("/")},
    {BASK_STR("/a/b/.."), BASK_STR("/a/")},
    {BASK_STR("/a/b/../c"), BASK_STR("/a/c")},
    {BASK_STR("/a/b/../../../c"), BASK_STR("/c")},
    {BASK_STR("/a/./b/./c"), BASK_STR("/a/b/c")},
    {BASK_STR("/a//../b"), BASK_STR("/a/b")},
    {BASK_STR("//.."), BASK_STR("/")},
    {BASK_STR("//../a"), BASK_STR("/a")},
    {BASK_STR("/a/b/c/./../../g"), BASK_STR("/a/g")},
    {BASK_STR("/..."), BASK_STR("/...")},
    {BASK_STR("/.a/..b/c./d.."), BASK_STR("/.a/..b/c./d..")},
    {BASK_STR("/.well-known/x"), BASK_STR("/.well-known/x")},
    {BASK_STR("/a%20b"), BASK_STR("/a b")},
    {BASK_STR("/%41%4a%6A"), BASK_STR("/AJj")},
    {BASK_STR("/%2525"), BASK_STR("/%25")},
    {BASK_STR("/%2e"), BASK_STR("/")},
    {BASK_STR("/a/%2e%2E/b"), BASK_STR("/b")},
    {BASK_STR("/a/.%2e/b"), BASK_STR("/b")},
    {BASK_STR("/a%2f..%2Fb"), BASK_STR("/b")},
    {BASK_STR("/a/%252e%252e/b"), BASK_STR("/a/%2e%2e/b")},
    {BASK_STR("/\xc3\xa4%C3%A4%ff"), BASK_STR("/\xc3\xa4\xc3\xa4\xff")},
    {BASK_STR("/a+b;c=d"), BASK_STR("/a+b;c=d")},
    {BASK_STR("/a\\..\\b"), BASK_STR("/a\\..\\b")},
    {BASK_STR("a/../b"), BASK_STR("b")},
    {BASK_STR("../../a"), BASK_STR("a")},
    {BASK_STR("."), BASK_STR("")},
    {BASK_STR(".."), BASK_STR("")},
    {BASK_STR("a/.."), BASK_STR("")},
    {BASK_STR("/%"), {NULL, 0}},
    {BASK_STR("/%4"), {NULL, 0}},
    {BASK_STR("/%4g"), {NULL, 0}},
    {BASK_STR("/%g4"), {NULL, 0}},
    {BASK_STR("/%%41"), {NULL, 0}},
    {BASK_STR("/% 1"), {NULL, 0}},
    {BASK_STR("/%u0041"), {NULL, 0}},
    {BASK_STR("/a%00"), {NULL, 0}},
    {BASK_STR("/a%00/../b"), {NULL, 0}},
    {BASK_STR("/a\0b"), {NULL, 0}},
};

static void
paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[64];
        long len = bask_url_path(rows[i].path, out);
        bool plain = bask_url_path_is_plain(rows[i].path);
        if (!rows[i].result.ptr) {
            assert_int_equal(len, -1);
            assert_false(plain);
            continue;
        }
        assert_true(len >= 0);
        assert_str(bask_str_n(out, (size_t)len), rows[i].result);
        assert_int_equal(plain, bask_str_eq(rows[i].path, rows[i].result));
    }
}

/* Every short path over the bytes that matter: never above the root, no dot segment left. */
static void
all_short_paths(void **state)
{
    (void)state;
    static const char bytes[] = "/.a";
    for (int number = 0; number < 19683; number++) {
        char in[16] = "/", out[16] = "";
        int rest = number;
        size_t len = 1;
        for (; len < 10; len++, rest /= 3)
            in[len] = bytes[rest % 3];
        long n = bask_url_path(bask_str_n(in, len), out);
        assert_true(n >= 1 && n <= 10 && out[0] == '/');
        bask_str result = bask_str_n(out, (size_t)n);
        assert_true(bask_url_path_is_plain(result));
        assert_false(bask_str_ends(result, BASK_STR("/..")));
        out[n] = '\0';
        assert_null(strstr(out, "/../"));
        assert_null(strstr(out, "/./"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(all_short_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
