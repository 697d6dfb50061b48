/* proc/limits: what the options come to for one worker, and which contradict each other. */
#include "test.h"

#include "base/err.h"
#include "proc/limits.h"

#include <stdio.h>

static void
requests(void **state)
{
    (void)state;
    static const struct {
        int64_t limit, delta;
        uint32_t id, workers;
        uint64_t expected;
    } rows[] = {
        {0, 0, 1, 1, 0},        {0, 7, 3, 4, 0}, /* a delta of nothing */
        {1000, 0, 1, 1, 1000},  {1000, 0, 1, 4, 1000},
        {1000, 0, 2, 4, 938},   {1000, 0, 4, 4, 813},
        {1000, 10, 1, 4, 1010}, {1000, 10, 4, 4, 1040},
        {1, 0, 1, 1, 1},        {1, 0, 64, 64, 1},
        {3, 0, 1024, 1024, 3},  {2000000000, 2000000000, 1024, 1024, 2050000000000},
        {8, 0, 1024, 1024, 7},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct bask_limits_options options = {
            .max_requests = rows[i].limit,
            .max_requests_delta = rows[i].delta,
        };
        uint64_t found = bask_limits_requests(&options, rows[i].id, rows[i].workers);
        if (found != rows[i].expected)
            fail_msg("row %zu: %llu", i, (unsigned long long)found);
    }
}

static void
lifetimes(void **state)
{
    (void)state;
    static const struct {
        int64_t limit, delta, least;
        uint32_t id, workers;
        int64_t expected;
    } rows[] = {
        {0, 0, 10000, 1, 1, 0},
        {0, 5000, 10000, 2, 2, 0},
        {60000, 0, 10000, 1, 2, 60000},
        {60000, 0, 10000, 2, 2, 52500},
        {60000, 1000, 10000, 1, 2, 60000},
        {60000, 1000, 10000, 2, 2, 61000},
        {60000, 0, 60000, 2, 2, 60000}, /* never below the least */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct bask_limits_options options = {
            .max_lifetime_ms = rows[i].limit,
            .max_lifetime_delta_ms = rows[i].delta,
            .min_lifetime_ms = rows[i].least,
        };
        int64_t found = bask_limits_lifetime_ms(&options, rows[i].id, rows[i].workers);
        if (found != rows[i].expected)
            fail_msg("row %zu: %lld", i, (long long)found);
    }
}

/* The options of a command line, and what the check says of them. */
static int
check(const char *const *argv, struct bask_limits_options *ret_options, char *error, size_t size)
{
    int argc = 0;
    struct bask_conf *conf = bask_conf_new();
    const struct bask_option_table table = bask_limits_option_table(ret_options);
    assert_non_null(conf);
    assert_int_equal(bask_conf_add(conf, &table), 0);
    while (argv[argc])
        argc++;
    assert_int_equal(bask_conf_parse_args(conf, argc, (char **)argv, NULL), 0);
    int err = bask_limits_check(ret_options, conf, error, size);
    bask_conf_free(&conf);
    return err;
}

static void
contradictions(void **state)
{
    (void)state;
    char error[512] = "";
    struct bask_limits_options options = {0};
    assert_int_equal(check((const char *[]){"bask", NULL}, &options, error, sizeof error), 0);
    assert_int_equal(options.min_lifetime_ms, 10000);
    assert_int_equal(options.harakiri.grace_ms, 3000);

    const char *both[] = {"bask", "--max-worker-lifetime", "30", "--min-worker-lifetime=60", NULL};
    assert_int_equal(check(both, &options, error, sizeof error), BASK_E_RANGE);
    assert_string_equal(error, "command line, argument 3: --min-worker-lifetime of 60 s is longer "
                               "than --max-worker-lifetime of 30 s; expected at most that");

    /* Nobody asked for the default to be kept. */
    const char *only[] = {"bask", "--max-worker-lifetime", "5", NULL};
    assert_int_equal(check(only, &options, error, sizeof error), 0);
    assert_int_equal(options.min_lifetime_ms, 5000);

    const char *equal[] = {"bask", "--max-worker-lifetime=9", "--min-worker-lifetime=9", NULL};
    assert_int_equal(check(equal, &options, error, sizeof error), 0);
    const char *alone[] = {"bask", "--min-worker-lifetime", "9", NULL};
    options = (struct bask_limits_options){0};
    assert_int_equal(check(alone, &options, error, sizeof error), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(lifetimes),
        cmocka_unit_test(contradictions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
