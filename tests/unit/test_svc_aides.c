/* svc/aides: who there is, the boxes between them, and suspects. */
#include "test.h"

#include "base/err.h"
#include "svc/aides.h"
#include "sys/clock.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct bask_aide_options
options(void)
{
    return (struct bask_aide_options){
        .message_size = 1000, .spooler_processes = 1, .spooler_frequency_ms = 30000};
}

static struct bask_value
value(const char *text)
{
    return (struct bask_value){.text = bask_str_of(text), .origin = BASK_STR("test")};
}

static void
none(void **state)
{
    (void)state;
    struct bask_aide_options no = options();
    struct bask_aides aides;
    char error[256];
    assert_int_equal(bask_aides_init(&aides, &no, -1, error, sizeof error), 0);
    assert_int_equal(aides.count, 0);
    assert_null(aides.shared);
    bask_aides_fini(&aides);
}

static void
mules_and_farms(void **state)
{
    (void)state;
    struct bask_value mules[] = {value("a.py"), value("")},
                      farms[] = {value("f:1, 4"), value("g:2")};
    struct bask_aide_options given = options();
    struct bask_aides aides;
    char error[256];
    given.mules = (struct bask_values){mules, 2};
    given.more_mules = 2;
    given.farms = (struct bask_values){farms, 2};
    assert_int_equal(bask_aides_init(&aides, &given, -1, error, sizeof error), 0);
    assert_int_equal(aides.count, 4);
    assert_str(aides.items[0].work, BASK_STR("a.py"));
    assert_int_equal(aides.items[3].id, 4);
    assert_true(aides.farms[0].members[0] && aides.farms[0].members[3]);
    assert_false(aides.farms[0].members[1] || aides.farms[1].members[0]);
    bask_aides_fini(&aides);
}

static void
farms_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "f", "f:", ":1", "f:0", "f:2", "f:x", "f:1,", "f:1,,1", "f:99999999999999999999"};
    char error[256];
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct bask_value farm = value(bad[i]);
        struct bask_aide_options given = options();
        struct bask_aides aides;
        given.more_mules = 1;
        given.farms = (struct bask_values){&farm, 1};
        int err = bask_aides_init(&aides, &given, -1, error, sizeof error);
        if (strcmp(bad[i], "f:1,") == 0) { /* uWSGI takes it */
            assert_int_equal(err, 0);
            bask_aides_fini(&aides);
            continue;
        }
        assert_int_equal(err, BASK_E_SYNTAX);
        assert_non_null(strstr(error, "NAME:ID,ID"));
    }
}

static void
messages(void **state)
{
    (void)state;
    static char big[70000];
    struct bask_aide_options given = options();
    struct bask_aides aides;
    char error[256], buffer[sizeof big];
    given.more_mules = 1;
    given.message_size = sizeof big;
    assert_int_equal(bask_aides_init(&aides, &given, -1, error, sizeof error), 0);
    const struct bask_box *box = &aides.items[0].box;
    assert_int_equal(bask_box_put(box, BASK_STR("one")), 0);
    assert_int_equal(bask_box_put(box, bask_str_n(big, sizeof big)), 0);
    assert_int_equal(recv(box->ends[0], buffer, sizeof buffer, 0), 3);
    assert_int_equal(recv(box->ends[0], buffer, sizeof buffer, 0), sizeof big);
    int err, count = 0;
    while (!(err = bask_box_put(box, BASK_STR("x"))) && count < 100000)
        count++;
    assert_int_equal(err, BASK_E_AGAIN);
    assert_true(count > 10);
    bask_aides_fini(&aides);
}

static void
folders(void **state)
{
    (void)state;
    char base[] = "/tmp/bask-test-aides-XXXXXX", path[64], error[256];
    struct bask_aide_options given = options();
    struct bask_aides aides;
    struct stat about;
    assert_non_null(mkdtemp(base));
    snprintf(path, sizeof path, "%s/made", base);
    struct bask_value spoolers[] = {value(path)}, outside[] = {value(base)},
                      no = value("/no/where");
    given.spoolers = (struct bask_values){spoolers, 1};
    given.outside_spoolers = (struct bask_values){outside, 1};
    given.spooler_processes = 3;
    assert_int_equal(bask_aides_init(&aides, &given, -1, error, sizeof error), 0);
    assert_int_equal(stat(path, &about), 0);
    assert_true(S_ISDIR(about.st_mode));
    assert_int_equal(aides.count, 3);
    assert_int_equal(aides.folder_count, 2);
    assert_str(aides.items[2].work, bask_str_of(path));
    bask_aides_enter_root(&aides, base);
    assert_str(aides.items[0].work, BASK_STR("/made"));
    bask_aides_fini(&aides);
    given.outside_spoolers = (struct bask_values){&no, 1};
    assert_int_equal(bask_aides_init(&aides, &given, -1, error, sizeof error), BASK_E_NOTFOUND);
    assert_non_null(strstr(error, "/no/where"));
    rmdir(path);
    rmdir(base);
}

static void
suspects(void **state)
{
    (void)state;
    struct bask_aide_options given = options();
    struct bask_aides aides;
    char error[256];
    given.more_mules = 1;
    assert_int_equal(bask_aides_init(&aides, &given, -1, error, sizeof error), 0);
    uint64_t one = bask_suspect_name(BASK_STR("/a/b")), two = bask_suspect_name(BASK_STR("/a/c"));
    assert_true(one != two && one && two);
    assert_int_equal(bask_suspect_not_before_us(&aides, one), 0);
    assert_int_equal(bask_suspect_add(&aides, one, 1000000), 1);
    int64_t first = bask_suspect_not_before_us(&aides, one) - bask_clock_us();
    assert_in_range(first, 1, 1000000);
    assert_int_equal(bask_suspect_add(&aides, one, 1000000), 2);
    assert_true(bask_suspect_not_before_us(&aides, one) - bask_clock_us() > 1500000);
    assert_int_equal(bask_suspect_not_before_us(&aides, two), 0);
    bask_suspect_clear(&aides, one);
    assert_int_equal(bask_suspect_not_before_us(&aides, one), 0);
    for (uint64_t task = 1; task < 200; task++) /* more than there is room for */
        assert_int_equal(bask_suspect_add(&aides, task, 1000000), 1);
    assert_true(bask_suspect_not_before_us(&aides, 199) > 0);
    bask_aides_fini(&aides);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none),
        cmocka_unit_test(mules_and_farms),
        cmocka_unit_test(farms_that_are_none),
        cmocka_unit_test(messages),
        cmocka_unit_test(folders),
        cmocka_unit_test(suspects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
