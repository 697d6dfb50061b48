/* svc/spool_file: the file of a task, from anybody, and the folders of tasks. */
#include "test.h"

#include "base/err.h"
#include "svc/spool_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/bask-test-spool-XXXXXX";

static int
make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

/* The tests leave files and one level of folders. */
static void
remove_all(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char name[BASK_SPOOL_PATH];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' && strlen(entry->d_name) < 3)
            continue;
        if (unlink(name))
            remove_all(name);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static int
remove_folder(void **state)
{
    (void)state;
    remove_all(folder);
    return 0;
}

static void
parses(void **state)
{
    (void)state;
    bask_str items, body;
    /* As uWSGI writes it: 17, length, 0, then "a" -> "bc", and a body. */
    const bask_str whole = BASK_STR("\x11\x07\0\0\x01\0a\x02\0bcBODY");
    assert_int_equal(bask_spool_parse(whole, &items, &body), 0);
    assert_str(items, bask_str_n("\x01\0a\x02\0bc", 7));
    assert_str(body, BASK_STR("BODY"));
    assert_int_equal(bask_spool_parse(BASK_STR("\x11\0\0\0"), &items, &body), 0);
    assert_int_equal(items.len + body.len, 0);
    for (size_t len = 0; len < 11; len++)
        assert_int_equal(bask_spool_parse(bask_str_n(whole.ptr, len), &items, &body), BASK_E_AGAIN);
}

static void
refuses(void **state)
{
    (void)state;
    static const bask_str bad[] = {
        {"\x00\x07\0\0\x01\0a\x02\0bc", 11}, /* another modifier */
        {"\x11\x07\0\0\x01\0a\x03\0bc", 11}, /* a value beyond the items */
        {"\x11\x07\0\0\xff\xff"
         "a\x02\0bc",
         11},                              /* a key beyond them */
        {"\x11\x07\0\0\0\0a\x02\0bc", 11}, /* no key */
        {"\x11\x03\0\0\x01\0aBODY", 11},   /* a key without a value */
        {"\x11\x01\0\0\x01", 5},           /* half a length */
    };
    bask_str items, body;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(bask_spool_parse(bad[i], &items, &body), BASK_E_SYNTAX);
}

/* Every byte of a small file as anything: nothing is read that is not there. */
static void
survives_anything(void **state)
{
    (void)state;
    const char good[] = "\x11\x07\0\0\x01\0a\x02\0bcB";
    bask_str items, body;
    for (size_t at = 0; at < sizeof good - 1; at++)
        for (int byte = 0; byte < 256; byte++) {
            char *bytes = malloc(sizeof good - 1);
            memcpy(bytes, good, sizeof good - 1);
            bytes[at] = (char)byte;
            bask_spool_parse(bask_str_n(bytes, sizeof good - 1), &items, &body);
            free(bytes);
        }
}

static struct bask_spool_order
order(const char *priority, int64_t at, bask_str body)
{
    return (struct bask_spool_order){.size = sizeof(struct bask_spool_order),
                                     .priority = bask_str_of(priority),
                                     .at = at,
                                     .items = BASK_STR("\x01\0k\x01\0v"),
                                     .body = body};
}

static void
writes_what_it_reads(void **state)
{
    (void)state;
    char path[BASK_SPOOL_PATH], error[256], *bytes;
    struct bask_spool_order task = order("", 4000000000, BASK_STR("body\0\xff"));
    struct stat about;
    bask_str items, body;
    size_t len;
    assert_int_equal(bask_spool_write(bask_str_of(folder), &task, path, error, sizeof error), 0);
    assert_true(strncmp(strrchr(path, '/') + 1, BASK_SPOOL_PREFIX, strlen(BASK_SPOOL_PREFIX)) == 0);
    int fd = open(path, O_RDONLY);
    assert_int_equal(fstat(fd, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(about.st_mtim.tv_sec, 4000000000);
    assert_int_equal(bask_spool_read(fd, &bytes, &len), 0);
    assert_int_equal(bask_spool_parse(bask_str_n(bytes, len), &items, &body), 0);
    assert_str(items, task.items);
    assert_str(body, task.body);
    free(bytes);
    close(fd);
    unlink(path);
}

static void
refuses_to_write(void **state)
{
    (void)state;
    static char big[BASK_SPOOL_ITEMS + 1];
    char path[BASK_SPOOL_PATH], error[256];
    static const char *const priorities[] = {"x", "-1", "../1", "1/2", "1 ", "1234567890123456789"};
    struct bask_spool_order task;
    for (size_t i = 0; i < COUNT(priorities); i++) {
        task = order(priorities[i], 0, BASK_STR(""));
        assert_int_equal(bask_spool_write(bask_str_of(folder), &task, path, error, sizeof error),
                         BASK_E_SYNTAX);
    }
    task = order("", 0, BASK_STR(""));
    task.items = bask_str_n(big, sizeof big);
    assert_int_equal(bask_spool_write(bask_str_of(folder), &task, path, error, sizeof error),
                     BASK_E_LIMIT);
    task.items = BASK_STR("\x05\0k");
    assert_int_equal(bask_spool_write(bask_str_of(folder), &task, path, error, sizeof error),
                     BASK_E_SYNTAX);
    task = order("", 0, BASK_STR(""));
    assert_int_equal(
        bask_spool_write(BASK_STR("/nowhere/at/all"), &task, path, error, sizeof error),
        BASK_E_SYSTEM);
    assert_non_null(strstr(error, "/nowhere/at/all"));
}

/* As on a full disk: an error, and nothing that could be taken for a task. */
static void
leaves_nothing_behind(void **state)
{
    (void)state;
    static char body[8192];
    char path[BASK_SPOOL_PATH], error[256];
    struct bask_spool_order task = order("5", 0, bask_str_n(body, sizeof body));
    struct rlimit before, small = {4096, 4096};
    struct bask_spool_list list;
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(bask_spool_write(bask_str_of(folder), &task, path, error, sizeof error),
                     BASK_E_SYSTEM);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_non_null(strstr(error, folder));
    assert_int_equal(bask_spool_list(folder, &list), 0);
    assert_int_equal(list.count, 0);
    bask_spool_list_fini(&list);
    snprintf(path, sizeof path, "%s/5", folder);
    assert_int_equal(rmdir(path), 0); /* it is empty */
}

/* A priority that is a link leads elsewhere: nothing is put there, nothing is taken from there. */
static void
follows_no_links(void **state)
{
    (void)state;
    char elsewhere[] = "/tmp/bask-test-spool-XXXXXX", link[BASK_SPOOL_PATH], path[BASK_SPOOL_PATH];
    char error[256];
    struct bask_spool_order task = order("", 0, BASK_STR(""));
    struct bask_spool_list list;
    assert_non_null(mkdtemp(elsewhere));
    assert_int_equal(bask_spool_write(bask_str_of(elsewhere), &task, path, error, sizeof error), 0);
    snprintf(link, sizeof link, "%s/4", folder);
    assert_int_equal(symlink(elsewhere, link), 0);
    assert_int_equal(bask_spool_list(folder, &list), 0);
    assert_int_equal(list.count, 0);
    bask_spool_list_fini(&list);
    task = order("4", 0, BASK_STR(""));
    assert_int_equal(bask_spool_write(bask_str_of(folder), &task, path, error, sizeof error),
                     BASK_E_SYSTEM);
    unlink(link);
    remove_all(elsewhere);
}

static void
lists_by_priority(void **state)
{
    (void)state;
    static const char *const priorities[] = {"", "10", "2", "007"};
    char paths[4][BASK_SPOOL_PATH], error[256], other[BASK_SPOOL_PATH];
    struct bask_spool_list list;
    for (size_t i = 0; i < COUNT(priorities); i++) {
        struct bask_spool_order task = order(priorities[i], 0, BASK_STR(""));
        assert_int_equal(
            bask_spool_write(bask_str_of(folder), &task, paths[i], error, sizeof error), 0);
    }
    snprintf(other, sizeof other, "%s/3", folder); /* a file with the name of a priority */
    close(open(other, O_CREAT | O_WRONLY, 0600));
    snprintf(other, sizeof other, "%s/another", folder);
    close(open(other, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(bask_spool_list(folder, &list), 0);
    assert_int_equal(list.count, 4);
    static const int expected[] = {3, 2, 1, 0};
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(list.paths[i], paths[expected[i]]);
    bask_spool_list_fini(&list);
    assert_int_equal(bask_spool_list("/nowhere", &list), BASK_E_SYSTEM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(refuses),
        cmocka_unit_test(survives_anything),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(refuses_to_write),
        cmocka_unit_test(leaves_nothing_behind),
        cmocka_unit_test(follows_no_links),
        cmocka_unit_test(lists_by_priority),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
