/* conf/: the sum of the tables. Bugs in a table, defaults, look-ups, and the nearest names. */
#include "test.h"

#include "base/err.h"
#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

struct values {
    bool on;
    int64_t number;
    bask_str text;
    struct bask_values list;
};

#define AT(field) offsetof(struct values, field)
#define FLAG(...)                                                                                  \
    {                                                                                              \
        .type = BASK_OPT_FLAG, .offset = AT(on), .help = "-", __VA_ARGS__                          \
    }

static const struct bask_option good[] = {
    FLAG(.name = "good", .aliases = "fine  nice", .short_name = 'g'),
    {"list", NULL, 0, BASK_OPT_LIST, AT(list), .initial = "x", .help = "-"},
};

/* Each of these is a bug in the table, said in one line; the conf is as if it had never been seen.
 */
static void
bugs(void **state)
{
    (void)state;
    static const struct {
        struct bask_option rows[2];
        const char *message;
    } cases[] = {
        {{FLAG(.name = "a"), FLAG(.name = "a")},
         "--a is declared twice, in \"Bad\" and in \"Bad\""},
        {{FLAG(.name = "a"), FLAG(.name = "good")},
         "--good is declared twice, in \"Good\" and in \"Bad\""},
        {{FLAG(.name = "a"), FLAG(.name = "b", .aliases = "c nice")},
         "--nice is declared twice, in \"Good\" and in \"Bad\""},
        {{FLAG(.name = "a"), FLAG(.name = "b", .aliases = "b")},
         "--b is declared twice, in \"Bad\" and in \"Bad\""},
        {{FLAG(.name = "a", .short_name = 'x'), FLAG(.name = "b", .short_name = 'x')},
         "-x is declared twice, for --a and for --b"},
        {{FLAG(.name = "a", .short_name = 'x'), FLAG(.name = "b", .short_name = 'g')},
         "-g is declared twice, for --good and for --b"},
        {{FLAG(.name = "a"), FLAG(.name = "b", .short_name = '-')}, "--b: not a short name"},
        {{FLAG(.name = "a"), FLAG(.name = "b", .short_name = '\xe9')}, "--b: not a short name"},
        {{FLAG(.name = "a"), FLAG(.name = "B")}, "\"B\" in \"Bad\" is not a name for an option"},
        {{FLAG(.name = "a"), FLAG(.name = "--b")},
         "\"--b\" in \"Bad\" is not a name for an option"},
        {{FLAG(.name = "a"), FLAG(.name = "b=c")},
         "\"b=c\" in \"Bad\" is not a name for an option"},
        {{FLAG(.name = "a"), FLAG(.name = "")}, "\"\" in \"Bad\" is not a name for an option"},
        {{FLAG(.name = "a"), FLAG(.aliases = "x")},
         "-- in \"Bad\" needs a name and a line of help"},
        {{FLAG(.name = "a"), {.name = "b", .type = BASK_OPT_FLAG}},
         "--b in \"Bad\" needs a name and a line of help"},
        {{FLAG(.name = "a"), {"b", NULL, 0, BASK_OPT_INT, AT(number), .help = "-"}},
         "--b in \"Bad\" needs a range: min below max"},
        {{FLAG(.name = "a"), {.name = "b", .type = (enum bask_option_type)99, .help = "-"}},
         "--b in \"Bad\" has no valid type"},
        {{FLAG(.name = "a"), {"b", NULL, 0, BASK_OPT_ACTION, .initial = "1", .help = "-"}},
         "--b in \"Bad\" is an action and can have no default"},
        {{FLAG(.name = "a"), {"b", NULL, 0, BASK_OPT_INT, AT(number), 1, 9, "0", "N", "-"}},
         "the default of --b is \"0\", which is not a whole number from 1 to 9"},
        {{{"a", NULL, 0, BASK_OPT_LIST, AT(list), .initial = "x", .help = "-"},
          FLAG(.name = "b", .initial = "perhaps")},
         "the default of --b is \"perhaps\", which is not true or false"},
    };
    struct values first = {0}, second = {0};
    struct bask_conf *conf = bask_conf_new();
    assert_non_null(conf);
    assert_int_equal(bask_conf_add(conf, &(struct bask_option_table){"Good", good, 2, &first}), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bask_option_table table = {"Bad", cases[i].rows, 2, &second};
        bask_str text;
        assert_int_equal(bask_conf_add(conf, &table), BASK_E_STATE);
        assert_string_equal(bask_conf_message(conf), cases[i].message);
        assert_null(second.list.items);
        assert_int_equal(bask_conf_get(conf, BASK_STR("a"), 0, &text), BASK_E_NOTFOUND);
        assert_null(bask_conf_origin(conf, BASK_STR("a")).ptr);
        assert_str(bask_conf_origin(conf, BASK_STR("nice")), BASK_STR("default"));
    }
    const struct bask_option again[] = {FLAG(.name = "a", .short_name = 'x')};
    assert_int_equal(bask_conf_add(conf, &(struct bask_option_table){"No", again, 1, NULL}),
                     BASK_E_STATE);
    assert_string_equal(bask_conf_message(conf), "--a in \"No\" has no struct to be written to");
    assert_int_equal(bask_conf_add(conf, &(struct bask_option_table){NULL, again, 1, &second}),
                     BASK_E_STATE);
    assert_string_equal(bask_conf_message(conf), "a table has no heading");
    assert_int_equal(bask_conf_add(conf, &(struct bask_option_table){"Ok", again, 1, &second}), 0);
    assert_string_equal(bask_conf_message(conf), "");
    bask_conf_free(&conf);
    bask_conf_free(&conf);
}

