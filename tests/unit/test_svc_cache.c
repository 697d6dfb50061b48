/* svc/cache and svc/caches: what one process does, and what descriptions say. */
#include "cache_fixture.h"

#include "svc/svc.h"
#include "sys/clock.h"

#include <bask/service_cache.h>
#include <time.h>

static void
sets_and_updates(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache("name=c,items=4,keysize=10");
    assert_null(value_of(cache, "a"));
    assert_int_equal(set(cache, "a", "one"), 0);
    assert_string_equal(value_of(cache, "a"), "one");
    assert_int_equal(set(cache, "a", "two"), BASK_E_AGAIN);
    assert_string_equal(value_of(cache, "a"), "one");
    assert_int_equal(update(cache, "a", "three"), 0);
    assert_string_equal(value_of(cache, "a"), "three");
    assert_int_equal(update(cache, "b", ""), 0);
    assert_string_equal(value_of(cache, "b"), "");
    assert_int_equal(bask_cache_exists(cache, BASK_STR("b")), 0);
    assert_int_equal(bask_cache_exists(cache, BASK_STR("c")), BASK_E_NOTFOUND);
    assert_int_equal(bask_cache_remove(cache, BASK_STR("b")), 0);
    assert_int_equal(bask_cache_remove(cache, BASK_STR("b")), BASK_E_NOTFOUND);
    assert_int_equal(bask_cache_count(cache), 1);
    check_order(cache);
    bask_cache_clear(cache);
    assert_int_equal(bask_cache_count(cache), 0);
    assert_null(value_of(cache, "a"));
    assert_int_equal(set(cache, "a", "again"), 0);
    check_order(cache);
    bask_cache_close(&cache);
    bask_cache_close(&cache);
}

static void
keys_of_all_kinds(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache("name=c,items=3,keysize=10");
    const bask_str zeros = BASK_STR("\0\0"), longest = BASK_STR("0123456789");
    assert_int_equal(bask_cache_set(cache, zeros, BASK_STR("a\0b"), 0, false), 0);
    assert_int_equal(bask_cache_set(cache, BASK_STR("\0"), BASK_STR("x"), 0, false), 0);
    assert_int_equal(bask_cache_set(cache, longest, BASK_STR("y"), 0, false), 0);
    bask_str value;
    assert_int_equal(bask_cache_get(cache, zeros, &value), 0);
    assert_true(bask_str_eq(value, BASK_STR("a\0b")));
    free((char *)value.ptr);
    assert_int_equal(set(cache, "", "x"), BASK_E_RANGE);
    assert_int_equal(set(cache, "01234567890", "x"), BASK_E_RANGE);
    assert_int_equal(bask_cache_exists(cache, BASK_STR("")), BASK_E_NOTFOUND);
    assert_null(value_of(cache, "01234567890"));
    char key[10];
    uint32_t cursor = 0, count = 0;
    size_t len, all = 0;
    while (!bask_cache_next_key(cache, &cursor, key, sizeof key, &len)) {
        all += len;
        count++;
    }
    assert_int_equal(count, 3);
    assert_int_equal(all, 2 + 1 + 10);
    cursor = 0;
    assert_int_equal(bask_cache_next_key(cache, &cursor, key, 1, &len), BASK_E_LIMIT);
    bask_cache_close(&cache);
}

static void
full_caches(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache("name=c,items=3,blocksize=8,ignore_full=1");
    for (int i = 0; i < 3; i++)
        assert_int_equal(set(cache, (char[]){(char)('a' + i), 0}, "12345678"), 0);
    assert_int_equal(set(cache, "d", "x"), BASK_E_LIMIT);
    assert_int_equal(update(cache, "d", "x"), BASK_E_LIMIT);
    assert_int_equal(update(cache, "a", "y"), 0);
    assert_int_equal(update(cache, "a", "123456789"), BASK_E_RANGE);
    assert_string_equal(value_of(cache, "a"), "y");
    assert_int_equal(bask_cache_calculate(cache, BASK_STR("n"), BASK_CACHE_ADD, 1, 0),
                     BASK_E_LIMIT);
    assert_int_equal(bask_cache_remove(cache, BASK_STR("b")), 0);
    assert_int_equal(set(cache, "d", "x"), 0);
    check_order(cache);
    bask_cache_close(&cache);

    cache = open_cache("name=c,items=3,clear_on_full");
    for (int i = 0; i < 4; i++)
        assert_int_equal(set(cache, (char[]){(char)('a' + i), 0}, "x"), 0);
    assert_int_equal(bask_cache_count(cache), 1);
    assert_string_equal(value_of(cache, "d"), "x");
    check_order(cache);
    bask_cache_close(&cache);
}

