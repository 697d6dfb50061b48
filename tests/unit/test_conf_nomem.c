/*
 * conf/: every allocation fails once. The n-th call of malloc, calloc or realloc returns NULL, for
 * all n; the linker's --wrap leads them here. Leaks and touched memory are left to the sanitizers.
 */
#include "failing_malloc.h"
#include "test.h"

#include "base/err.h"
#include "conf/conf.h"

#include <string.h>

static struct values {
    bool flag;
    int64_t number;
    bask_str text;
    struct bask_values list, other;
} values;

static const struct bask_option rows[] = {
    {"flag", "f g", 'f', BASK_OPT_FLAG, offsetof(struct values, flag), .help = "-"},
    {"number", NULL, 'n', BASK_OPT_INT, offsetof(struct values, number), 0, 9, "1", "N", "-"},
    {"text", "t", 0, BASK_OPT_STRING, offsetof(struct values, text), .initial = "x", .help = "-"},
    {"list", NULL, 'l', BASK_OPT_LIST, offsetof(struct values, list), .initial = "x", .help = "-"},
    {"other", NULL, 0, BASK_OPT_LIST, offsetof(struct values, other), .help = "-"},
};

static const struct bask_option more[] = {{"more", "m", 'm', BASK_OPT_ACTION, .help = "-"}};

/* Adds a table; if memory ran out, nothing of it may remain, and a second try succeeds. */
static int
add(struct bask_conf *conf, const struct bask_option *table_rows, size_t count)
{
    struct bask_option_table table = {"G", table_rows, count, &values};
    int err = bask_conf_add(conf, &table);
    if (!err)
        return 0;
    assert_int_equal(err, BASK_E_NOMEM);
    assert_string_equal(bask_conf_message(conf), "out of memory");
    for (size_t i = 0; i < count; i++)
        assert_null(bask_conf_origin(conf, bask_str_of(table_rows[i].name)).ptr);
    assert_int_equal(values.list.count, table_rows == rows ? 0 : 1);
    assert_int_equal(bask_conf_add(conf, &table), 0);
    return err;
}

static int
run(void)
{
    char *argv[] = {(char *)"bask",      (char *)"-f",       (char *)"--list=1",
                    (char *)"-n",        (char *)"2",        (char *)"bare",
                    (char *)"--text=hm", (char *)"--list=2", (char *)"-m"};
    struct bask_conf_error error = {""};
    int failed = 0;
    values = (struct values){0};
    struct bask_conf *conf = bask_conf_new();
    if (!conf)
        return BASK_E_NOMEM;
    failed = add(conf, rows, COUNT(rows)) | add(conf, more, COUNT(more));
    int err = bask_conf_parse_args(conf, (int)COUNT(argv), argv, &error);
    if (err) {
        assert_int_equal(err, BASK_E_NOMEM);
        assert_non_null(strstr(error.text, ": out of memory"));
        assert_memory_equal(error.text, "command line, argument ", 23);
        assert_null(bask_conf_action(conf));
    } else {
        assert_true(values.flag && values.number == 2);
        assert_str(values.text, BASK_STR("hm"));
        assert_int_equal(values.list.count, 2);
        assert_str(values.list.items[1].text, BASK_STR("2"));
        assert_int_equal(bask_conf_arguments(conf)->count, 1);
        assert_string_equal(bask_conf_action(conf), "more");
    }
    bask_conf_free(&conf);
    return failed ? failed : err;
}

static void
every_allocation(void **state)
{
    (void)state;
    int n = 0;
    for (;;) {
        countdown = ++n;
        int err = run();
        bool reached = countdown == 0;
        countdown = 0;
        assert_int_equal(err, reached ? BASK_E_NOMEM : 0);
        if (!reached)
            break;
    }
    assert_true(n > 25); /* the hook is really in place */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
