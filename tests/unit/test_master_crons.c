/* master/cron_spec: the words of a cron's option, right and wrong. */
#include "test.h"

#include "base/err.h"
#include "master/cron_spec.h"

#include <stdlib.h>

static struct cron_spec spec;
static char error[256];

static int
parse(enum cron_form form, const char *text)
{
    error[0] = '\0';
    int err = cron_spec_parse(form, bask_str_of(text), &spec, error, sizeof error);
    assert_true(!err == !error[0]);
    return err;
}

static void
right(void **state)
{
    (void)state;
    static const struct {
        enum cron_form form;
        const char *text;
        int32_t when[BASK_CRON_FIELDS];
        const char *command;
        bool is_unique;
        int64_t limit_s;
    } rows[] = {
        {CRON_PLAIN, "59 2 -1 -1 -1 backup --all", {59, 2, -1, -1, -1}, "backup --all", false, -1},
        {CRON_PLAIN, "\t0  -2 01 -12\t7   a  b ", {0, -2, 1, -12, 7}, "a  b", false, -1},
        {CRON_PLAIN, "-60 -24 -31 -12 -7 x=1 y", {-60, -24, -31, -12, -7}, "x=1 y", false, -1},
        {CRON_UNIQUE, "-1 -1 -1 -1 -1 sleep 70", {-1, -1, -1, -1, -1}, "sleep 70", true, -1},
        {CRON_DESCRIBED, "my command", {-1, -1, -1, -1, -1}, "my command", false, -1},
        {CRON_DESCRIBED, "command", {-1, -1, -1, -1, -1}, "command", false, -1},
        {CRON_DESCRIBED, "cmd a=1,b=2", {-1, -1, -1, -1, -1}, "cmd a=1,b=2", false, -1},
        {CRON_DESCRIBED,
         "minute=-2,unique=1 sleep 130",
         {-2, -1, -1, -1, -1},
         "sleep 130",
         true,
         -1},
        {CRON_DESCRIBED, "harakiri=0 x", {-1, -1, -1, -1, -1}, "x", false, 0},
        {CRON_DESCRIBED,
         "week=0,month=12,day=31,hour=23,minute=0,unique=0,harakiri=90 x >y",
         {0, 23, 31, 12, 0},
         "x >y",
         false,
         90},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(parse(rows[i].form, rows[i].text), 0);
        assert_memory_equal(spec.when.fields, rows[i].when, sizeof rows[i].when);
        assert_string_equal(spec.command, rows[i].command);
        assert_int_equal(spec.is_unique, rows[i].is_unique);
        assert_int_equal(spec.limit_s, rows[i].limit_s);
        cron_spec_fini(&spec);
    }
}

