/* sys/: the CPUs that control groups leave, from folders that look like theirs. */
#include "small_files.h"

#include "sys/cpus.h"

static void
groups(void **state)
{
    (void)state;
    static const struct {
        const char *groups;
        int limit;
    } cases[] = {
        {"", 0},
        {"\n\n:\n::\nnonsense\n", 0},
        {"0::/free\n", 0},
        {"0::/two\n", 2},
        {"0::/two", 2},
        {"0::/two/wider\n", 2},
        {"0::/two/half\n", 1},
        {"0::/fraction\n", 3},
        {"0::/../of/another/host\n", 0},
        {"0::/broken\n", 0},
        {"0::/negative\n", 0},
        {"0::/huge\n", 0},
        {"0::/nowhere\n", 0},
        {"3:cpuset:/v1\n2:cpu,cpuacct:/v1/app\n1:name=systemd:/\n0::/\n", 4},
        {"2:cpu,cpuacct:/v1\n", 7},
        {"2:cpuacct:/v1/app\n", 0},
        {"2:cpu:/unlimited\n", 0},
        {"2:cpu:/host/path/of/this\n", 5},
        {"0::/two\n2:cpu,cpuacct:/v1\n", 2},
    };
    put("/two", "cpu.max", "200000 100000\n");
    put("/two/wider", "cpu.max", "900000 100000\n");
    put("/two/half", "cpu.max", "50000 100000\n");
    put("/free", "cpu.max", "max 100000\n");
    put("/fraction", "cpu.max", "200001 100000\n");
    put("/broken", "cpu.max", "");
    put("/negative", "cpu.max", "-1 100000\n");
    put("/huge", "cpu.max", "999999999999999999999 1\n");
    put("/cpu,cpuacct/v1", "cpu.cfs_quota_us", "700000\n");
    put("/cpu,cpuacct/v1", "cpu.cfs_period_us", "100000\n");
    put("/cpu,cpuacct/v1/app", "cpu.cfs_quota_us", "40000\n");
    put("/cpu,cpuacct/v1/app", "cpu.cfs_period_us", "10000\n");
    put("/cpu/unlimited", "cpu.cfs_quota_us", "-1\n");
    put("/cpu/unlimited", "cpu.cfs_period_us", "100000\n");
    for (size_t i = 0; i < COUNT(cases) - 2; i++)
        if (bask_cpus_limit(cases[i].groups, root) != cases[i].limit)
            fail_msg("\"%s\": %d", cases[i].groups, bask_cpus_limit(cases[i].groups, root));
    /* A container sees its own group at the mount. */
    put("/cpu", "cpu.cfs_quota_us", "500000\n");
    put("/cpu", "cpu.cfs_period_us", "100000\n");
    for (size_t i = COUNT(cases) - 2; i < COUNT(cases); i++)
        if (bask_cpus_limit(cases[i].groups, root) != cases[i].limit)
            fail_msg("\"%s\": %d", cases[i].groups, bask_cpus_limit(cases[i].groups, root));
}

static void
this_process(void **state)
{
    (void)state;
    assert_in_range(bask_cpus(), 1, sysconf(_SC_NPROCESSORS_CONF));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups),
        cmocka_unit_test(this_process),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
