/* embed: every way in which a start can fail, and who may call what when. Each in its own process.
 */
#include "embed_fixture.h"

static struct pypy_embed *pypy;
static const char *homes[3];

static void
load(void)
{
    struct pypy_embed_config config = {.library = at("libpypy3.9-c.so"), .homes = homes};
    char *error;
    if (pypy_embed_load(&config, &pypy, &error))
        fail_msg("%s", error);
}

static void
load_and_start(void)
{
    char *error;
    load();
    if (pypy_embed_start(pypy, &error))
        fail_msg("%s", error);
}

static int
fresh(void **state)
{
    static const char *const variables[] = {"FAKE_STARTUP", "FAKE_HOMES", "FAKE_VERSION",
                                            "FAKE_MODULE", "FAKE_SET_UP"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    memset(homes, 0, sizeof homes);
    int err = set_up(state);
    make_library("whole", "libpypy3.9-c.so");
    return err;
}

static void
expect_no_start(const char *variable, const char *value, int code, const char *text)
{
    setenv(variable, value, 1);
    load();
    assert_error(code, text, pypy_embed_start(pypy, &error));
    assert_error(PYPY_EMBED_STATE, "PyPy did not start",
                 pypy_embed_exec(pypy, "", NULL, NULL, &error));
    assert_error(PYPY_EMBED_STATE, "can be started once", pypy_embed_start(pypy, &error));
    assert_int_equal(pypy_embed_start(pypy, NULL), PYPY_EMBED_STATE);
    pypy_embed_free(&pypy);
}

static void
no_runtime(void)
{
    expect_no_start("FAKE_STARTUP", "9", PYPY_EMBED_UNUSABLE, "cannot be started, status 9");
}

static void
no_home(void)
{
    expect_no_start("FAKE_HOMES", "1", PYPY_EMBED_NOTFOUND,
                    "no standard library was found, starting at the library's own folder");
}

static void
broken_home(void)
{
    expect_no_start("FAKE_HOMES", "-", PYPY_EMBED_NOTFOUND, "the standard library raised");
}

static void
old_version(void)
{
    expect_no_start("FAKE_VERSION", "03080cf0", PYPY_EMBED_UNUSABLE,
                    "is PyPy for Python 3.8, 3.9 or newer is needed");
}

static void
no_version(void)
{
    expect_no_start("FAKE_VERSION", "0", PYPY_EMBED_UNUSABLE, "does not take this program's");
}

static void
no_module(void)
{
    expect_no_start("FAKE_MODULE", "-1", PYPY_EMBED_UNUSABLE, "does not take this program's");
}

static void
no_set_up(void)
{
    expect_no_start("FAKE_SET_UP", "-3", PYPY_EMBED_UNUSABLE, "could not report");
}

static void
homes_in_turn(void)
{
    make_file("one/lib/pypy3.99/site.py");
    make_file("two/lib/pypy3.99/site.py");
    setenv("FAKE_HOMES", "10", 1);
    homes[0] = at("one");
    homes[1] = at("two");
    load_and_start();
    assert_string_equal(pypy_embed_home(pypy), at("two"));
    assert_non_null(strstr(pypy_embed_report(pypy), "starting at"));
    assert_int_equal(pypy_embed_python_version(pypy), 0x03090cf0);
}

/* What the environment is to say of the locale after the start. */
static void
expect_locale(const char *all, const char *lang, const char *new_all, const char *new_ctype)
{
    setenv("LC_ALL", all, 1);
    setenv("LC_CTYPE", "", 1);
    setenv("LANG", lang, 1);
    load_and_start();
    assert_string_equal(getenv("LC_ALL"), new_all);
    assert_string_equal(getenv("LC_CTYPE"), new_ctype);
    assert_string_equal(getenv("LANG"), lang);
}

static void
locale_is_missing(void)
{
    expect_locale("xx_XX.UTF-8", "C", "C.UTF-8", "");
}

static void
locale_of_lang_is_missing(void)
{
    expect_locale("", "xx_XX.UTF-8", "", "C.UTF-8");
}

static void
locale_is_there(void)
{
    expect_locale("C", "xx_XX.UTF-8", "C", "");
}

static void
too_early(void)
{
    struct pypy_embed_value object = {.kind = PYPY_EMBED_OBJECT};
    load();
    assert_error(PYPY_EMBED_STATE, "was not started", pypy_embed_eval(pypy, "", NULL, &error));
    assert_error(PYPY_EMBED_STATE, "was not started", (int)pypy_embed_fork(pypy, &error));
    assert_error(PYPY_EMBED_STATE, "was not started", pypy_embed_end(pypy, &error));
    assert_error(PYPY_EMBED_STATE, "was not started",
                 pypy_embed_add_module(pypy, "m", NULL, NULL, &error));
    assert_error(PYPY_EMBED_STATE, "was not started",
                 pypy_embed_register(pypy, "f", NULL, NULL, &error));
    pypy_embed_release(pypy, &object); /* nothing to give back to */
    assert_int_equal(object.kind, PYPY_EMBED_NONE);
    pypy_embed_free(&pypy);
}

static int
give_text(void *context, const struct pypy_embed_value *args, size_t count,
          struct pypy_embed_value *ret_result)
{
    (void)args;
    (void)count;
    return pypy_embed_copy(ret_result, PYPY_EMBED_STR, context, strlen(context));
}

static void
calls(void)
{
    static char text[] = "x";
    struct pypy_embed_value args[2] = {pypy_embed_none(), pypy_embed_none()}, value;
    load_and_start();
    assert_int_equal(pypy_embed_call(pypy, "count", args, 2, &value, NULL), 0);
    assert_int_equal(value.integer, 2);
    assert_int_equal(pypy_embed_call(pypy, "text", NULL, 0, &value, NULL), 0);
    assert_string_equal(value.data, "text");
    pypy_embed_clear(&value);
    assert_int_equal(value.kind, PYPY_EMBED_NONE);
    assert_int_equal(pypy_embed_call(pypy, "text", NULL, 0, NULL, NULL), 0);
    assert_error(PYPY_EMBED_RAISED, "Traceback",
                 pypy_embed_call(pypy, "raise", NULL, 0, NULL, &error));
    assert_int_equal(pypy_embed_call(pypy, "raise", NULL, 0, NULL, NULL), PYPY_EMBED_RAISED);
    assert_error(PYPY_EMBED_RAISED, "could not report",
                 pypy_embed_import(pypy, "mute", NULL, &error));
    assert_int_equal(pypy_embed_register(pypy, "f", give_text, text, NULL), 0);
    assert_error(PYPY_EMBED_RAISED, "Traceback",
                 pypy_embed_register(pypy, "raise", give_text, text, &error));
    assert_int_equal(pypy_embed_end(pypy, NULL), 0);
    assert_error(PYPY_EMBED_STATE, "was ended", pypy_embed_eval(pypy, "1", NULL, &error));
    pypy_embed_free(&pypy);
}

static void
child_of_fork(void)
{
    pid_t child;
    int status;
    load_and_start();
    child = fork();
    if (child == 0) {
        int err = pypy_embed_eval(pypy, "1", NULL, NULL);
        _exit(err == PYPY_EMBED_STATE ? 0 : 1);
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(pypy_embed_eval(pypy, "1", NULL, NULL), 0);
}

static void
two_handles(void)
{
    struct pypy_embed *first;
    load();
    first = pypy;
    load(); /* the same library: it is in the process, and taken */
    assert_string_equal(pypy_embed_library(pypy), pypy_embed_library(first));
    assert_int_equal(pypy_embed_start(first, NULL), 0);
    assert_error(PYPY_EMBED_STATE, "can be started once", pypy_embed_start(pypy, &error));
    assert_error(PYPY_EMBED_STATE, "was not started", pypy_embed_eval(pypy, "1", NULL, &error));
    pypy_embed_free(&pypy);
    assert_int_equal(pypy_embed_eval(first, "1", NULL, NULL), 0);

    struct pypy_embed_config other = {.library = "libm.so.6"};
    assert_error(PYPY_EMBED_UNUSABLE, "libm.so.6 cannot be used, PyPy is already in this process",
                 pypy_embed_load(&other, &pypy, &error));
}

static void
runs_already(void)
{
    setenv("FAKE_STARTUP", "67", 1);
    setenv("FAKE_HOMES", "1111", 1);
    load_and_start();
    assert_string_equal(pypy_embed_home(pypy), "");
}

#define IN_CHILD(name)                                                                             \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        in_child(name);                                                                            \
    }
#define ALL(X)                                                                                     \
    X(no_runtime)                                                                                  \
    X(no_home)                                                                                     \
    X(broken_home)                                                                                 \
    X(old_version)                                                                                 \
    X(no_version)                                                                                  \
    X(no_module)                                                                                   \
    X(no_set_up)                                                                                   \
    X(homes_in_turn)                                                                               \
    X(locale_is_missing)                                                                           \
    X(locale_of_lang_is_missing)                                                                   \
    X(locale_is_there)                                                                             \
    X(too_early)                                                                                   \
    X(calls)                                                                                       \
    X(child_of_fork)                                                                               \
    X(two_handles)                                                                                 \
    X(runs_already)
ALL(IN_CHILD)

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, fresh, tear_down),
    const struct CMUnitTest tests[] = {ALL(TEST)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
