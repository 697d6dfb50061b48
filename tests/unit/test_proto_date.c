/* proto/date: against the C library over four centuries of days and more. */
#include "test.h"

#include "base/err.h"
#include "proto/date.h"

#include <time.h>

static void
reads_as(const char *format, const struct tm *tm, int64_t seconds)
{
    char text[64];
    int64_t found = -1;
    strftime(text, sizeof text, format, tm);
    if (bask_date_read(bask_str_of(text), &found) || found != seconds)
        fail_msg("\"%s\" is read as %lld", text, (long long)found);
}

static void
check(int64_t seconds)
{
    char expected[64], actual[BASK_DATE_LEN + 1];
    time_t time = (time_t)seconds;
    struct tm tm;
    memset(actual, '#', sizeof actual);
    gmtime_r(&time, &tm);
    strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    bask_date_write(actual, seconds);
    assert_true(actual[BASK_DATE_LEN] == '#');
    assert_str(bask_str_n(actual, BASK_DATE_LEN), bask_str_of(expected));
    reads_as("%a, %d %b %Y %H:%M:%S GMT", &tm, seconds);
    reads_as("%a %b %e %H:%M:%S %Y", &tm, seconds);
    if (tm.tm_year < 170)
        reads_as("%A, %d-%b-%y %H:%M:%S GMT", &tm, seconds);
}

static void
malformed(void **state)
{
    static const char *const texts[] = {
        "",
        "yesterday",
        "0",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Xyz 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1995 08:49:37 GMT",
        "Sun, 29 Feb 2100 08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:3",
        "Sun, 06 Nov 1994 08:49:-1 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        int64_t seconds = -7;
        if (bask_date_read(bask_str_of(texts[i]), &seconds) != BASK_E_SYNTAX || seconds != -7)
            fail_msg("\"%s\" is read as %lld", texts[i], (long long)seconds);
    }
}

static void
leap_seconds(void **state)
{
    int64_t seconds;
    (void)state;
    assert_int_equal(bask_date_read(BASK_STR("Sat, 31 Dec 2016 23:59:60 GMT"), &seconds), 0);
    assert_int_equal(seconds, 1483228800);
    assert_int_equal(bask_date_read(BASK_STR("Fri, 31 Dec 9999 23:59:60 GMT"), &seconds), 0);
    assert_int_equal(seconds, BASK_DATE_MAX);
}

static void
known(void **state)
{
    (void)state;
    char out[BASK_DATE_LEN];
    bask_date_write(out, 784111777);
    assert_str(bask_str_n(out, sizeof out), BASK_STR("Sun, 06 Nov 1994 08:49:37 GMT"));
    bask_date_write(out, BASK_DATE_MAX);
    assert_str(bask_str_n(out, sizeof out), BASK_STR("Fri, 31 Dec 9999 23:59:59 GMT"));
}

static void
like_the_library(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 450 * 366; day++) {
        check(day * 86400);
        check(day * 86400 + 86399);
    }
    for (int64_t seconds = 0; seconds < 86400; seconds++)
        check(seconds + INT64_C(951782400)); /* the 29th of February 2000 */
    for (int64_t seconds = 0; seconds <= BASK_DATE_MAX; seconds += 7654321)
        check(seconds);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),
        cmocka_unit_test(malformed),
        cmocka_unit_test(leap_seconds),
        cmocka_unit_test(like_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
