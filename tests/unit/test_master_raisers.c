/* master/raise_spec: the words of --timer, --touch-signal and their relatives, right and wrong. */
#include "test.h"

#include "base/err.h"
#include "master/raise_spec.h"

static struct raise_spec spec;

static int
parse(enum raise_kind kind, bask_str text)
{
    char error[128] = "";
    int err = raise_spec_parse(kind, text, &spec, error, sizeof error);
    assert_true(!err == !error[0]);
    return err;
}

static void
right(void **state)
{
    (void)state;
    static const struct {
        enum raise_kind kind;
        const char *text;
        struct raise_spec spec;
    } rows[] = {
        {RAISE_TIMER, "17 30", {17, 30000000, 0, {NULL, 0}}},
        {RAISE_TIMER, " 0   500ms ", {0, 500000, 0, {NULL, 0}}},
        {RAISE_TIMER, "\t17\t 30\n", {17, 30000000, 0, {NULL, 0}}},
        {RAISE_RB_TIMER, "7  1 \t3\n", {7, 1000000, 3, {NULL, 0}}},
        {RAISE_TOUCH, "/tmp/x\t7\r\n", {7, 0, 0, {"/tmp/x", 6}}},
        {RAISE_RB_TIMER, "255 1", {255, 1000000, 0, {NULL, 0}}},
        {RAISE_RB_TIMER, "7 1 3", {7, 1000000, 3, {NULL, 0}}},
        {RAISE_RB_TIMER, "7 1m 0", {7, 60000000, 0, {NULL, 0}}},
        {RAISE_TOUCH, "/tmp/x 7", {7, 0, 0, {"/tmp/x", 6}}},
        {RAISE_FS, "inbox  0", {0, 0, 0, {"inbox", 5}}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(parse(rows[i].kind, bask_str_of(rows[i].text)), 0);
        assert_int_equal(spec.number, rows[i].spec.number);
        assert_int_equal(spec.interval_us, rows[i].spec.interval_us);
        assert_int_equal(spec.times, rows[i].spec.times);
        assert_str(spec.path, rows[i].spec.path);
    }
}

static void
wrong(void **state)
{
    (void)state;
    static const struct {
        enum raise_kind kind;
        const char *text;
    } rows[] = {
        {RAISE_TIMER, ""},
        {RAISE_TIMER, " "},
        {RAISE_TIMER, "17"},
        {RAISE_TIMER, "17 "},
        {RAISE_TIMER, "17 0"},
        {RAISE_TIMER, "256 1"},
        {RAISE_TIMER, "-1 1"},
        {RAISE_TIMER, "x 1"},
        {RAISE_TIMER, "17 -5"},
        {RAISE_TIMER, "17 1 3"},
        {RAISE_TIMER, "17 1y"},
        {RAISE_TIMER, "17 367d"},
        {RAISE_RB_TIMER, "7 1 -1"},
        {RAISE_RB_TIMER, "7 1 2 3"},
        {RAISE_RB_TIMER, "7 1 4294967296"},
        {RAISE_TIMER, "17 99999999999999999999"},
        {RAISE_TOUCH, ""},
        {RAISE_TOUCH, "file"},
        {RAISE_TOUCH, "file x"},
        {RAISE_TOUCH, "file 256"},
        {RAISE_FS, "7"},
        {RAISE_FS, "a b 7"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (parse(rows[i].kind, bask_str_of(rows[i].text)) != BASK_E_SYNTAX)
            fail_msg("\"%s\" is taken", rows[i].text);
    assert_int_equal(parse(RAISE_TOUCH, BASK_STR("a\0b 7")), BASK_E_SYNTAX);
    assert_int_equal(parse(RAISE_TIMER, (bask_str){NULL, 0}), BASK_E_SYNTAX);
    static char path[9000];
    memset(path, 'a', sizeof path);
    memcpy(path + sizeof path - 2, " 7", 2);
    assert_int_equal(parse(RAISE_FS, bask_str_n(path, sizeof path)), BASK_E_SYNTAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right),
        cmocka_unit_test(wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