static void
the_least_recently_used_goes(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache("name=c,items=3,lru=1");
    set(cache, "a", "1");
    set(cache, "b", "2");
    set(cache, "c", "3");
    assert_string_equal(value_of(cache, "a"), "1");
    assert_int_equal(set(cache, "d", "4"), 0);
    assert_null(value_of(cache, "b"));
    assert_int_equal(update(cache, "c", "5"), 0);
    assert_int_equal(set(cache, "e", "6"), 0);
    assert_null(value_of(cache, "a"));
    assert_string_equal(value_of(cache, "c"), "5");
    assert_string_equal(value_of(cache, "d"), "4");
    check_order(cache);
    bask_cache_close(&cache);
}

static void
values_of_several_blocks(void **state)
{
    (void)state;
    static char large[100], other[100];
    memset(large, 'l', sizeof large - 1);
    memset(other, 'o', sizeof other - 1);
    struct bask_cache *cache =
        open_cache("name=c,items=4,blocks=10,blocksize=10,bitmap=1,ignore_full=1");
    assert_int_equal(set(cache, "a", large), 0); /* 99 bytes: all ten */
    assert_string_equal(value_of(cache, "a"), large);
    assert_int_equal(set(cache, "b", "x"), BASK_E_LIMIT);
    assert_int_equal(update(cache, "a", other), 0); /* in place of itself */
    assert_string_equal(value_of(cache, "a"), other);
    assert_int_equal(update(cache, "a", "12345678901"), 0);
    assert_int_equal(set(cache, "b", large), BASK_E_LIMIT);
    large[80] = '\0';
    assert_int_equal(set(cache, "b", large), 0);
    assert_string_equal(value_of(cache, "b"), large);
    assert_int_equal(update(cache, "a", large), BASK_E_LIMIT);
    assert_string_equal(value_of(cache, "a"), "12345678901");
    check_order(cache);
    bask_cache_close(&cache);

    cache = open_cache("name=c,items=4,blocks=10,blocksize=10,bitmap=1,purge_lru=1");
    for (int i = 0; i < 4; i++)
        assert_int_equal(set(cache, (char[]){(char)('a' + i), 0}, "12345678901"), 0);
    assert_int_equal(update(cache, "a", large), 0); /* it is the oldest itself */
    assert_string_equal(value_of(cache, "a"), large);
    assert_string_equal(value_of(cache, "d"), "12345678901");
    assert_int_equal(bask_cache_count(cache), 2);
    check_order(cache);
    bask_cache_close(&cache);
}

static int64_t
number_of(struct bask_cache *cache, const char *key)
{
    bask_str value;
    int64_t number = -1;
    assert_int_equal(bask_cache_get(cache, bask_str_of(key), &value), 0);
    assert_int_equal(value.len, sizeof number);
    memcpy(&number, value.ptr, sizeof number);
    free((char *)value.ptr);
    return number;
}

static void
numbers(void **state)
{
    (void)state;
    static const struct {
        int64_t before;
        enum bask_cache_operation operation;
        int64_t operand, after;
    } cases[] = {
        {5, BASK_CACHE_ADD, 3, 8},
        {5, BASK_CACHE_ADD, -8, -3},
        {5, BASK_CACHE_SUBTRACT, 8, -3},
        {5, BASK_CACHE_MULTIPLY, -3, -15},
        {17, BASK_CACHE_DIVIDE, 5, 3},
        {-17, BASK_CACHE_DIVIDE, 5, -3},
        {17, BASK_CACHE_DIVIDE, 0, 0},
        {INT64_MAX, BASK_CACHE_ADD, 1, INT64_MIN},
        {INT64_MIN, BASK_CACHE_SUBTRACT, 1, INT64_MAX},
        {INT64_MIN, BASK_CACHE_DIVIDE, -1, INT64_MIN},
        {INT64_MAX, BASK_CACHE_MULTIPLY, 2, -2},
    };
    struct bask_cache *cache = open_cache("name=c,items=3,math_initial=-7,blocksize=8");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bask_str before = bask_str_n((const char *)&cases[i].before, sizeof cases[i].before);
        bask_cache_set(cache, BASK_STR("n"), before, 0, true);
        assert_int_equal(
            bask_cache_calculate(cache, BASK_STR("n"), cases[i].operation, cases[i].operand, 0), 0);
        assert_int_equal(number_of(cache, "n"), cases[i].after);
    }
    assert_int_equal(bask_cache_calculate(cache, BASK_STR("new"), BASK_CACHE_MULTIPLY, 3, 0), 0);
    assert_int_equal(number_of(cache, "new"), -21);
    set(cache, "text", "1234567");
    assert_int_equal(bask_cache_calculate(cache, BASK_STR("text"), BASK_CACHE_ADD, 1, 0),
                     BASK_E_SYNTAX);
    assert_string_equal(value_of(cache, "text"), "1234567");
    assert_int_equal(bask_cache_calculate(cache, BASK_STR(""), BASK_CACHE_ADD, 1, 0), BASK_E_RANGE);
    check_order(cache);
    bask_cache_close(&cache);
}

