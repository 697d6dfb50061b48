/* proto/scgi: netstrings whole, in pieces, and wrong. */
#include "test.h"

#include "proto/scgi.h"

#include <stdlib.h>

static void
netstrings(void **state)
{
    (void)state;
    static const struct {
        bask_str bytes;
        int rc;
    } rows[] = {
        {BASK_STR("4:a\0b\0,body"), 7}, {BASK_STR("0:,"), 3},
        {BASK_STR("4:a\0b\0"), -2},     {BASK_STR("4"), -2},
        {BASK_STR("100:"), -2},         {BASK_STR("101:"), -1},
        {BASK_STR("04:a\0b\0,"), -1},   {BASK_STR(":,"), -1},
        {BASK_STR("-1:,"), -1},         {BASK_STR("4:a\0b\0;"), -1},
        {BASK_STR("123456789:"), -1},   {BASK_STR("GET / HTTP/1.1"), -1},
        {BASK_STR("4 :"), -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t have = 1; have <= rows[i].bytes.len; have++) {
            bask_str variables;
            char *copy = malloc(have);
            memcpy(copy, rows[i].bytes.ptr, have);
            int rc = bask_scgi_parse(copy, have, 100, &variables);
            if (rc != -2 || have == rows[i].bytes.len)
                assert_int_equal(rc, rows[i].rc);
            free(copy);
            if (rc != -2)
                break;
        }
}

static void
variables(void **state)
{
    (void)state;
    static const bask_str wrong[] = {BASK_STR("a"), BASK_STR("a\0"), BASK_STR("a\0b"),
                                     BASK_STR("\0b\0"), BASK_STR("\0\0")};
    bask_str name, value, block = BASK_STR("a\0b\0c\0\0");
    assert_int_equal(bask_scgi_next(&block, &name, &value), 1);
    assert_str(name, BASK_STR("a"));
    assert_str(value, BASK_STR("b"));
    assert_int_equal(bask_scgi_next(&block, &name, &value), 1);
    assert_str(name, BASK_STR("c"));
    assert_int_equal(value.len, 0);
    assert_int_equal(bask_scgi_next(&block, &name, &value), 0);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        block = wrong[i];
        assert_int_equal(bask_scgi_next(&block, &name, &value), -1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(netstrings),
        cmocka_unit_test(variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
