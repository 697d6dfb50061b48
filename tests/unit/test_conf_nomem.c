/*
 * conf/: every allocation fails once. The n-th call of malloc, calloc or realloc returns NULL, for
 * all n; the linker's --wrap leads them here. Leaks and touched memory are left to the sanitizers.
 */
#include "conf_files.h"
#include "failing_malloc.h"

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
    {"number", NULL, 'n', BASK_OPT_INT, offsetof(struct values, number), 0, 9, "1", "N", "-",
     .implies = "flag"},
    {"text", "t", 0, BASK_OPT_STRING, offsetof(struct values, text), .initial = "x", .help = "-"},
    {"list", NULL, 'l', BASK_OPT_LIST, offsetof(struct values, list), .initial = "x", .help = "-",
     .flags = BASK_OPT_FIXED},
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

/* Files, and all that can be in one; then what a reload makes of the values. */
static int
read_files(struct bask_conf *conf, struct bask_conf *later, struct bask_conf_error *error)
{
    static char *env[] = {(char *)"BASK_NUMBER=3", (char *)"UWSGI_X=y", NULL};
    const struct bask_conf_facts facts = {.env = env, .hostname = "h"};
    struct bask_option_table table = {"G", rows, COUNT(rows), &values};
    char *argv[] = {(char *)"bask", (char *)"--ini", (char *)"a.ini:s", (char *)"a.json"};
    int err = bask_conf_add(conf, &table);
    if (!err)
        err = bask_conf_add(conf, bask_conf_directive_table());
    if (!err)
        err = bask_conf_add(later, &table);
    if (err) {
        snprintf(error->text, sizeof error->text, "out of memory");
        return err;
    }
    bask_conf_know(conf, &facts);
    err = bask_conf_read_env(conf, env, error);
    if (!err)
        err = bask_conf_parse_args(conf, (int)COUNT(argv), argv, error);
    return err ? err : bask_conf_keep_fixed(later, conf, error);
}

static int
run_files(void)
{
    struct bask_conf_error error = {""};
    struct bask_conf *conf = bask_conf_new(), *later = bask_conf_new();
    int err = conf && later ? read_files(conf, later, &error) : BASK_E_NOMEM;
    values = (struct values){0};
    if (err && conf && later)
        assert_non_null(strstr(error.text, "out of memory"));
    if (!err) {
        assert_str(bask_conf_origin(conf, BASK_STR("flag")),
                   BASK_STR("implied by number (environment, BASK_NUMBER)"));
        assert_str(bask_conf_origin(later, BASK_STR("list")), BASK_STR("a.json:2"));
        assert_int_equal(bask_conf_warnings(conf)->count, 2);
    }
    bask_conf_free(&conf);
    bask_conf_free(&later);
    return err;
}

static void
try_all(int (*one)(void), int at_least)
{
    int n = 0;
    for (;;) {
        countdown = ++n;
        int err = one();
        bool reached = countdown == 0;
        countdown = 0;
        assert_int_equal(err, reached ? BASK_E_NOMEM : 0);
        if (!reached)
            break;
    }
    assert_true(n > at_least); /* the hook is really in place */
}

static void
every_allocation(void **state)
{
    (void)state;
    try_all(run, 25);
}

static void
every_allocation_of_files(void **state)
{
    (void)state;
    write_file("a.ini", "[s]\ntext = %(a 1) @(b) $(NO)\na = %n\nfor = 1 2\nlist = %(_)\nendfor\n"
                        "declare-option = d=list=$1;flg=$2\nd = 1 2\nset = q=1\ninclude = :t\n"
                        "[t]\nif-exists = b\nother = %h\nendif\n");
    write_file("b", "b\n");
    write_file("a.json", "{\"uwsgi\":\n{\"list\": [\"\\u00e9\", 2], \"q\": null}}");
    try_all(run_files, 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation),
        cmocka_unit_test(every_allocation_of_files),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
