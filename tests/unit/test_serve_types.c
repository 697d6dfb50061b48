/* serve/types, serve/pattern, serve/expires: what the options of static files are made of. */
#include "test.h"

#include "base/err.h"
#include "proto/date.h"
#include "serve/expires.h"
#include "serve/pattern.h"
#include "serve/types.h"

static const char mime_types[] = "# a comment\n"
                                 "text/html\t\t\thtml htm SHTML\r\n"
                                 "text/special  css # not the common one\n"
                                 "text/nothing\n"
                                 "\n"
                                 "nonsense html2\n"
                                 "text/\x01 evil\n"
                                 "text/caf\xc3\xa9 evil\n"
                                 "text/late html\n"
                                 "application/x-long abcdefghijklmno abcdefghijklmnop\n"
                                 "text/x-two a b c";

static void
types(void **state)
{
    static const struct {
        const char *name, *type;
    } rows[] = {
        {"a.html", "text/html"},
        {"a.HTML", "text/html"},
        {"a.shtml", "text/html"},
        {"folder.d/a.b.htm", "text/html"},
        {".html", "text/html"},
        {"a.css", "text/special"},
        {"a.c", "text/x-two"},
        {"a.abcdefghijklmno", "application/x-long"},
        {"a.png", "image/png"},
        {"a.js", "text/javascript"},
        {"a.abcdefghijklmnop", NULL},
        {"a.evil", NULL},
        {"a.html2", NULL},
        {"a.html/b", NULL},
        {"a.", NULL},
        {"html", NULL},
        {"", NULL},
        {".", NULL},
        {"a.\xff\xfe", NULL},
        {"a.#", NULL},
    };
    (void)state;
    struct bask_types *table = bask_types_new();
    assert_non_null(table);
    assert_int_equal(bask_types_read(table, bask_str_of(mime_types)), 0);
    assert_int_equal(bask_types_add_common(table), 0);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_str(bask_types_find(table, bask_str_of(rows[i].name)), bask_str_of(rows[i].type));
    bask_types_free(&table);
    assert_null(table);
}

static void
many_types(void **state)
{
    char line[64], name[64];
    struct bask_types *table = bask_types_new();
    (void)state;
    for (int i = 0; i < 5000; i++) {
        int len = snprintf(line, sizeof line, "x/y%d e%d\n", i, i);
        assert_int_equal(bask_types_read(table, bask_str_n(line, (size_t)len)), 0);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "file.E%d", i);
        snprintf(line, sizeof line, "x/y%d", i);
        assert_str(bask_types_find(table, bask_str_of(name)), bask_str_of(line));
    }
    bask_types_free(&table);
}

static void
patterns(void **state)
{
    static const char *const refused[] = {"",    "(a",      "[a",      "a{2",  "\\d+", "(?:a)",
                                          "a\\", "[\\w.]+", "^(?i)a$", "\\Aa", "*\\D", "x\\Qy"};
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"/*", "anything", true},
        {"\\.css$", "/a/b.css", true},
        {"\\.css$", "/a/b.css.x", false},
        {"^/a/(b|c)[0-9]+", "/a/c12", true},
        {"^/a/(b|c)[0-9]+", "/a/d1", false},
        {"\\w+\\.js", "/x_1.js", true},
        {"[(?]", "a?", true},
    };
    char error[256];
    regex_t pattern;
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        *error = '\0';
        if (bask_pattern_compile(&pattern, bask_str_of(refused[i]), error, sizeof error) !=
                BASK_E_SYNTAX ||
            !*error)
            fail_msg("\"%s\" was taken", refused[i]);
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(
            bask_pattern_compile(&pattern, bask_str_of(rows[i].pattern), error, sizeof error), 0);
        if (bask_pattern_matches(&pattern, bask_str_of(rows[i].text)) != rows[i].matches)
            fail_msg("\"%s\" and \"%s\"", rows[i].pattern, rows[i].text);
        regfree(&pattern);
    }
}

static char expires_error[256];

/* An option of this kind with one value. */
static int
rules_of(enum bask_expires_kind kind, const char *text, struct bask_expires **ret_expires)
{
    struct bask_value value = {bask_str_of(text), BASK_STR("app.ini:3")};
    struct bask_values values[BASK_EXPIRES_KIND_COUNT] = {[0] = {0}};
    values[kind] = (struct bask_values){&value, 1};
    return bask_expires_new(values, ret_expires, expires_error, sizeof expires_error);
}

static void
expires(void **state)
{
    const struct bask_expires_file file = {
        .name = BASK_STR("/srv/a.css"),
        .path = BASK_STR("/static/a.css"),
        .uri = BASK_STR("/static/a.css?v=1"),
        .type = BASK_STR("text/css"),
        .modified = 1000,
    };
    static const struct {
        enum bask_expires_kind kind;
        const char *text;
        int64_t at;
    } rows[] = {
        {BASK_EXPIRES_NAME, "/* 7776000", 7776000 + 5000},
        {BASK_EXPIRES_NAME, "\\.css$ 1h", 3600 + 5000},
        {BASK_EXPIRES_NAME, "^/static 10", -1},
        {BASK_EXPIRES_NAME_MTIME, "\\.css$ 60", 1060},
        {BASK_EXPIRES_PATH, "^/static/ 10", 5010},
        {BASK_EXPIRES_PATH_MTIME, "^/static/ 10", 1010},
        {BASK_EXPIRES_URI, "v=[0-9]+$ 10", 5010},
        {BASK_EXPIRES_URI_MTIME, "v=[0-9]+$ 10", 1010},
        {BASK_EXPIRES_TYPE, "text/css=0", 5000},
        {BASK_EXPIRES_TYPE_MTIME, "text/css = 5", 1005},
        {BASK_EXPIRES_TYPE, "text/html=5", -1},
        {BASK_EXPIRES_NAME, "a b\\.css 5", -1},
        {BASK_EXPIRES_NAME, ". 999999999999", BASK_DATE_MAX},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_expires *one;
        if (rules_of(rows[i].kind, rows[i].text, &one))
            fail_msg("%s: %s", rows[i].text, expires_error);
        int64_t at = bask_expires_at(one, &file, 5000);
        if (at != rows[i].at)
            fail_msg("\"%s\": %lld", rows[i].text, (long long)at);
        bask_expires_free(&one);
    }
}

static void
wrong_expires(void **state)
{
    static const struct {
        enum bask_expires_kind kind;
        const char *text;
    } rows[] = {
        {BASK_EXPIRES_NAME, ""},       {BASK_EXPIRES_NAME, "\\.css"},
        {BASK_EXPIRES_NAME, ". soon"}, {BASK_EXPIRES_NAME, "[ 5"},
        {BASK_EXPIRES_NAME, ". -5"},   {BASK_EXPIRES_TYPE, "text/css 5"},
        {BASK_EXPIRES_TYPE, "=5"},     {BASK_EXPIRES_TYPE_MTIME, "text/css="},
        {BASK_EXPIRES_NAME, " 5"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_expires *one = NULL;
        if (rules_of(rows[i].kind, rows[i].text, &one) != BASK_E_SYNTAX)
            fail_msg("\"%s\" was taken", rows[i].text);
        assert_null(one);
        assert_true(bask_str_starts(bask_str_of(expires_error), BASK_STR("app.ini:3: --static-")));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),   cmocka_unit_test(many_types),    cmocka_unit_test(patterns),
        cmocka_unit_test(expires), cmocka_unit_test(wrong_expires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
