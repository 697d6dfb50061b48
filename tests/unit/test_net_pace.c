/* net/pace: which clients are too slow to be waited for. */
#include "test.h"

#include "net/pace.h"

enum { SECOND = 1000000, RATE = 240 };

static const struct bask_pace_limits usual = {60 * (int64_t)SECOND, RATE};

/* Waits so many seconds, with `bytes` at the end of each `every`; when it was too slow, 0: never.
 */
static int
waits(struct bask_pace_limits limits, int seconds, int every, int64_t bytes,
      enum bask_pace_verdict *ret_verdict)
{
    struct bask_pace pace = {0};
    int64_t now = 1000 * (int64_t)SECOND;
    *ret_verdict = bask_pace_wait(&pace, now, limits);
    for (int at = 1; at <= seconds && *ret_verdict == BASK_PACE_FINE; at++) {
        now += SECOND;
        if (at % every == 0)
            bask_pace_move(&pace, now, bytes);
        *ret_verdict = bask_pace_wait(&pace, now, limits);
        if (*ret_verdict != BASK_PACE_FINE)
            return at;
    }
    return 0;
}

static void
nothing_is_a_stall(void **state)
{
    (void)state;
    enum bask_pace_verdict verdict;
    assert_int_equal(waits(usual, 1000, 2000, 1, &verdict), 60);
    assert_int_equal(verdict, BASK_PACE_STALLED);
    assert_int_equal(waits((struct bask_pace_limits){5 * SECOND, 0}, 1000, 2000, 1, &verdict), 5);
    assert_int_equal(verdict, BASK_PACE_STALLED);
}

static void
drips_are_too_slow(void **state)
{
    (void)state;
    enum bask_pace_verdict verdict;
    assert_int_equal(waits(usual, 1000, 1, RATE - 1, &verdict), 20);
    assert_int_equal(verdict, BASK_PACE_SLOW);
    assert_int_equal(waits(usual, 1000, 1, RATE, &verdict), 0);
    assert_int_equal(waits(usual, 1000, 10, 10 * RATE, &verdict), 0);
    assert_int_equal(waits(usual, 1000, 50, 50 * RATE, &verdict), 0); /* pauses, made up for */
    assert_int_equal(waits(usual, 1000, 50, 49 * RATE, &verdict), 50);
    assert_int_equal(waits(usual, 1000, 10, 10 * RATE - 10, &verdict), 20);
}

static void
a_shorter_time_out_shortens_the_window(void **state)
{
    (void)state;
    enum bask_pace_verdict verdict;
    assert_int_equal(waits((struct bask_pace_limits){3 * SECOND, RATE}, 100, 1, 1, &verdict), 3);
    assert_int_equal(verdict, BASK_PACE_SLOW);
}

static void
without_limits_nobody_is_too_slow(void **state)
{
    (void)state;
    enum bask_pace_verdict verdict;
    assert_int_equal(waits((struct bask_pace_limits){0, 0}, 100000, 200000, 1, &verdict), 0);
}

/* The time in which nobody waited is not the client's. */
static void
the_application_may_take_its_time(void **state)
{
    (void)state;
    struct bask_pace pace = {0};
    int64_t now = SECOND;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(bask_pace_wait(&pace, now, usual), BASK_PACE_FINE);
        now += SECOND / 100;
        bask_pace_move(&pace, now, 10);
        now += 100 * (int64_t)SECOND; /* it thinks about ten bytes */
    }
}

static void
a_clock_that_goes_back_is_no_time(void **state)
{
    (void)state;
    struct bask_pace pace = {0};
    assert_int_equal(bask_pace_wait(&pace, 50 * (int64_t)SECOND, usual), BASK_PACE_FINE);
    assert_int_equal(bask_pace_wait(&pace, SECOND, usual), BASK_PACE_FINE);
    assert_int_equal(pace.waited_us, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_a_stall),
        cmocka_unit_test(drips_are_too_slow),
        cmocka_unit_test(a_shorter_time_out_shortens_the_window),
        cmocka_unit_test(without_limits_nobody_is_too_slow),
        cmocka_unit_test(the_application_may_take_its_time),
        cmocka_unit_test(a_clock_that_goes_back_is_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