static int
set_for(struct bask_cache *cache, const char *key, int64_t seconds)
{
    return bask_cache_set(cache, bask_str_of(key), BASK_STR("x"), seconds, true);
}

static void
what_expires(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache("name=c,items=3,ignore_full=1");
    assert_int_equal(set_for(cache, "long", 3600), 0);
    assert_int_equal(set_for(cache, "ever", INT64_MAX), 0);
    assert_int_equal(set_for(cache, "gone", -1), 0);
    assert_int_equal(bask_cache_count(cache), 3);
    uint32_t cursor = 0, count = 0;
    char key[8];
    size_t len;
    while (!bask_cache_next_key(cache, &cursor, key, sizeof key, &len))
        count++;
    assert_int_equal(count, 2);
    assert_null(value_of(cache, "gone")); /* and is taken out by that */
    assert_int_equal(bask_cache_count(cache), 2);
    assert_int_equal(set_for(cache, "gone", -1), 0);
    assert_int_equal(set(cache, "gone", "new"), 0); /* it is not there */
    assert_int_equal(set(cache, "more", "x"), BASK_E_LIMIT);
    assert_int_equal(set_for(cache, "gone", INT64_MIN), 0);
    assert_int_equal(set(cache, "more", "x"), 0); /* in its place */
    assert_int_equal(bask_cache_tend(cache), 0);
    assert_int_equal(set_for(cache, "more", -1), 0);
    assert_int_equal(bask_cache_tend(cache), 1);
    assert_int_equal(update(cache, "long", "for ever"), 0); /* as set without a time */
    check_order(cache);
    bask_cache_close(&cache);
}

static void
time_passes(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache("name=c,items=3");
    int64_t began = bask_clock_wall_us();
    assert_int_equal(set_for(cache, "a", 1), 0);
    assert_int_equal(bask_cache_calculate(cache, BASK_STR("n"), BASK_CACHE_ADD, 1, 1), 0);
    assert_int_equal(bask_cache_calculate(cache, BASK_STR("n"), BASK_CACHE_ADD, 1, 100), 0);
    while (value_of(cache, "a"))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    assert_true(bask_clock_wall_us() - began >= 1000000);
    uint32_t gone;
    while (!(gone = bask_cache_tend(cache))) /* the number keeps the time it began with */
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    assert_int_equal(gone, 1);
    assert_int_equal(bask_cache_count(cache), 0);
    bask_cache_close(&cache);
}

/* Sweeps are done in pieces: more than one of them here. */
static void
sweeps_of_many(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache("name=c,items=20000,blocksize=8,keysize=8,hashsize=64k");
    char key[8];
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_int_equal(set_for(cache, key, i % 3 ? 100 : -1), 0);
    }
    assert_int_equal(bask_cache_tend(cache), 6667);
    assert_int_equal(bask_cache_tend(cache), 0);
    check_order(cache);
    assert_int_equal(bask_cache_count(cache), 20000 - 6667);
    bask_cache_close(&cache);

    cache = open_cache("name=c,items=10,lazy=1");
    set_for(cache, "a", -1);
    assert_int_equal(bask_cache_tend(cache), 0);
    assert_int_equal(bask_cache_count(cache), 1);
    bask_cache_close(&cache);
}

/* What is added where the present sweep has been already. */
static void
added_behind_a_sweep(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache("name=c,items=8,hashsize=3");
    assert_int_equal(set(cache, "first", "x"), 0);
    assert_int_equal(set(cache, "second", "x"), 0);
    assert_int_equal(set_for(cache, "third", -1), 0);
    assert_int_equal(bask_cache_remove(cache, BASK_STR("first")), 0);
    cache->head->sweep_at = 2;
    cache->head->rest_us = INT64_MAX;
    assert_int_equal(set_for(cache, "new", 100), 0);
    assert_int_equal(bask_cache_tend(cache), 1);
    check_order(cache); /* the next sweep will find it */
    bask_cache_close(&cache);
}

