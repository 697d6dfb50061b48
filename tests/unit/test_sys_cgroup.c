/* sys/: the memory that control groups grant, from folders that look like theirs. */
#include "small_files.h"

#include "sys/memory.h"

#include <inttypes.h>

static void
put_all(void)
{
    put("/free", "memory.max", "max\n");
    put("/free", "memory.high", "max\n");
    put("/two", "memory.max", "2000000000\n");
    put("/two/wider", "memory.max", "9000000000\n");
    put("/two/tight", "memory.max", "1000000000");
    put("/two/high", "memory.max", "1900000000\n");
    put("/two/high", "memory.high", "1500000000\n");
    put("/two/higher", "memory.max", "1900000000\n");
    put("/two/higher", "memory.high", "2500000000\n");
    put("/empty", "memory.max", "");
    put("/negative", "memory.max", "-1\n");
    put("/huge", "memory.max", "99999999999999999999999999\n");
    put("/words", "memory.max", "12 apples\n");
    put("/memory/v1", "memory.limit_in_bytes", "7000000000\n");
    put("/memory/v1/app", "memory.limit_in_bytes", "4000000000\n");
    put("/memory,hugetlb/both", "memory.limit_in_bytes", "5000000000\n");
}

static void
groups(void **state)
{
    (void)state;
    static const struct {
        const char *groups;
        int64_t limit;
    } cases[] = {
        {"", 0},
        {"\n\n:\n::\nnonsense\n", 0},
        {"0::/free\n", 0},
        {"0::/two\n", 2000000000},
        {"0::/two/wider\n", 2000000000},
        {"0::/two/tight", 1000000000},
        {"0::/two/high\n", 1500000000},
        {"0::/two/higher\n", 1900000000},
        {"0::/empty\n", 0},
        {"0::/negative\n", 0},
        {"0::/huge\n", 0},
        {"0::/words\n", 0},
        {"0::/nowhere\n", 0},
        {"0::/../../of/another/host\n", 0},
        {"4:memory:/v1\n", 7000000000},
        {"4:memory:/v1/app\n3:cpu:/two\n0::/\n", 4000000000},
        {"4:memory:/v1/app\n0::/two\n", 2000000000},
        {"4:memory,hugetlb:/both\n", 5000000000},
        {"4:memory_other:/v1\n", 0},
    };
    put_all();
    for (size_t i = 0; i < COUNT(cases); i++)
        if (bask_memory_limit_of(cases[i].groups, root) != cases[i].limit)
            fail_msg("\"%s\": %" PRId64, cases[i].groups,
                     bask_memory_limit_of(cases[i].groups, root));
}

static void
long_paths(void **state)
{
    (void)state;
    static char text[3 * 4096];
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "0::/", 4);
    assert_int_equal(bask_memory_limit_of(text, root), 0);
    memcpy(text, "1:memory:/", 10);
    assert_int_equal(bask_memory_limit_of(text, root), 0);
    text[4000] = '\n';
    assert_int_equal(bask_memory_limit_of(text, root), 0);
}

static void
this_process(void **state)
{
    (void)state;
    int64_t limit = bask_memory_limit();
    assert_true(limit == 0 || limit >= 1 << 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups),
        cmocka_unit_test(long_paths),
        cmocka_unit_test(this_process),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