static void
defaults(void **state)
{
    (void)state;
    static const struct bask_option rows[] = {
        {"on", NULL, 0, BASK_OPT_FLAG, AT(on), .initial = "yes", .help = "-"},
        {"number", NULL, 0, BASK_OPT_DURATION, AT(number), 0, INT64_MAX, "2m", NULL, "-"},
        {"text", NULL, 0, BASK_OPT_STRING, AT(text), .initial = "t", .help = "-"},
        {"list", NULL, 0, BASK_OPT_LIST, AT(list), .initial = "l", .help = "-"},
        {"act", NULL, 0, BASK_OPT_ACTION, .help = "-"},
    };
    static const struct bask_option silent[] = {
        {"x-on", NULL, 0, BASK_OPT_FLAG, AT(on), .help = "-"},
        {"x-number", NULL, 0, BASK_OPT_INT, AT(number), 0, 9, NULL, NULL, "-"},
        {"x-text", NULL, 0, BASK_OPT_STRING, AT(text), .help = "-"},
        {"x-list", NULL, 0, BASK_OPT_LIST, AT(list), .help = "-"},
    };
    struct values one = {0};
    struct values two = {true, 77, BASK_STR("kept"), {(struct bask_value *)&one, 9}};
    struct bask_conf *conf = bask_conf_new();
    assert_int_equal(bask_conf_add(conf, &(struct bask_option_table){"A", rows, 5, &one}), 0);
    assert_int_equal(bask_conf_add(conf, &(struct bask_option_table){"B", silent, 4, &two}), 0);
    assert_true(one.on && one.number == 120000);
    assert_str(one.text, BASK_STR("t"));
    assert_int_equal(one.list.count, 1);
    assert_str(one.list.items[0].text, BASK_STR("l"));
    assert_true(two.on && two.number == 77);
    assert_str(two.text, BASK_STR("kept"));
    assert_int_equal(two.list.count, 0);
    assert_null(two.list.items);
    bask_conf_free(&conf);
}

static void
given(void **state)
{
    (void)state;
    struct values values = {0};
    char *argv[] = {(char *)"bask", (char *)"--list=1", (char *)"--nice", (char *)"--list=2"};
    struct bask_conf *conf = bask_conf_new();
    assert_int_equal(bask_conf_add(conf, &(struct bask_option_table){"A", good, 2, &values}), 0);
    assert_null(bask_conf_given(conf, 0).ptr);
    assert_int_equal(bask_conf_parse_args(conf, 4, argv, NULL), 0);
    assert_str(bask_conf_given(conf, 0), BASK_STR("good"));
    assert_str(bask_conf_given(conf, 1), BASK_STR("list"));
    assert_null(bask_conf_given(conf, 2).ptr);
    assert_null(bask_conf_origin(conf, BASK_STR("")).ptr);
    assert_null(bask_conf_origin(conf, BASK_STR("no-good")).ptr);
    bask_conf_free(&conf);
}

static void
nearest(void **state)
{
    (void)state;
    static const struct bask_option rows[] = {
        FLAG(.name = "processes", .aliases = "workers"),
        FLAG(.name = "python-path", .aliases = "pythonpath pp"),
        FLAG(.name = "touch-reload"),
        FLAG(.name = "map-a"),
        FLAG(.name = "map-b"),
        FLAG(.name = "map-c"),
        FLAG(.name = "map-d"),
        FLAG(.name = "http-timeout"),
        FLAG(.name = "http-to"),
        FLAG(.name = "harakiri"),
        {"threads", NULL, 0, BASK_OPT_INT, AT(number), 0, 9, NULL, NULL, "-"},
        FLAG(.name = "an-option-whose-name-is-longer-than-all-that-anybody-would-ever-write"),
    };
    static const struct {
        const char *word, *guess;
    } cases[] = {
        {"--proccesses", "; did you mean --processes?"},
        {"--porcesses", "; did you mean --processes?"},
        {"--wrkres", "; did you mean --workers?"},
        {"--python_path", "; did you mean --python-path?"},
        {"--map-", "; did you mean --map-a, --map-b or --map-c?"},
        {"--map-bc", "; did you mean --map-b or --map-c?"},
        {"--pq", "; did you mean --pp?"},
        {"--x", ""},
        {"--thread", "; did you mean --threads?"},
        {"--http-t", "; did you mean --http-to?"},
        {"--htt", "; did you mean --http-timeout or --http-to?"},
        {"--haraikri", "; did you mean --harakiri?"},
        {"--hxrxkxrx", ""},
        {"--no-harakir", "; did you mean --no-harakiri?"},
        {"--no-thread", ""},
        {"--Harakiri", "; did you mean --harakiri?"},
        {"--an-option-whose-name-is-longer-than-all-that-anybody-would-ever-writ",
         "; did you mean --an-option-whose-name-is-longer-than-all-that-anybody-would-ever-write?"},
        {"--an-option-whose-name-is-longer-than-all-that-anybody-would-ever-writE", ""},
    };
    struct values values = {0};
    struct bask_conf *conf = bask_conf_new();
    struct bask_option_table table = {"A", rows, COUNT(rows), &values};
    assert_int_equal(bask_conf_add(conf, &table), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *argv[] = {(char *)"bask", (char *)cases[i].word};
        char expected[400];
        struct bask_conf_error error;
        snprintf(expected, sizeof expected, "command line, argument 1: unknown option %s%s",
                 cases[i].word, cases[i].guess);
        assert_int_equal(bask_conf_parse_args(conf, 2, argv, &error), BASK_E_NOTFOUND);
        assert_string_equal(error.text, expected);
    }
    bask_conf_free(&conf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bugs),
        cmocka_unit_test(defaults),
        cmocka_unit_test(given),
        cmocka_unit_test(nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
