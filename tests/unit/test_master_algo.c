/* master/algo: what each algorithm asks for over a made-up course of events. */
#include "test.h"

#include "master/algo.h"

enum { SECOND = 1000000 };

static struct algo_limits limits;
static struct algo_memory memory;
static struct algo_sample sample;

static int
set_up(void **state)
{
    (void)state;
    limits = (struct algo_limits){
        .min = 1,
        .max = 4,
        .step = 2,
        .overload = 3,
        .idle_us = 10 * SECOND,
        .busy_max = 50,
        .busy_min = 25,
        .multiplier = 3,
        .penalty = 2,
        .backlog_alert = 33,
        .backlog_multiplier = 3,
        .backlog_step = 1,
        .backlog_nonzero_us = 60 * (int64_t)SECOND,
    };
    memory = (struct algo_memory){0};
    sample = (struct algo_sample){.now_us = SECOND, .active = 1, .threads = 1};
    return 0;
}

/* One sample after the other, a second apart; what was asked for last, obeyed. Stops when something
 * is asked for. */
static int
run(const char *name, int seconds)
{
    algo_f *algo = algo_named(bask_str_of(name));
    int change = 0;
    assert_non_null(algo);
    for (int i = 0; i < seconds && !change; i++) {
        sample.now_us += SECOND;
        change = algo(&limits, &memory, &sample);
    }
    sample.active = (uint32_t)((int)sample.active + change);
    return change;
}

static void
names(void **state)
{
    (void)state;
    assert_null(algo_named(BASK_STR("")));
    assert_null(algo_named((bask_str){0}));
    assert_null(algo_named(BASK_STR("spar")));
    assert_null(algo_named(BASK_STR("spare3")));
    assert_non_null(algo_named(BASK_STR("spare2")));
}

static void
spare_adds_when_all_are_busy_for_a_while(void **state)
{
    (void)state;
    sample.busy = 1;
    assert_int_equal(run("spare", 3), 0);
    assert_int_equal(run("spare", 1), 2);
    sample.busy = 3;
    assert_int_equal(run("spare", 4), 1); /* there is room for one only */
    sample.busy = 4;
    assert_int_equal(run("spare", 100), 0);
}

static void
spare_begins_anew_after_a_pause(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        sample.busy = 1;
        assert_int_equal(run("spare", 3), 0);
        sample.busy = 0;
        assert_int_equal(run("spare", 1), 0);
    }
}

static void
spare_waits_for_who_is_coming(void **state)
{
    (void)state;
    sample.busy = sample.active = 2;
    sample.coming = 1;
    assert_int_equal(run("spare", 100), 0);
}

static void
spare_takes_away_down_to_one_idle(void **state)
{
    (void)state;
    sample.active = 4;
    sample.busy = 1;
    assert_int_equal(run("spare", 10), -1);
    assert_int_equal(run("spare", 10), -1);
    assert_int_equal(run("spare", 100), 0); /* one is busy, one is spare */
    sample.busy = 0;
    assert_int_equal(run("spare", 10), -1);
    assert_int_equal(run("spare", 100), 0); /* the fewest there may be */
}

static void
spare2_keeps_some_idle(void **state)
{
    (void)state;
    limits.min = 2;
    limits.max = 8;
    sample.active = 2;
    sample.busy = 1;
    assert_int_equal(run("spare2", 1), 1);
    sample.busy = 3;
    assert_int_equal(run("spare2", 1), 2);
    sample.busy = 0;
    assert_int_equal(run("spare2", 10), 0);
    assert_int_equal(run("spare2", 1), -1);
}

static void
backlog_counts_who_waits(void **state)
{
    (void)state;
    sample.waiting = 3;
    assert_int_equal(run("backlog", 10), 0);
    sample.waiting = 4;
    assert_int_equal(run("backlog", 1), 2);
    sample.waiting = 0;
    sample.busy = 3;
    assert_int_equal(run("backlog", 2), -1);
    set_up(NULL);
    sample.active = sample.busy = 3;
    assert_int_equal(run("backlog2", 10), 0); /* all of them have something to do */
    sample.busy = 1;
    assert_int_equal(run("backlog2", 2), -1);
}

/* Seconds with this percentage of time spent, until something is asked for. */
static int
busy_for(int seconds, unsigned percent)
{
    int change = 0;
    for (int i = 0; i < seconds && !change; i++) {
        sample.busy_us += (uint64_t)SECOND * percent / 100 * sample.active * sample.threads;
        change = run("busyness", 1);
    }
    return change;
}

static void
busyness_follows_the_load(void **state)
{
    (void)state;
    sample.threads = 4;
    assert_int_equal(busy_for(20, 40), 0);
    assert_int_equal(busy_for(6, 70), 2);
    assert_in_range(memory.busyness, 51, 70);
    assert_int_equal(busy_for(6, 70), 1);
    assert_int_equal(busy_for(50, 90), 0); /* there are no more */
    assert_int_equal(busy_for(6, 10), 0);
    assert_int_equal(busy_for(6, 10), -1); /* after three calm windows */
}

static void
busyness_gives_more_time_after_a_mistake(void **state)
{
    (void)state;
    limits.step = 1;
    sample.active = 3;
    assert_int_equal(busy_for(13, 10), -1);
    assert_int_equal(busy_for(4, 80), 1); /* missed at once */
    assert_int_equal(memory.patience, 5);
    assert_int_equal(busy_for(11, 10), 0); /* three windows are not enough now */
    assert_int_equal(busy_for(6, 10), -1);
}

static void
busyness_does_not_wait_in_an_emergency(void **state)
{
    (void)state;
    sample.waiting = 34;
    assert_int_equal(busy_for(1, 0), 1);
    sample.waiting = 100;
    assert_int_equal(busy_for(1, 0), 2); /* all of them */
    set_up(NULL);
    sample.waiting = 1;
    assert_int_equal(busy_for(59, 30), 0);
    assert_int_equal(busy_for(3, 30), 1);
}

/* The time of a thread that was killed inside a request is gone from the sum. */
static void
busyness_survives_a_sum_that_shrinks(void **state)
{
    (void)state;
    sample.busy_us = 100 * (uint64_t)SECOND;
    assert_int_equal(busy_for(2, 0), 0);
    sample.busy_us = 0;
    assert_int_equal(busy_for(3, 0), 0);
    assert_int_equal(memory.busyness, 0);
}

static void
manual_leaves_it_alone(void **state)
{
    (void)state;
    sample.busy = 1;
    sample.waiting = 1000;
    assert_int_equal(run("manual", 100), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        TEST(spare_adds_when_all_are_busy_for_a_while),
        TEST(spare_begins_anew_after_a_pause),
        TEST(spare_waits_for_who_is_coming),
        TEST(spare_takes_away_down_to_one_idle),
        TEST(spare2_keeps_some_idle),
        TEST(backlog_counts_who_waits),
        TEST(busyness_follows_the_load),
        TEST(busyness_gives_more_time_after_a_mistake),
        TEST(busyness_does_not_wait_in_an_emergency),
        TEST(busyness_survives_a_sum_that_shrinks),
        TEST(manual_leaves_it_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
