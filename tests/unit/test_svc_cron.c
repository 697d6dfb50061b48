/* svc/cron: times, and the minutes that clocks come by. */
#include "test.h"

#include "svc/cron.h"

#include <stdlib.h>

static const struct tm noon = {
    .tm_min = 30, .tm_hour = 12, .tm_mday = 15, .tm_mon = 5, .tm_wday = 0}; /* a Sunday in June */

static void
times(void **state)
{
    (void)state;
    static const struct {
        struct bask_cron cron;
        bool matches;
    } cases[] = {
        {{{-1, -1, -1, -1, -1}}, true},  {{{30, 12, 15, 6, -1}}, true},
        {{{31, -1, -1, -1, -1}}, false}, {{{-1, 11, -1, -1, -1}}, false},
        {{{-1, -1, 14, -1, -1}}, false}, {{{-1, -1, -1, 5, -1}}, false},
        {{{-1, -1, -1, -1, 0}}, true},   {{{-1, -1, -1, -1, 7}}, true},
        {{{-1, -1, -1, -1, 1}}, false},  {{{-10, -1, -1, -1, -1}}, true},
        {{{-7, -1, -1, -1, -1}}, false}, {{{-1, -6, -1, -3, -1}}, true},
        {{{-1, -1, 14, -1, 0}}, true}, /* of a day and a weekday one is enough */
        {{{-1, -1, 15, -1, 3}}, true},   {{{-1, -1, 14, -1, 3}}, false},
        {{{-1, -1, -2, -1, 0}}, false}, /* but "every second day" is no day */
        {{{-1, -1, -5, -1, 0}}, true},   {{{-60, -1, -1, -1, -1}}, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(bask_cron_is_valid(&cases[i].cron));
        assert_int_equal(bask_cron_matches(&cases[i].cron, &noon), cases[i].matches);
    }
}

static void
times_that_never_come(void **state)
{
    (void)state;
    static const struct bask_cron bad[] = {
        {{60, -1, -1, -1, -1}}, {{-1, 24, -1, -1, -1}},  {{-1, -1, 0, -1, -1}},
        {{-1, -1, 32, -1, -1}}, {{-1, -1, -1, 0, -1}},   {{-1, -1, -1, 13, -1}},
        {{-1, -1, -1, -1, 8}},  {{-61, -1, -1, -1, -1}}, {{INT32_MIN, -1, -1, -1, -1}},
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(bask_cron_is_valid(&bad[i]));
}

static const struct bask_cron always = {{-1, -1, -1, -1, -1}};

/* In New York clocks go from 2 to 3 on 2026-03-08, and from 2 to 1 on 2026-11-01. */
static void
in_new_york(void)
{
    setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
    tzset();
}

/* Local time as people in summer have it. */
static int64_t
at(int year, int month, int day, int hour, int minute)
{
    struct tm local = {.tm_year = year - 1900,
                       .tm_mon = month - 1,
                       .tm_mday = day,
                       .tm_hour = hour,
                       .tm_min = minute,
                       .tm_isdst = -1};
    return mktime(&local);
}

/* How often it is due from one moment to another, looked at each second like the master does. */
static unsigned
count_due(const struct bask_cron *cron, int64_t from, int64_t to, int64_t step)
{
    struct bask_cron_clock clock;
    struct bask_cron_minutes minutes;
    unsigned count = 0;
    bask_cron_clock_start(&clock, from);
    for (int64_t now = from; now <= to; now += step)
        if (bask_cron_clock_look(&clock, now, &minutes))
            count += bask_cron_is_due(cron, &minutes);
    return count;
}

static void
each_minute_once(void **state)
{
    (void)state;
    in_new_york();
    int64_t noon_s = at(2026, 6, 15, 12, 0);
    assert_int_equal(count_due(&always, noon_s, noon_s + 59, 1), 0); /* it has begun already */
    assert_int_equal(count_due(&always, noon_s, noon_s + 3600, 1), 60);
    assert_int_equal(count_due(&always, noon_s, noon_s + 3600, 8), 60);
    static const struct {
        struct bask_cron cron;
        unsigned count;
    } days[] = {
        {{{0, -1, -1, -1, -1}}, 24}, {{{-15, -1, -1, -1, -1}}, 96}, {{{30, 3, -1, -1, -1}}, 1},
        {{{0, 0, -1, -1, -1}}, 1},   {{{0, -2, -1, -1, -1}}, 12},   {{{-1, 3, -1, -1, -1}}, 60},
        {{{0, 0, 17, -1, -1}}, 0},
    };
    for (size_t i = 0; i < COUNT(days); i++)
        assert_int_equal(count_due(&days[i].cron, noon_s, noon_s + 86400, 20), days[i].count);
}

static void
summer_time(void **state)
{
    (void)state;
    in_new_york();
    static const struct {
        struct bask_cron cron;
        unsigned spring, autumn; /* times on the day when clocks change */
    } cases[] = {
        {{{30, 2, -1, -1, -1}}, 1, 1}, /* in spring there is no half past two */
        {{{30, 1, -1, -1, -1}}, 1, 1}, /* in autumn there are two of one */
        {{{0, 3, -1, -1, -1}}, 1, 1},     {{{0, 2, -1, -1, -1}}, 1, 1},
        {{{0, -1, -1, -1, -1}}, 23, 25},  {{{-30, -1, -1, -1, -1}}, 46, 50},
        {{{30, -2, -1, -1, -1}}, 11, 12},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t spring = at(2026, 3, 8, 0, 0) - 1, autumn = at(2026, 11, 1, 0, 0) - 1;
        assert_int_equal(count_due(&cases[i].cron, spring, spring + 23 * 3600, 1), cases[i].spring);
        assert_int_equal(count_due(&cases[i].cron, autumn, autumn + 25 * 3600, 1), cases[i].autumn);
    }
}

/* What is due after the clock was at each of `moments`. */
static unsigned
count_at(const struct bask_cron *cron, const int64_t *moments, size_t moment_count)
{
    struct bask_cron_clock clock;
    struct bask_cron_minutes minutes;
    unsigned count = 0;
    bask_cron_clock_start(&clock, moments[0]);
    for (size_t i = 1; i < moment_count; i++)
        if (bask_cron_clock_look(&clock, moments[i], &minutes))
            count += bask_cron_is_due(cron, &minutes);
    return count;
}

#define COUNT_AT(cron, ...)                                                                        \
    count_at(cron, (const int64_t[]){__VA_ARGS__}, COUNT(((const int64_t[]){__VA_ARGS__})))

static void
clocks_that_are_set(void **state)
{
    (void)state;
    in_new_york();
    const struct bask_cron nightly = {{30, 2, -1, -1, -1}};
    int64_t night = at(2026, 6, 15, 2, 29), minute = 60, hour = 3600;
    /* Set forward over it, a bit and by far. */
    assert_int_equal(COUNT_AT(&nightly, night, night + 2 * hour, night + 2 * hour + minute), 1);
    assert_int_equal(COUNT_AT(&nightly, night, night + 5 * hour, night + 5 * hour + minute), 0);
    assert_int_equal(COUNT_AT(&always, night, night + 2 * hour, night + 2 * hour + minute), 2);
    /* Set back, and there again. */
    assert_int_equal(
        COUNT_AT(&nightly, night, night + minute, night - hour, night + minute, night + 2 * minute),
        1);
    assert_int_equal(COUNT_AT(&always, night, night + minute, night - minute, night, night + minute,
                              night + 2 * minute),
                     2);
    /* Minutes go on after a larger step. */
    assert_int_equal(COUNT_AT(&always, night, night - hour, night - hour + minute), 2);
    /* What was set back by days had been wrong. */
    assert_int_equal(
        COUNT_AT(&nightly, night + 86400, night + 86400 + minute, night, night + minute), 2);
    assert_int_equal(COUNT_AT(&always, INT64_C(1) << 40, 0, 60, 1 << 30), 3);
}

static void
pauses(void **state)
{
    (void)state;
    for (int64_t now = 0; now < 120000000; now += 333333) {
        int64_t pause = bask_cron_pause_us(now);
        assert_true(pause > 0 && pause <= 1000000);
        assert_true((now + pause) / 60000000 == now / 60000000 || (now + pause) % 60000000 <= 1000);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(times_that_never_come),
        cmocka_unit_test(each_minute_once),
        cmocka_unit_test(summer_time),
        cmocka_unit_test(clocks_that_are_set),
        cmocka_unit_test(pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
