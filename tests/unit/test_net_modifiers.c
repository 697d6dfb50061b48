/* net/modifiers: which packets are served. */
#include "test.h"

#include "base/err.h"
#include "net/modifiers.h"

static struct bask_modifiers
of(const char *text)
{
    return (struct bask_modifiers){.text = bask_str_of(text)};
}

static void
allowed(void **state)
{
    (void)state;
    struct bask_modifiers all = of(""), some = of("0, 30,255 ,64");
    assert_int_equal(bask_modifiers_settle(&all), 0);
    assert_int_equal(bask_modifiers_settle(&some), 0);
    for (unsigned number = 0; number < 256; number++) {
        bool is_named = number == 0 || number == 30 || number == 64 || number == 255;
        assert_true(bask_modifiers_allow(&all, (uint8_t)number));
        assert_int_equal(bask_modifiers_allow(&some, (uint8_t)number), is_named);
    }
}

static void
no_lists(void **state)
{
    static const char *const texts[] = {",", "0,", ",0", "256", "-1", "x", "0;1", "0 1", " "};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bask_modifiers modifiers = of(texts[i]);
        assert_int_equal(bask_modifiers_settle(&modifiers), BASK_E_SYNTAX);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allowed),
        cmocka_unit_test(no_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
