/* embed: where PyPy is looked for, and what is said where it is not, or will not do. */
#include "embed_fixture.h"

static struct pypy_embed_config config;
static const char *homes[3];

static int
load(char **ret_error)
{
    struct pypy_embed *pypy;
    int err = pypy_embed_load(&config, &pypy, ret_error);
    if (!err)
        pypy_embed_free(&pypy);
    return err;
}

static int
fresh(void **state)
{
    config = (struct pypy_embed_config){0};
    memset(homes, 0, sizeof homes);
    return set_up(state);
}

static void
assert_found(const char *library)
{
    struct pypy_embed *pypy;
    char *error = NULL;
    int err = pypy_embed_load(&config, &pypy, &error);
    if (err)
        fail_msg("%s", error);
    assert_string_equal(pypy_embed_library(pypy), library);
    assert_int_equal(pypy_embed_python_version(pypy), 0);
    pypy_embed_free(&pypy);
    assert_null(pypy);
    pypy_embed_free(&pypy);
}

/* A prefix with a standard library. */
static void
make_home(const char *name)
{
    char path[PATH_MAX / 2];
    snprintf(path, sizeof path, "%s/lib/pypy3.99/site.py", name);
    make_file(path);
}

static void
test_library_by_path(void **state)
{
    (void)state;
    make_library("whole", "some.so");
    config.library = at("some.so");
    assert_found(config.library);
}

