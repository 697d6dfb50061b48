/*
 * embed: every allocation fails once. The n-th call of malloc, calloc or realloc returns NULL, for
 * all n: the answer is PYPY_EMBED_NOMEM with a text, or, where only a report is cut off, success.
 */
#include "embed_fixture.h"

#include "failing_malloc.h"

static struct pypy_embed *pypy;
static const char *homes[3];

static int
load(char **ret_error)
{
    struct pypy_embed_config config = {.homes = homes};
    return pypy_embed_load(&config, &pypy, ret_error);
}

/* Fails the n-th allocation of `call`, for all n; how often it answered that there is no memory. */
static int
fail_each(int (*call)(char **ret_error), int expected)
{
    int failures = 0;
    for (int n = 1; n < 1000; n++) {
        char *error = NULL;
        countdown = n;
        int err = call(&error);
        int reached = countdown == 0;
        countdown = 0;
        if (err == PYPY_EMBED_NOMEM || err == PYPY_EMBED_RAISED)
            assert_non_null(error);
        else
            assert_int_equal(err, expected);
        failures += err == PYPY_EMBED_NOMEM;
        if (err)
            pypy_embed_free_text(error);
        else
            pypy_embed_free(&pypy);
        if (!reached)
            return failures;
    }
    fail_msg("it never ran to its end");
    return 0;
}

static void
test_load(void **state)
{
    (void)state;
    make_file("one/lib/pypy3.99/site.py");
    make_file("two/lib/pypy3.99/site.py");
    make_library("no_init_module", "one/libpypy3.9-c.so");
    make_library("whole", "two/bin/libpypy3.9-c.so");
    homes[0] = at("one");
    homes[1] = at("two");
    assert_true(fail_each(load, 0) >= 4);
}

static void
test_load_that_fails(void **state)
{
    (void)state;
    make_file("one/lib/pypy3.99/site.py");
    homes[0] = at("one");
    homes[1] = "/nonexistent";
    assert_true(fail_each(load, PYPY_EMBED_NOTFOUND) >= 4);
}

static int
call_text(char **ret_error)
{
    struct pypy_embed_value value;
    int err = pypy_embed_call(pypy, "text", NULL, 0, &value, ret_error);
    if (err)
        return err;
    pypy_embed_clear(&value);
    return PYPY_EMBED_NOTFOUND; /* not 0, so that the handle is not freed */
}

static int
call_raise(char **ret_error)
{
    return pypy_embed_call(pypy, "raise", NULL, 0, NULL, ret_error);
}

static int
give(void *context, const struct pypy_embed_value *args, size_t count,
     struct pypy_embed_value *ret_result)
{
    (void)context;
    (void)args;
    (void)count;
    (void)ret_result;
    return 0;
}

static int
call_register(char **ret_error)
{
    int err = pypy_embed_register(pypy, "f", give, NULL, ret_error);
    return err ? err : PYPY_EMBED_STATE;
}

static void
calls(void)
{
    make_file("one/lib/pypy3.99/site.py");
    make_library("whole", "one/libpypy3.9-c.so");
    homes[0] = at("one");
    homes[1] = NULL;
    assert_int_equal(load(NULL), 0);
    assert_int_equal(pypy_embed_start(pypy, NULL), 0);
    struct pypy_embed_value value;
    countdown = 1;
    assert_int_equal(pypy_embed_copy(&value, PYPY_EMBED_STR, "x", 1), PYPY_EMBED_NOMEM);
    char *error = NULL;
    countdown = 1;
    assert_int_equal(call_text(&error), PYPY_EMBED_NOMEM);
    pypy_embed_free_text(error);
    countdown = 1;
    assert_int_equal(call_register(&error), PYPY_EMBED_NOMEM);
    pypy_embed_free_text(error);
    for (int n = 1; n < 5; n++) {
        error = NULL;
        countdown = n;
        assert_int_equal(call_raise(&error), PYPY_EMBED_RAISED);
        assert_non_null(error);
        pypy_embed_free_text(error);
    }
    countdown = 0;
}

static void
test_calls(void **state)
{
    (void)state;
    in_child(calls);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_load),
        TEST(test_load_that_fails),
        TEST(test_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
