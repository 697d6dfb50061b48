/* svc/cache by a clock that goes on between any two looks at it: what expires amid a call. */
#include "cache_fixture.h"

#include <time.h>

static int64_t now_us = INT64_C(1000000000), per_look_us;

int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);

int
__wrap_clock_gettime(clockid_t id, struct timespec *time)
{
    if (id != CLOCK_REALTIME)
        return __real_clock_gettime(id, time);
    now_us += per_look_us;
    *time = (struct timespec){now_us / 1000000, now_us % 1000000 * 1000};
    return 0;
}

/* Full to the last block; "a" expires in a second. */
static struct bask_cache *
open_full(const char *kind)
{
    char description[128];
    snprintf(description, sizeof description,
             "name=c,items=4,blocks=4,blocksize=8,bitmap=1,hashsize=1,ignore_full=1%s", kind);
    struct bask_cache *cache = open_cache(description);
    per_look_us = 0;
    assert_int_equal(bask_cache_set(cache, BASK_STR("a"), BASK_STR("a"), 1, false), 0);
    assert_int_equal(set(cache, "b", "sixteen.sixteen."), 0);
    assert_int_equal(set(cache, "c", "c"), 0);
    return cache;
}

static void
replaced_while_it_expires(void **state)
{
    (void)state;
    static const char *const kinds[] = {"", ",lru=1", ",clear_on_full=1", ",lazy=1"};
    for (size_t kind = 0; kind < COUNT(kinds); kind++)
        for (int64_t left = 0; left < 8; left++) {
            struct bask_cache *cache = open_full(kinds[kind]);
            now_us += 1000000 - left;
            per_look_us = 1;
            int err = update(cache, "a", "two blocks");
            assert_true(err == 0 || err == BASK_E_LIMIT);
            check_order(cache);
            if (!err)
                assert_string_equal(value_of(cache, "a"), "two blocks");
            bask_cache_close(&cache);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaced_while_it_expires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
