/* sys/beneath: whatever a path says and whatever links there are, nothing outside is opened. */
#include "base/err.h"
#include "small_files.h"
#include "sys/beneath.h"

#include <fcntl.h>

static const struct {
    const char *path;
    int checked; /* what the way that looks at names finds; BASK_OK: a file with the text "inside"
                  */
} rows[] = {
    {"file", BASK_OK},
    {"folder/file", BASK_OK},
    {"./folder//file", BASK_OK},
    {"folder/../file", BASK_OK},
    {"folder", BASK_E_STATE}, /* stands for: a folder */
    {".", BASK_E_STATE},
    {"nothing", BASK_E_NOTFOUND},
    {"file/", BASK_E_NOTFOUND},
    {"file/x", BASK_E_NOTFOUND},
    {"", BASK_E_NOTFOUND},
    /* links that stay */
    {"link", BASK_OK},
    {"absolute", BASK_OK},
    {"linked-folder/file", BASK_OK},
    /* links that lead to what is allowed */
    {"safe", BASK_OK},
    /* links that do not */
    {"out", BASK_E_RANGE},
    {"out-absolute", BASK_E_RANGE},
    {"out-folder/secret", BASK_E_RANGE},
    {"twin", BASK_E_RANGE}, /* "...-twin" begins like the root */
    {"safe-twin", BASK_E_RANGE},
    {"up/outside/secret", BASK_E_RANGE},
    {"loop", BASK_E_NOTFOUND},
    {"dangling", BASK_E_NOTFOUND},
    /* ways up */
    {"../outside/secret", BASK_E_RANGE},
    {"folder/../../outside/secret", BASK_E_RANGE},
    {"../inside/file", BASK_OK},
    /* what would make one wait */
    {"fifo", BASK_E_STATE},
    {"null", BASK_E_STATE},
    {"process", BASK_E_RANGE},
};

static void
link_to(const char *target, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/inside/%s", root, name);
    assert_int_equal(symlink(target, path), 0);
}

static void
link_to_root(const char *target, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, target);
    link_to(path, name);
}

static int
make_tree(void **state)
{
    char path[256];
    if (make_root(state))
        return -1;
    put("/inside", "file", "inside");
    put("/inside/folder", "file", "inside");
    put("/inside-twin", "secret", "outside");
    put("/outside", "secret", "outside");
    put("/safe", "file", "inside");
    put("/safe-twin", "secret", "outside");
    link_to("folder/file", "link");
    link_to("folder", "linked-folder");
    link_to("../outside/secret", "out");
    link_to("../outside", "out-folder");
    link_to("..", "up");
    link_to("loop", "loop");
    link_to("nowhere", "dangling");
    link_to("/dev/null", "null");
    link_to("/proc/self/status", "process");
    link_to_root("inside/file", "absolute");
    link_to_root("outside/secret", "out-absolute");
    link_to_root("inside-twin/secret", "twin");
    link_to_root("safe/file", "safe");
    link_to_root("safe-twin/secret", "safe-twin");
    snprintf(path, sizeof path, "%s/inside/fifo", root);
    return mkfifo(path, 0600);
}

static int
open_inside(void)
{
    char path[256];
    snprintf(path, sizeof path, "%s/inside", root);
    int fd = open(path, O_PATH | O_DIRECTORY);
    assert_true(fd >= 0);
    return fd;
}

typedef int opener(int, const char *, const struct bask_folders *, struct stat *);

static void
check(opener *open_it, const char *path, int expected, bool may_miss)
{
    char inside[256], safe[256], text[16] = "";
    int folder = open_inside();
    long len = bask_beneath_name(folder, inside, sizeof inside);
    assert_true(len > 0);
    int safe_len = snprintf(safe, sizeof safe, "%.*s/safe", (int)len - 7, inside);
    const bask_str names[] = {bask_str_n(inside, (size_t)len), bask_str_n(safe, (size_t)safe_len)};
    struct bask_folders allowed = {names, 2};
    struct stat status = {0};
    int fd = open_it(folder, path, &allowed, &status);
    if (fd >= 0 && S_ISDIR(status.st_mode)) {
        close(fd);
        fd = BASK_E_STATE;
    }
    if (fd >= 0) {
        assert_int_equal(pread(fd, text, sizeof text - 1, 0), 6);
        assert_string_equal(text, "inside");
        close(fd);
        fd = BASK_OK;
    }
    close(folder);
    if (fd != expected && !(may_miss && fd == BASK_E_NOTFOUND))
        fail_msg("\"%s\": %d instead of %d", path, fd, expected);
}

static void
by_the_kernel(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(bask_beneath_open, rows[i].path, rows[i].checked, false);
}

static void
by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(bask_beneath_open_checked, rows[i].path, rows[i].checked, false);
}

/* Where nothing is allowed by name, links out lead nowhere, and those that stay are followed. */
static void
without_names(void **state)
{
    struct bask_folders none = {NULL, 0};
    struct stat status;
    int folder = open_inside();
    (void)state;
    int fd = bask_beneath_open(folder, "link", &none, &status);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(bask_beneath_open(folder, "absolute", &none, &status), BASK_E_RANGE);
    assert_int_equal(bask_beneath_open(folder, "out", &none, &status), BASK_E_RANGE);
    close(folder);
}

/* "/" allows everything that has a name; what was deleted meanwhile has none that counts. */
static void
names(void **state)
{
    const bask_str all = BASK_STR("/");
    struct bask_folders allowed = {&all, 1};
    char small[4];
    struct stat status;
    int folder = open_inside();
    (void)state;
    int fd = bask_beneath_open(folder, "out", &allowed, &status);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(bask_beneath_name(folder, small, sizeof small), BASK_E_NOTFOUND);
    assert_int_equal(bask_beneath_name(-1, small, sizeof small), BASK_E_NOTFOUND);
    close(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_kernel),
        cmocka_unit_test(by_name),
        cmocka_unit_test(without_names),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_root);
}
