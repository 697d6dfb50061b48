/* base/buf: bytes come out as they went in, whatever the steps. */
#include "test.h"

#include "base/buf.h"
#include "base/err.h"

#include <string.h>

static void
in_and_out(void **state)
{
    (void)state;
    struct bask_buf buf = {0};
    unsigned char written = 0, read = 0;
    for (unsigned round = 0; round < 2000; round++) {
        char piece[97];
        size_t n = round * 31 % sizeof piece, take;
        for (size_t i = 0; i < n; i++)
            piece[i] = (char)written++;
        assert_int_equal(bask_buf_append(&buf, bask_str_n(piece, n)), 0);
        take = round * 17 % 101;
        take = take < bask_buf_len(&buf) ? take : bask_buf_len(&buf);
        for (size_t i = 0; i < take; i++)
            assert_int_equal((unsigned char)bask_buf_view(&buf).ptr[i], read++);
        bask_buf_consume(&buf, take);
        bask_buf_check(&buf);
    }
    assert_int_equal((unsigned char)(written - read), (unsigned char)bask_buf_len(&buf));
    bask_buf_fini(&buf);
}

static void
room(void **state)
{
    (void)state;
    struct bask_buf buf = {0};
    assert_int_equal(bask_buf_append(&buf, (bask_str){0}), 0);
    assert_null(buf.data);
    assert_int_equal(bask_buf_reserve(&buf, 4096), 0);
    assert_int_equal(buf.size, 4096); /* net/ counts on it: a standard buffer has its size */
    assert_int_equal(bask_buf_append(&buf, BASK_STR("0123456789")), 0);
    bask_buf_consume(&buf, 5);
    assert_int_equal(bask_buf_reserve(&buf, 4091), 0);
    assert_int_equal(buf.size, 4096); /* moved, not grown */
    assert_str(bask_buf_view(&buf), BASK_STR("56789"));
    assert_int_equal(bask_buf_reserve(&buf, 4092), 0);
    assert_int_equal(buf.size, 8192);
    assert_str(bask_buf_view(&buf), BASK_STR("56789"));
    bask_buf_consume(&buf, 5);
    assert_int_equal(buf.end, 0);
    bask_buf_fini(&buf);
}

static void
absurd_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 2 + 2, SIZE_MAX - 3};
    struct bask_buf buf = {0};
    assert_int_equal(bask_buf_append(&buf, BASK_STR("abc")), 0);
    for (size_t i = 0; i < COUNT(sizes); i++)
        assert_int_equal(bask_buf_reserve(&buf, sizes[i]), BASK_E_NOMEM);
    assert_str(bask_buf_view(&buf), BASK_STR("abc"));
    bask_buf_fini(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_and_out),
        cmocka_unit_test(room),
        cmocka_unit_test(absurd_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
