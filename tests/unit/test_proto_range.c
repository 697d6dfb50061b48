/* proto/range: which bytes are asked for. */
#include "test.h"

#include "proto/range.h"

#define WHOLE BASK_RANGE_WHOLE
#define PARTS BASK_RANGE_PARTS
#define NOTHING BASK_RANGE_NOTHING

static const struct {
    bask_str field;
    int64_t size;
    enum bask_range_asked asked;
    size_t count;
    struct bask_range items[2];
} rows[] = {
    {BASK_STR("bytes=0-99"), 1000, PARTS, 1, {{0, 100}}},
    {BASK_STR("bytes=0-0"), 1000, PARTS, 1, {{0, 1}}},
    {BASK_STR("bytes=999-999"), 1000, PARTS, 1, {{999, 1}}},
    {BASK_STR("bytes=100-"), 1000, PARTS, 1, {{100, 900}}},
    {BASK_STR("bytes=-100"), 1000, PARTS, 1, {{900, 100}}},
    {BASK_STR("bytes=-5000"), 1000, PARTS, 1, {{0, 1000}}},
    {BASK_STR("bytes=0-5000"), 1000, PARTS, 1, {{0, 1000}}},
    {BASK_STR("BYTES=1-2"), 1000, PARTS, 1, {{1, 2}}},
    {BASK_STR("bytes= 1-2 "), 1000, PARTS, 1, {{1, 2}}},
    {BASK_STR("bytes=,1-2,"), 1000, PARTS, 1, {{1, 2}}},
    {BASK_STR("bytes=5-18446744073709551616"), 1000, PARTS, 1, {{5, 995}}},
    {BASK_STR("bytes=0-9223372036854775807"), 1000, PARTS, 1, {{0, 1000}}},
    {BASK_STR("bytes=-99999999999999999999999"), 1000, PARTS, 1, {{0, 1000}}},
    {BASK_STR("bytes=9223372036854775806-"), INT64_MAX, PARTS, 1, {{INT64_MAX - 1, 1}}},
    /* one of several is there */
    {BASK_STR("bytes=0-9,5000-6000"), 1000, PARTS, 1, {{0, 10}}},
    {BASK_STR("bytes=5000-,-1"), 1000, PARTS, 1, {{999, 1}}},
    /* several are, in this order; what overlaps or meets is one */
    {BASK_STR("bytes=0-9,20-29"), 1000, PARTS, 2, {{0, 10}, {20, 10}}},
    {BASK_STR("bytes=20-29, 0-9,"), 1000, PARTS, 2, {{20, 10}, {0, 10}}},
    {BASK_STR("bytes=500-,0-0"), 1000, PARTS, 2, {{500, 500}, {0, 1}}},
    {BASK_STR("bytes=0-9,-10"), 1000, PARTS, 2, {{0, 10}, {990, 10}}},
    {BASK_STR("bytes=0-9,2000-,11-11"), 1000, PARTS, 2, {{0, 10}, {11, 1}}},
    {BASK_STR("bytes=0-0,0-0,0-0,0-0"), 1000, PARTS, 1, {{0, 1}}},
    {BASK_STR("bytes=0-9,10-19"), 1000, PARTS, 1, {{0, 20}}},
    {BASK_STR("bytes=10-19,0-9"), 1000, PARTS, 1, {{0, 20}}},
    {BASK_STR("bytes=0-9,5-14"), 1000, PARTS, 1, {{0, 15}}},
    {BASK_STR("bytes=0-,0-,0-"), 1000, PARTS, 1, {{0, 1000}}},
    {BASK_STR("bytes=30-39,0-9,100-109,8-31"), 1000, PARTS, 2, {{0, 40}, {100, 10}}},
    {BASK_STR("bytes=0-9,20-29,40-49,10-19"), 1000, PARTS, 2, {{0, 30}, {40, 10}}},
    {BASK_STR("bytes=100-109,0-9,20-29,10-19"), 1000, PARTS, 2, {{100, 10}, {0, 30}}},
    {BASK_STR("bytes=0-9223372036854775805,9223372036854775806-"),
     INT64_MAX,
     PARTS,
     1,
     {{0, INT64_MAX}}},
    {BASK_STR("bytes=9223372036854775806-,0-0"), INT64_MAX, PARTS, 2, {{INT64_MAX - 1, 1}, {0, 1}}},
    /* none is */
    {BASK_STR("bytes=1000-"), 1000, NOTHING, 0, {{0}}},
    {BASK_STR("bytes=1000-1001"), 1000, NOTHING, 0, {{0}}},
    {BASK_STR("bytes=-0"), 1000, NOTHING, 0, {{0}}},
    {BASK_STR("bytes=99999999999999999999-"), 1000, NOTHING, 0, {{0}}},
    {BASK_STR("bytes=2000-,3000-"), 1000, NOTHING, 0, {{0}}},
    {BASK_STR("bytes=0-"), 0, NOTHING, 0, {{0}}},
    {BASK_STR("bytes=-0"), 0, NOTHING, 0, {{0}}},
    {BASK_STR("bytes=-5"), 0, WHOLE, 0, {{0}}},
    /* malformed, or nothing that is known */
    {BASK_STR(""), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes="), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=,"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=-"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=a-b"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=1"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=9-1"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=--1"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=1-2-3"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=+1-2"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=1 -2"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=0-9,x"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes=0x1-2"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("lines=0-9"), 1000, WHOLE, 0, {{0}}},
    {BASK_STR("bytes 0-9"), 1000, WHOLE, 0, {{0}}},
};

static void
ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_ranges found = {.count = 0};
        enum bask_range_asked asked = bask_ranges_read(rows[i].field, rows[i].size, &found);
        if (asked != rows[i].asked || found.count != rows[i].count)
            fail_msg("\"%.*s\": %d, %zu", BASK_FMT(rows[i].field), (int)asked, found.count);
        for (size_t k = 0; k < found.count; k++) {
            assert_int_equal(found.items[k].first, rows[i].items[k].first);
            assert_int_equal(found.items[k].length, rows[i].items[k].length);
        }
    }
}

/* As many as there may be, apart from each other, upwards or downwards; one more is too many, even
 * if nothing of it is there. */
static void
many(void **state)
{
    (void)state;
    for (int down = 0; down < 2; down++) {
        char text[4096];
        struct bask_ranges found = {.count = 0};
        int len = snprintf(text, sizeof text, "bytes=");
        for (int i = 0; i < BASK_RANGES_MOST; i++) {
            int at = 2 * (down ? BASK_RANGES_MOST - i : i);
            len += snprintf(text + len, sizeof text - (size_t)len, "%s%d-%d", i ? "," : "", at, at);
        }
        assert_int_equal(bask_ranges_read(bask_str_of(text), 1000, &found), PARTS);
        assert_int_equal(found.count, BASK_RANGES_MOST);
        strcpy(text + len, ",5000-");
        found.count = 0;
        assert_int_equal(bask_ranges_read(bask_str_of(text), 1000, &found), WHOLE);
        assert_int_equal(found.count, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranges), cmocka_unit_test(many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