static void
wrong(void **state)
{
    (void)state;
    static const struct {
        enum cron_form form;
        const char *text, *says;
    } rows[] = {
        {CRON_PLAIN, "", "expected minute, hour"},
        {CRON_PLAIN, "   ", "expected minute, hour"},
        {CRON_PLAIN, "1 2 3 4", "expected minute, hour"},
        {CRON_PLAIN, "1 2 3 4 5", "there is no command"},
        {CRON_PLAIN, "1 2 3 4 5  ", "there is no command"},
        {CRON_PLAIN, "* 2 3 4 5 x", "minute \"*\": expected 0 to 59, -1 for any"},
        {CRON_PLAIN, "60 2 3 4 5 x", "minute \"60\""},
        {CRON_PLAIN, "-61 2 3 4 5 x", "minute \"-61\""},
        {CRON_PLAIN, "0 24 3 4 5 x", "hour \"24\""},
        {CRON_PLAIN, "0 0 0 4 5 x", "day \"0\": expected 1 to 31"},
        {CRON_PLAIN, "0 0 -0 4 5 x", "day \"-0\""},
        {CRON_PLAIN, "0 0 1 13 5 x", "month \"13\""},
        {CRON_PLAIN, "0 0 1 1 8 x", "week \"8\""},
        {CRON_PLAIN, "*/5 0 1 1 8 x", "or -2 to -60 for every so many"},
        {CRON_PLAIN, "1-5 0 1 1 8 x", "minute \"1-5\""},
        {CRON_PLAIN, "- 0 1 1 8 x", "minute \"-\""},
        {CRON_PLAIN, "4294967297 0 1 1 1 x", "minute"},
        {CRON_PLAIN, "99999999999999999999 0 1 1 1 x", "minute"},
        {CRON_UNIQUE, "backup", "minute \"backup\""},
        {CRON_DESCRIBED, "", "there is no command"},
        {CRON_DESCRIBED, "minute=1", "there is no command"},
        {CRON_DESCRIBED, "minute=1 ", "there is no command"},
        {CRON_DESCRIBED, "minute=x y", "minute \"x\""},
        {CRON_DESCRIBED, "minute= y", "minute \"\""},
        {CRON_DESCRIBED, "minute=1, hour=2 y", "expected key=value at \"\""},
        {CRON_DESCRIBED, "minute=1,hour y", "expected key=value at \"hour\""},
        {CRON_DESCRIBED, "minutes=1 y", "there is no key \"minutes\""},
        {CRON_DESCRIBED, "legion=a y", "legion"},
        {CRON_DESCRIBED, "unique=yes y", "unique \"yes\""},
        {CRON_DESCRIBED, "harakiri=-1 y", "harakiri \"-1\""},
        {CRON_DESCRIBED, "harakiri=99999999999 y", "harakiri"},
        {CRON_DESCRIBED, "=,=,= y", "there is no key \"\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(parse(rows[i].form, rows[i].text), BASK_E_SYNTAX);
        if (!strstr(error, rows[i].says))
            fail_msg("\"%s\": expected \"%s\" in \"%s\"", rows[i].text, rows[i].says, error);
    }
    assert_int_equal(cron_spec_parse(CRON_DESCRIBED, BASK_STR("a\0b"), &spec, error, sizeof error),
                     BASK_E_SYNTAX);
    assert_int_equal(cron_spec_parse(CRON_PLAIN, (bask_str){NULL, 0}, &spec, error, sizeof error),
                     BASK_E_SYNTAX);
}

/* Whatever stands there, nothing is read or written where it must not be, and what is taken is a
 * time that can come: for the sanitizers. */
static void
any_bytes(void **state)
{
    (void)state;
    static const char alphabet[] = "minute=1,hour- \t\n5*\xff";
    unsigned long seed = 1;
    unsigned taken = 0;
    for (int round = 0; round < 60000; round++) {
        size_t len = (seed >> 16) % 40;
        char *text = malloc(len + 1);
        assert_non_null(text);
        for (size_t i = 0; i < len; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[i] = round % 2 ? alphabet[(seed >> 33) % (sizeof alphabet - 1)]
                                : "-1 2\t0 "[(seed >> 33) % 7];
        }
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        error[0] = '\0';
        if (!cron_spec_parse((enum cron_form)(round % 3), bask_str_n(text, len), &spec, error,
                             sizeof error)) {
            assert_true(bask_cron_is_valid(&spec.when));
            assert_true(spec.command[0] != '\0');
            cron_spec_fini(&spec);
            taken++;
        } else {
            assert_true(error[0] != '\0');
        }
        free(text);
    }
    assert_true(taken > 100);
}

/* A sentence that is longer than its place is cut. */
static void
short_error(void **state)
{
    (void)state;
    char small[8];
    memset(small, 'x', sizeof small);
    assert_int_equal(cron_spec_parse(CRON_PLAIN, BASK_STR("? 1 1 1 1 a"), &spec, small, 4),
                     BASK_E_SYNTAX);
    assert_int_equal(small[3], '\0');
    assert_int_equal(small[4], 'x');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right),
        cmocka_unit_test(wrong),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(short_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