static void
test_library_that_lacks_something(void **state)
{
    static const struct {
        const char *kind, *symbol;
    } rows[] = {
        {"no_startup", "rpython_startup_code"},
        {"no_setup_home", "pypy_setup_home"},
        {"no_init_threads", "pypy_init_threads"},
        {"no_init_module", "pypy_init_embedded_cffi_module"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[200];
        make_library(rows[i].kind, rows[i].kind);
        config.library = at(rows[i].kind);
        snprintf(expected, sizeof expected, "%s: has no %s, it is not PyPy 3 or too old",
                 config.library, rows[i].symbol);
        assert_error(PYPY_EMBED_NOTFOUND, expected, load(&error));
        assert_int_equal(load(NULL), PYPY_EMBED_NOTFOUND);
    }
}

static void
test_library_for_python_2(void **state)
{
    (void)state;
    make_library("python_2", "libpypy-c.so");
    config.library = at("libpypy-c.so");
    assert_error(PYPY_EMBED_NOTFOUND, "is PyPy for Python 2, 3.9 or newer is needed", load(&error));
}

static void
test_library_that_is_no_library(void **state)
{
    (void)state;
    make_file("text.so");
    config.library = at("text.so");
    assert_error(PYPY_EMBED_NOTFOUND, at("text.so"), load(&error));
}

static void
test_paths_that_are_too_long(void **state)
{
    static char path[PATH_MAX + 10];
    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    config.library = path;
    assert_error(PYPY_EMBED_NOTFOUND, "the path of the library is too long", load(&error));
    config.library = NULL;
    homes[0] = path;
    config.homes = homes;
    assert_error(PYPY_EMBED_NOTFOUND, "is not a folder", load(&error));
    config.homes = NULL;
    setenv("PYPY_HOME", path, 1);
    assert_error(PYPY_EMBED_NOTFOUND, "($PYPY_HOME) is not a folder", load(&error));
    unsetenv("PYPY_HOME");
    setenv("VIRTUAL_ENV", path, 1);
    setenv("PATH", path, 1);
    assert_int_equal(load(NULL) == PYPY_EMBED_NOMEM, 0);
}

/* The longest home there can be: what is looked for below it has no place in a path. */
static void
test_home_at_the_end_of_what_a_path_can_be(void **state)
{
    char path[PATH_MAX];
    (void)state;
    make_file("lib/pypy3.99/site.py");
    assert_int_equal(chdir(root), 0);
    size_t len = strlen(root);
    while (len + 200 < PATH_MAX - 1) {
        char name[201];
        memset(name, 'd', sizeof name - 1);
        name[200] = '\0';
        if (mkdir(name, 0777) || chdir(name))
            break;
        len += 201;
    }
    int room = PATH_MAX - 2 - (int)len - 1;
    if (room > 0) {
        char name[201] = {0};
        memset(name, 'e', (size_t)room);
        assert_int_equal(mkdir(name, 0777) || chdir(name), 0);
    }
    assert_non_null(getcwd(path, sizeof path));
    homes[0] = ".";
    config.homes = homes;
    assert_error(PYPY_EMBED_NOTFOUND, "no libpypy3*-c.so", load(&error));
    assert_int_equal(chdir("/"), 0);
}

static void
test_homes(void **state)
{
    static const struct {
        const char *home, *library;
    } rows[] = {
        {"prefix", "prefix/libpypy3.11-c.so"},
        {"prefix", "prefix/bin/libpypy3.9-c.so"},
        {"prefix", "prefix/lib/libpypy3-c.so"},
        {"prefix/bin", "prefix/lib/libpypy3.9-c.so"},
        {"prefix/lib/pypy3.99", "prefix/bin/libpypy3.9-c.so"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char found[PATH_MAX];
        struct pypy_embed *pypy;
        make_home("prefix");
        make_folder("prefix/bin");
        make_library("whole", rows[i].library);
        homes[0] = at(rows[i].home);
        config.homes = homes;
        assert_int_equal(pypy_embed_load(&config, &pypy, NULL), 0);
        assert_non_null(realpath(pypy_embed_library(pypy), found));
        pypy_embed_free(&pypy);
        unlink(at(rows[i].library));
        assert_error(PYPY_EMBED_NOTFOUND, "no libpypy3*-c.so", load(&error));
    }
}

/* A virtualenv: its bin/pypy3 is a link to the interpreter, beside which the library is. */
static void
test_virtualenv(void **state)
{
    (void)state;
    make_file("real/bin/pypy3");
    make_library("whole", "real/bin/libpypy3.9-c.so");
    make_file("venv/pyvenv.cfg");
    make_folder("venv/bin");
    assert_int_equal(symlink(at("real/bin/pypy3"), at("venv/bin/pypy3")), 0);
    homes[0] = at("venv");
    config.homes = homes;
    assert_found(at("real/bin/libpypy3.9-c.so"));
    config.homes = NULL;
    setenv("VIRTUAL_ENV", at("venv"), 1);
    assert_found(at("real/bin/libpypy3.9-c.so"));
    config.flags = PYPY_EMBED_IGNORE_ENVIRONMENT;
    setenv("PYPY_HOME", "/nonexistent", 1);
    char *error = NULL;
    int err = load(&error); /* whatever the system has, or nothing */
    assert_null(err ? strstr(error, "PYPY_HOME") : NULL);
    if (err)
        pypy_embed_free_text(error);
}

static void
test_path(void **state)
{
    char path[PATH_MAX];
    (void)state;
    make_file("one/bin/pypy3"); /* without a library */
    make_file("two/bin/pypy3");
    make_library("whole", "two/bin/libpypy3.9-c.so");
    snprintf(path, sizeof path, ":/nonexistent:%s:%s", at("one/bin"), at("two/bin"));
    setenv("PATH", path, 1);
    assert_found(at("two/bin/libpypy3.9-c.so"));
}

static void
test_first_home_with_a_library(void **state)
{
    (void)state;
    make_home("one");
    make_home("two");
    make_library("no_init_module", "one/bin/libpypy3.9-c.so");
    make_library("whole", "two/libpypy3.9-c.so");
    homes[0] = at("one");
    homes[1] = at("two");
    config.homes = homes;
    struct pypy_embed *pypy;
    assert_int_equal(pypy_embed_load(&config, &pypy, NULL), 0);
    assert_string_equal(pypy_embed_library(pypy), at("two/libpypy3.9-c.so"));
    assert_non_null(strstr(pypy_embed_report(pypy), "has no pypy_init_embedded_cffi_module"));
    pypy_embed_free(&pypy);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_library_by_path),
        TEST(test_library_that_lacks_something),
        TEST(test_library_for_python_2),
        TEST(test_library_that_is_no_library),
        TEST(test_paths_that_are_too_long),
        TEST(test_home_at_the_end_of_what_a_path_can_be),
        TEST(test_homes),
        TEST(test_virtualenv),
        TEST(test_path),
        TEST(test_first_home_with_a_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
