/* Texts of the environment and of manifests become words as a shell would have them, without one.
 */
#include "base/err.h"
#include "kit/private.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

static void
test_words(void **state)
{
    static const struct {
        const char *text;
        const char *words[4];
    } cases[] = {
        {"", {NULL}},
        {" \t\r\n", {NULL}},
        {"cc", {"cc"}},
        {" ccache\tgcc\n-m32 ", {"ccache", "gcc", "-m32"}},
        {"'my cc' -g", {"my cc", "-g"}},
        {"-DA=\"b c\"", {"-DA=b c"}},
        {"-DA='\"b c\"'", {"-DA=\"b c\""}},
        {"a\\ b c\\\\d", {"a b", "c\\d"}},
        {"'a\\b' \"a\\\"b\"", {"a\\b", "a\"b"}},
        {"'' \"\"", {"", ""}},
        {"a'b'\"c\"d", {"abcd"}},
        {"$HOME `id` $(id) *", {"$HOME", "`id`", "$(id)", "*"}},
        {"a\\", {"a\\"}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kit_words words = {.count = 0};
        kit_words_split(&words, cases[i].text);
        assert_int_equal(words.err, 0);
        for (size_t k = 0; k < 4 && cases[i].words[k]; k++)
            assert_str(bask_str_of(words.items[k]), bask_str_of(cases[i].words[k]));
        assert_true(words.count == 4 || !cases[i].words[words.count]);
        kit_words_fini(&words);
    }
}

static void
test_quotes_that_stay_open(void **state)
{
    static const char *const texts[] = {"'", "\"", "a 'b", "a \"b\\\"", "'\"", "'a\\'b'"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct kit_words words = {.count = 0};
        kit_words_split(&words, texts[i]);
        assert_int_equal(words.err, BASK_E_SYNTAX);
        kit_words_add(&words, "more"); /* an error stays */
        assert_int_equal(words.err, BASK_E_SYNTAX);
        kit_words_fini(&words);
    }
}

/* Whatever the bytes, there are at most as many words as fit, and the list has its end. */
static void
test_any_bytes(void **state)
{
    char text[3000];
    (void)state;
    srand(1);
    for (int round = 0; round < 2000; round++) {
        struct kit_words words = {.count = 0};
        size_t len = (size_t)rand() % (sizeof text - 1);
        for (size_t i = 0; i < len; i++)
            text[i] = round % 2 ? " '\"\\ab\n\t"[rand() % 8] : (char)(1 + rand() % 255);
        text[len] = '\0';
        kit_words_split(&words, text);
        assert_true(words.count <= KIT_WORDS_MAX);
        assert_null(words.items[words.count]);
        kit_words_fini(&words);
    }
}

static void
test_too_many(void **state)
{
    struct kit_words words = {.count = 0}, all = {.count = 0};
    (void)state;
    kit_words_split(&words, NULL);
    assert_int_equal(words.count, 0);
    for (int i = 0; i < KIT_WORDS_MAX; i++)
        kit_words_addf(&words, "%d", i);
    assert_int_equal(words.err, 0);
    kit_words_split(&words, "one");
    assert_int_equal(words.err, BASK_E_LIMIT);
    assert_int_equal(words.count, KIT_WORDS_MAX);
    kit_words_append(&all, &words); /* an error comes along */
    assert_int_equal(all.err, BASK_E_LIMIT);
    kit_words_fini(&words);
    kit_words_fini(&all);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_quotes_that_stay_open),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
