/* proto/range: which bytes are asked for. */
#include "test.h"

#include "proto/range.h"

static const struct {
    bask_str field;
    int64_t size;
    enum bask_range_asked asked;
    int64_t first, length;
} rows[] = {
    {BASK_STR("bytes=0-99"), 1000, BASK_RANGE_PART, 0, 100},
    {BASK_STR("bytes=0-0"), 1000, BASK_RANGE_PART, 0, 1},
    {BASK_STR("bytes=999-999"), 1000, BASK_RANGE_PART, 999, 1},
    {BASK_STR("bytes=100-"), 1000, BASK_RANGE_PART, 100, 900},
    {BASK_STR("bytes=-100"), 1000, BASK_RANGE_PART, 900, 100},
    {BASK_STR("bytes=-5000"), 1000, BASK_RANGE_PART, 0, 1000},
    {BASK_STR("bytes=0-5000"), 1000, BASK_RANGE_PART, 0, 1000},
    {BASK_STR("BYTES=1-2"), 1000, BASK_RANGE_PART, 1, 2},
    {BASK_STR("bytes= 1-2 "), 1000, BASK_RANGE_PART, 1, 2},
    {BASK_STR("bytes=,1-2,"), 1000, BASK_RANGE_PART, 1, 2},
    {BASK_STR("bytes=5-18446744073709551616"), 1000, BASK_RANGE_PART, 5, 995},
    {BASK_STR("bytes=0-9223372036854775807"), 1000, BASK_RANGE_PART, 0, 1000},
    {BASK_STR("bytes=-99999999999999999999999"), 1000, BASK_RANGE_PART, 0, 1000},
    {BASK_STR("bytes=9223372036854775806-"), INT64_MAX, BASK_RANGE_PART, INT64_MAX - 1, 1},
    /* one of several is there */
    {BASK_STR("bytes=0-9,5000-6000"), 1000, BASK_RANGE_PART, 0, 10},
    {BASK_STR("bytes=5000-,-1"), 1000, BASK_RANGE_PART, 999, 1},
    /* several are: all of it is the answer */
    {BASK_STR("bytes=0-9,20-29"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=0-0,0-0,0-0,0-0"), 1000, BASK_RANGE_WHOLE, 0, 0},
    /* none is */
    {BASK_STR("bytes=1000-"), 1000, BASK_RANGE_NOTHING, 0, 0},
    {BASK_STR("bytes=1000-1001"), 1000, BASK_RANGE_NOTHING, 0, 0},
    {BASK_STR("bytes=-0"), 1000, BASK_RANGE_NOTHING, 0, 0},
    {BASK_STR("bytes=99999999999999999999-"), 1000, BASK_RANGE_NOTHING, 0, 0},
    {BASK_STR("bytes=2000-,3000-"), 1000, BASK_RANGE_NOTHING, 0, 0},
    {BASK_STR("bytes=0-"), 0, BASK_RANGE_NOTHING, 0, 0},
    {BASK_STR("bytes=-0"), 0, BASK_RANGE_NOTHING, 0, 0},
    {BASK_STR("bytes=-5"), 0, BASK_RANGE_WHOLE, 0, 0},
    /* malformed, or nothing that is known */
    {BASK_STR(""), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes="), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=,"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=-"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=a-b"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=1"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=9-1"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=--1"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=1-2-3"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=+1-2"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=1 -2"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=0-9,x"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes=0x1-2"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("lines=0-9"), 1000, BASK_RANGE_WHOLE, 0, 0},
    {BASK_STR("bytes 0-9"), 1000, BASK_RANGE_WHOLE, 0, 0},
};

static void
ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_range range = {-1, -1};
        enum bask_range_asked asked = bask_range_read(rows[i].field, rows[i].size, &range);
        if (asked != rows[i].asked)
            fail_msg("\"%.*s\": %d", BASK_FMT(rows[i].field), (int)asked);
        assert_int_equal(range.first, asked == BASK_RANGE_PART ? rows[i].first : -1);
        assert_int_equal(range.length, asked == BASK_RANGE_PART ? rows[i].length : -1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
