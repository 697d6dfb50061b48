/* proto/date: against the C library over four centuries of days and more. */
#include "test.h"

#include "proto/date.h"

#include <time.h>

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
        cmocka_unit_test(like_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