static void
descriptions(void **state)
{
    (void)state;
    struct bask_cache_spec spec;
    char error[512];
    static const struct {
        const char *text, *complaint;
    } bad[] = {
        {"", "name"},
        {"items=5", "name"},
        {"name=x", "items"},
        {"name=x,items=0", "expected 1"},
        {"name=x,items=-1", "expected 1"},
        {"name=x,items=2g", "expected 1"},
        {"name=x,items=99999999999999999999", "expected 1"},
        {"name=x,items=", "expected 1"},
        {"name=,items=5", "name"},
        {"name=a@b,items=5", "@"},
        {"name=x,items=5,blocksize=7", "expected 8"},
        {"name=x,items=5,keysize=64k", "expected 1 to 65535"},
        {"name=x,items=5,blocks=4", "blocks"},
        {"name=x,items=5,bitmap=yes", "expected 1 or 0"},
        {"name=x,items=5,nodes=h:1", "several servers"},
        {"name=x,items=5,colour=red", "\"colour\""},
        {"name=x,items=5,math_initial=-", "expected a number"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(bask_cache_parse(bask_str_of(bad[i].text), &spec, error, sizeof error),
                         BASK_E_SYNTAX);
        if (!strstr(error, bad[i].complaint))
            fail_msg("%s: %s", bad[i].text, error);
    }
    assert_int_equal(bask_cache_parse(BASK_STR(" name = x , maxitems = 1k,bitmap,lru=0,hash=djb33x,"
                                               "blocksize=1m,math_initial=-5,store=/a/b"),
                                      &spec, error, sizeof error),
                     0);
    assert_true(bask_str_eq(spec.name, BASK_STR("x")));
    assert_true(bask_str_eq(spec.store, BASK_STR("/a/b")));
    assert_int_equal(spec.shape.items, 1024);
    assert_int_equal(spec.shape.blocks, 1024);
    assert_int_equal(spec.shape.blocksize, 1 << 20);
    assert_int_equal(spec.math_initial, -5);
    assert_true(spec.spans);
    assert_false(spec.purge_lru);
}

static const struct bask_service_cache *
service_with(struct bask_shared *shared, const struct bask_shared_options *wanted)
{
    static const struct bask_svc_options options = {.rpc_max = 64};
    char error[512];
    if (wanted && bask_shared_open(shared, wanted, error, sizeof error))
        fail_msg("%s", error);
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options, .shared = shared});
    return bask_svc_find("cache");
}

static void
the_service(void **state)
{
    (void)state;
    struct bask_shared shared = {0};
    struct bask_value described = {BASK_STR("name=second,items=2,keysize=4"), BASK_STR("here")};
    struct bask_shared_options wanted = {
        .cache = {.items = 2, .blocksize = 64, .described = {&described, 1}}};
    bask_str first = BASK_STR(""), second = BASK_STR("second"), third = BASK_STR("third");
    bask_str key = BASK_STR("k"), value;
    uint32_t cursor = 0;
    size_t len;
    char space[4];
    const struct bask_service_cache *service = service_with(&shared, NULL);
    assert_int_equal(service->set(first, key, key, 0, 0), BASK_E_STATE);
    assert_int_equal(service->next_key(first, &cursor, space, 4, &len), BASK_E_STATE);
    service = service_with(&shared, &wanted);
    assert_int_equal(service->set(first, key, BASK_STR("1"), 0, 0), 0);
    assert_int_equal(service->set(second, key, BASK_STR("2"), 0, 0), 0);
    assert_int_equal(service->set(third, key, BASK_STR("3"), 0, 0), BASK_E_STATE);
    assert_int_equal(service->get(BASK_STR("default"), key, &value), 0);
    assert_true(bask_str_eq(value, BASK_STR("1")));
    service->release(value);
    assert_int_equal(service->calculate(second, BASK_STR("n"), BASK_CACHE_ADD, 1, 0), 0);
    assert_int_equal(service->exists(second, BASK_STR("n")), 0);
    assert_int_equal(service->remove(second, key), 0);
    assert_int_equal(service->next_key(second, &cursor, space, 4, &len), 0);
    assert_int_equal(service->clear(second), 0);
    assert_int_equal(service->clear(third), BASK_E_STATE);
    assert_int_equal(bask_caches_tend(&shared.caches), 0);
    bask_shared_close(&shared);
    struct bask_value again = {BASK_STR("name=default,items=2"), BASK_STR("here")};
    wanted.cache.described.items = &again;
    char error[512];
    assert_true(bask_shared_open(&shared, &wanted, error, sizeof error) < 0);
    assert_non_null(strstr(error, "here: --cache2"));
    bask_shared_close(&shared);
    service_with(&shared, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_and_updates),
        cmocka_unit_test(keys_of_all_kinds),
        cmocka_unit_test(full_caches),
        cmocka_unit_test(the_least_recently_used_goes),
        cmocka_unit_test(values_of_several_blocks),
        cmocka_unit_test(numbers),
        cmocka_unit_test(what_expires),
        cmocka_unit_test(time_passes),
        cmocka_unit_test(sweeps_of_many),
        cmocka_unit_test(added_behind_a_sweep),
        cmocka_unit_test(descriptions),
        cmocka_unit_test(the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
