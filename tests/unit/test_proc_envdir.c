/* proc/envdir: what a folder of files makes of the environment. */
#include "small_files.h"

#include "base/err.h"
#include "proc/envdir.h"

#include <fcntl.h>

static char error[512], folder[128];

static void
put_bytes(const char *name, const char *bytes, size_t size)
{
    char path[256];
    put("/env", "first", "x");
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    for (size_t done = 0; done < size; done += (size_t)write(fd, bytes + done, size - done))
        ;
    close(fd);
}

static void
values(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *value;
    } cases[] = {
        {"plain", 5, "plain"},
        {"a line\n", 7, "a line"},
        {"two\nlines\n", 10, "two\nlines"},
        {" kept \t\r\n", 9, " kept"},
        {"a\0b", 3, "a\nb"},
        {"a\0\0", 3, "a"},
        {"\n", 1, ""},
        {"\0", 1, ""},
        {"", 0, NULL},
        {"\xff=\x01", 3, "\xff=\x01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("NAME", "before", 1);
        put_bytes("NAME", cases[i].bytes, cases[i].size);
        assert_int_equal(bask_envdir_load(folder, error, sizeof error), BASK_OK);
        if (cases[i].value)
            assert_string_equal(getenv("NAME"), cases[i].value);
        else
            assert_null(getenv("NAME"));
    }
}

/* Largest value, one byte more, a name that none can have, no file, no folder. */
static void
hostile(void **state)
{
    (void)state;
    enum { LONGEST = 128 << 10 };
    static char bytes[LONGEST];
    char path[256];
    memset(bytes, 'x', sizeof bytes);
    put_bytes("NAME", bytes, LONGEST - 1);
    assert_int_equal(bask_envdir_load(folder, error, sizeof error), BASK_OK);
    assert_int_equal(strlen(getenv("NAME")), LONGEST - 1);
    put_bytes("NAME", bytes, LONGEST);
    assert_int_equal(bask_envdir_load(folder, error, sizeof error), BASK_E_SYSTEM);
    assert_non_null(strstr(error, "/env/NAME: File too large"));
    put_bytes("NAME", "x", 1);
    put_bytes("A=B", "x", 1);
    assert_int_equal(bask_envdir_load(folder, error, sizeof error), BASK_E_SYSTEM);
    assert_non_null(strstr(error, "/env/A=B: Invalid argument"));
    snprintf(path, sizeof path, "%s/A=B", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/LOST", folder);
    assert_int_equal(symlink("/nowhere", path), 0);
    assert_int_equal(bask_envdir_load(folder, error, sizeof error), BASK_E_SYSTEM);
    assert_non_null(strstr(error, "/env/LOST: No such file or directory"));
    unlink(path);
    assert_int_equal(bask_envdir_load("/nowhere", error, sizeof error), BASK_E_SYSTEM);
    assert_string_equal(error, "--envdir /nowhere: No such file or directory");
}

static int
make(void **state)
{
    make_root(state);
    put("/env", "first", "x");
    snprintf(folder, sizeof folder, "%s/env", root);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, make, remove_root);
}
