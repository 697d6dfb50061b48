/* base/: views, numbers, units, errors. */
#include "test.h"

#include "base/err.h"
#include "base/units.h"

static void
numbers(void **state)
{
    (void)state;
    static const struct {
        bask_str text;
        int err;
        long long value;
    } rows[] = {
        {BASK_STR("0"), 0, 0},
        {BASK_STR("42"), 0, 42},
        {BASK_STR("9223372036854775807"), 0, INT64_MAX},
        {BASK_STR("9223372036854775808"), BASK_E_RANGE, -1},
        {BASK_STR("99999999999999999999"), BASK_E_RANGE, -1},
        {BASK_STR(""), BASK_E_SYNTAX, -1},
        {BASK_STR("+1"), BASK_E_SYNTAX, -1},
        {BASK_STR("-1"), BASK_E_SYNTAX, -1},
        {BASK_STR(" 1"), BASK_E_SYNTAX, -1},
        {BASK_STR("1 "), BASK_E_SYNTAX, -1},
        {BASK_STR("0x1"), BASK_E_SYNTAX, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        long long value = -1;
        assert_int_equal(bask_str_to_i64(rows[i].text, &value), rows[i].err);
        assert_true(value == rows[i].value);
    }
}

static void
units(void **state)
{
    (void)state;
    static const struct {
        int (*parse)(bask_str, int64_t *);
        bask_str text;
        int err;
        int64_t value;
    } rows[] = {
        {bask_size_parse, BASK_STR("4096"), 0, 4096},
        {bask_size_parse, BASK_STR("64k"), 0, 65536},
        {bask_size_parse, BASK_STR("64KB"), 0, 65536},
        {bask_size_parse, BASK_STR("1m"), 0, 1048576},
        {bask_size_parse, BASK_STR("2g"), 0, 2147483648},
        {bask_size_parse, BASK_STR("1t"), BASK_E_SYNTAX, -7},
        {bask_size_parse, BASK_STR("k"), BASK_E_SYNTAX, -7},
        {bask_size_parse, BASK_STR("-1"), BASK_E_SYNTAX, -7},
        {bask_size_parse, BASK_STR("9223372036854775807g"), BASK_E_RANGE, -7},
        {bask_duration_parse, BASK_STR("30"), 0, 30000},
        {bask_duration_parse, BASK_STR("30s"), 0, 30000},
        {bask_duration_parse, BASK_STR("500ms"), 0, 500},
        {bask_duration_parse, BASK_STR("2m"), 0, 120000},
        {bask_duration_parse, BASK_STR("1h"), 0, 3600000},
        {bask_duration_parse, BASK_STR("1d"), 0, 86400000},
        {bask_duration_parse, BASK_STR("1y"), BASK_E_SYNTAX, -7},
        {bask_duration_parse, BASK_STR(""), BASK_E_SYNTAX, -7},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t value = -7;
        assert_int_equal(rows[i].parse(rows[i].text, &value), rows[i].err);
        assert_true(value == rows[i].value);
    }
}

static void
views(void **state)
{
    (void)state;
    bask_str before, after;
    assert_true(bask_str_cut(BASK_STR("a=b=c"), '=', &before, &after));
    assert_str(before, BASK_STR("a"));
    assert_str(after, BASK_STR("b=c"));
    assert_false(bask_str_cut(BASK_STR("abc"), '=', &before, &after));
    assert_false(bask_str_cut((bask_str){NULL, 0}, '=', &before, &after));
    assert_str(bask_str_trim(BASK_STR(" \ta b\t ")), BASK_STR("a b"));
    assert_str(bask_str_trim(BASK_STR("  ")), BASK_STR(""));
    assert_true(bask_str_eq_nocase(BASK_STR("Host"), BASK_STR("hOST")));
    assert_false(bask_str_eq_nocase(BASK_STR("Host"), BASK_STR("Hos")));
    assert_false(bask_str_eq_nocase(BASK_STR("@"), BASK_STR("`")));
    assert_true(bask_str_starts(BASK_STR("abc"), BASK_STR("ab")));
    assert_false(bask_str_starts(BASK_STR("a"), BASK_STR("ab")));
    assert_true(bask_str_fits(BASK_STR("abc"), BASK_STR("ab*")));
    assert_true(bask_str_fits(BASK_STR("ab"), BASK_STR("ab*")));
    assert_true(bask_str_fits(BASK_STR("ab"), BASK_STR("ab")));
    assert_false(bask_str_fits(BASK_STR("abc"), BASK_STR("ab")));
    assert_false(bask_str_fits(BASK_STR("a"), BASK_STR("ab*")));
    assert_false(bask_str_fits(BASK_STR("a"), BASK_STR("")));
    assert_true(bask_str_ends(BASK_STR("x.py"), BASK_STR(".py")));
    assert_false(bask_str_ends(BASK_STR("py"), BASK_STR(".py")));
}

static void
words(void **state)
{
    static const struct {
        bask_str text, word, rest;
    } rows[] = {
        {{NULL, 0}, BASK_STR(""), BASK_STR("")},
        {BASK_STR(""), BASK_STR(""), BASK_STR("")},
        {BASK_STR(" \t\r\n"), BASK_STR(""), BASK_STR("")},
        {BASK_STR("one"), BASK_STR("one"), BASK_STR("")},
        {BASK_STR("one "), BASK_STR("one"), BASK_STR("")},
        {BASK_STR("one two three"), BASK_STR("one"), BASK_STR("two three")},
        {BASK_STR("  one \t\r\n two  three "), BASK_STR("one"), BASK_STR("two  three ")},
        {BASK_STR("one\0x two"), BASK_STR("one\0x"), BASK_STR("two")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bask_str text = rows[i].text;
        assert_str(bask_str_take_word(&text), rows[i].word);
        assert_str(text, rows[i].rest);
    }
}

static void
errors(void **state)
{
    (void)state;
    assert_string_equal(bask_err_text(0), "success");
    assert_string_equal(bask_err_text(BASK_E_NOMEM), "out of memory");
    assert_string_equal(bask_err_text(-12345), "unknown error");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(units),  cmocka_unit_test(views),
        cmocka_unit_test(words),   cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
