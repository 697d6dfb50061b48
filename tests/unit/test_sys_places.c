/*
 * What a process is made of, one system call at a time: users, groups and capabilities (sys/priv),
 * files (sys/files), limits (sys/limits), and where the log goes (obs/log). What changes the
 * process happens in a child.
 */
#include "test.h"

#include "base/err.h"
#include "obs/log.h"
#include "sys/files.h"
#include "sys/limits.h"
#include "sys/priv.h"
#include "sys/proc.h"
#include "sys/title.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char error[512], folder[64];

static const char *
in_folder(const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *to = path[next++ % 4];
    snprintf(to, sizeof path[0], "%s/%s", folder, name);
    return to;
}

static int
make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/bask-places-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* The exit status of `run` in a child. */
static int
in_child(int (*run)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(run());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
test_users(void **state)
{
    struct bask_user user;
    (void)state;
    assert_int_equal(bask_priv_find_user(BASK_STR("root"), &user, error, sizeof error), BASK_OK);
    assert_true(user.uid == 0 && user.gid == 0 && user.known);
    assert_int_equal(bask_priv_find_user(BASK_STR("0"), &user, error, sizeof error), BASK_OK);
    assert_string_equal(user.name, "root");
    assert_int_equal(bask_priv_find_user(BASK_STR("4000000000"), &user, error, sizeof error),
                     BASK_OK);
    assert_true(user.uid == 4000000000 && !user.known && !user.name[0]);
}

static void
test_users_that_are_none(void **state)
{
    static const bask_str bad[] = {
        BASK_STR(""),           BASK_STR("no such user"),
        BASK_STR("4294967295"), BASK_STR("-1"),
        BASK_STR("root\0x"),    BASK_STR("99999999999999999999"),
        BASK_STR("0x0"),        {NULL, 0},
    };
    struct bask_user user;
    gid_t gid;
    char long_name[1000];
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(bask_priv_find_user(bad[i], &user, error, sizeof error), BASK_E_NOTFOUND);
        assert_int_equal(bask_priv_find_group(bad[i], &gid, error, sizeof error), BASK_E_NOTFOUND);
    }
    memset(long_name, 'x', sizeof long_name);
    assert_int_equal(
        bask_priv_find_user(bask_str_n(long_name, sizeof long_name), &user, error, sizeof error),
        BASK_E_NOTFOUND);
}

static void
test_capabilities(void **state)
{
    unsigned cap;
    (void)state;
    assert_int_equal(bask_priv_find_cap(BASK_STR("chown"), &cap, error, sizeof error), BASK_OK);
    assert_int_equal(cap, 0);
    assert_int_equal(
        bask_priv_find_cap(BASK_STR("CAP_NET_BIND_SERVICE"), &cap, error, sizeof error), BASK_OK);
    assert_int_equal(cap, 10);
    assert_int_equal(bask_priv_find_cap(BASK_STR("cap_"), &cap, error, sizeof error),
                     BASK_E_NOTFOUND);
    assert_int_equal(bask_priv_find_cap(BASK_STR(""), &cap, error, sizeof error), BASK_E_NOTFOUND);
}

static int
drop_to_stranger(void)
{
    gid_t group = 54321;
    const struct bask_priv priv = {.change_uid = true,
                                   .change_gid = true,
                                   .uid = 12345,
                                   .gid = 23456,
                                   .groups = &group,
                                   .group_count = 1};
    gid_t groups[8];
    if (bask_priv_drop(&priv, error, sizeof error))
        return 1;
    if (getuid() != 12345 || getgid() != 23456 || getgroups(8, groups) != 1 || groups[0] != group)
        return 2;
    if (setuid(0) == 0 || setgid(0) == 0 || seteuid(0) == 0 || setgroups(0, NULL) == 0)
        return 3;
    /* A second time there is nothing to do, and it is no error. */
    if (bask_priv_drop(&priv, error, sizeof error))
        return 4;
    const struct bask_priv other = {.change_uid = true, .uid = 1};
    return bask_priv_drop(&other, error, sizeof error) == BASK_E_SYSTEM ? 0 : 5;
}

static int
leave_a_way_back(void)
{
    /* The real user is changed, the saved one is not: that is no drop, and has to be seen. */
    const struct bask_priv priv = {.change_uid = true, .uid = 12345};
    if (setresuid(12345, 12345, 0))
        return 1;
    return bask_priv_drop(&priv, error, sizeof error) == BASK_E_STATE ? 0 : 2;
}

static int
enter_root(void)
{
    struct stat here, there;
    if (stat(folder, &there) || bask_priv_chroot(folder, error, sizeof error) || stat("/", &here))
        return 1;
    if (here.st_ino != there.st_ino || stat(".", &here) || here.st_ino != there.st_ino)
        return 2;
    return bask_priv_chroot("/tmp", error, sizeof error) == BASK_E_SYSTEM ? 0 : 3;
}

static void
test_drops(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(in_child(drop_to_stranger), 0);
    assert_int_equal(in_child(leave_a_way_back), 0);
    assert_int_equal(in_child(enter_root), 0);
}

static void
test_files_are_replaced(void **state)
{
    char bytes[8];
    struct stat status;
    (void)state;
    const char *path = in_folder("file"), *link = in_folder("link");
    assert_int_equal(bask_file_replace(path, BASK_STR("one"), 0640), BASK_OK);
    assert_int_equal(bask_file_replace(path, BASK_STR("twos"), 0600), BASK_OK);
    assert_int_equal(bask_file_read(path, bytes, sizeof bytes), 4);
    assert_string_equal(bytes, "twos");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(bask_file_replace(link, BASK_STR("3"), 0600), BASK_OK);
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(bask_file_read(path, bytes, 3), 2); /* cut to what there is room for */
    assert_string_equal(bytes, "tw");
    assert_int_equal(bask_file_replace(folder, BASK_STR("3"), 0600), BASK_E_STATE);
    assert_int_equal(bask_file_replace("/dev/full", BASK_STR("3"), 0600), BASK_E_STATE);
    assert_int_equal(bask_file_replace("/no/such/file", BASK_STR("3"), 0600), BASK_E_SYSTEM);
    assert_int_equal(bask_file_read("/no/such/file", bytes, sizeof bytes), BASK_E_SYSTEM);
    assert_int_equal(bask_file_read(folder, bytes, sizeof bytes), BASK_E_SYSTEM);
}

/* The temporary file is not taken from who prepared one. */
static void
test_temporary_file_is_ours(void **state)
{
    char name[128], bytes[8];
    (void)state;
    snprintf(name, sizeof name, "%s.%d.tmp", in_folder("pid"), (int)getpid());
    assert_int_equal(symlink(in_folder("trap"), name), 0);
    assert_int_equal(bask_file_replace(in_folder("pid"), BASK_STR("1"), 0600), BASK_OK);
    assert_int_equal(access(in_folder("trap"), F_OK), -1);
    assert_int_equal(access(name, F_OK), -1);
    assert_int_equal(bask_file_read(in_folder("pid"), bytes, sizeof bytes), 1);
}

static void
test_paths(void **state)
{
    static const struct {
        const char *root, *path, *inside;
    } rows[] = {
        {"/a", "/a/b", "/b"},  {"/a/", "/a/b", "/b"}, {"/a", "/ab", NULL},  {"/a/b", "/a", NULL},
        {"/", "/a/b", "/a/b"}, {"/a", "/a", NULL},    {"/a", "/b/a", NULL},
    };
    char here[4096];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *inside = bask_file_inside(rows[i].root, rows[i].path);
        assert_true(!inside == !rows[i].inside);
        if (inside)
            assert_string_equal(inside, rows[i].inside);
    }
    char *path = bask_file_absolute("/tmp/../tmp/name");
    assert_string_equal(path, "/tmp/name");
    free(path);
    path = bask_file_absolute("/name");
    assert_string_equal(path, "/name");
    free(path);
    path = bask_file_absolute("name");
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(strncmp(path, here, strlen(here)), 0);
    free(path);
    assert_null(bask_file_absolute("/no/such/folder/name"));
}

static int
limit_files(void)
{
    struct rlimit limit;
    if (bask_limit_set(RLIMIT_NOFILE, 77) || getrlimit(RLIMIT_NOFILE, &limit))
        return 1;
    return limit.rlim_cur == 77 ? 0 : 2;
}

static void
test_limits(void **state)
{
    char bytes[16];
    (void)state;
    assert_int_equal(in_child(limit_files), 0);
    const char *group = in_folder("group");
    assert_int_equal(bask_limit_join_cgroup(group), BASK_E_SYSTEM); /* made, but is none */
    assert_int_equal(bask_file_replace(in_folder("group/cgroup.procs"), BASK_STR(""), 0600), 0);
    assert_int_equal(bask_limit_join_cgroup(group), BASK_OK);
    assert_int_equal(bask_file_read(in_folder("group/cgroup.procs"), bytes, sizeof bytes), 1);
    assert_string_equal(bytes, "0");
    assert_int_equal(bask_limit_set_cgroup(group, BASK_STR("none"), BASK_STR("1")), BASK_E_SYSTEM);
}

static void
test_kinship(void **state)
{
    (void)state;
    assert_int_equal(bask_proc_kinship(getpid()), BASK_PROC_SAME);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    assert_int_equal(bask_proc_kinship(child), BASK_PROC_GONE);
    char *const words[] = {(char[]){"sleep"}, (char[]){"100"}, NULL};
    assert_int_equal(posix_spawnp(&child, "sleep", NULL, NULL, words, environ), 0);
    assert_int_equal(bask_proc_kinship(child), BASK_PROC_OTHER);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static size_t
size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) ? 0 : (size_t)status.st_size;
}

static int
log_and_rotate(void)
{
    const char *path = in_folder("log"), *moved = in_folder("log.1");
    if (bask_log_to("/no/such/folder/log", error, sizeof error) != BASK_E_SYSTEM)
        return 1;
    if (bask_log_reopen() || bask_log_target() || bask_log_to(path, error, sizeof error))
        return 2;
    bask_log(BASK_LOG_INFO, "one");
    size_t before = size_of(path);
    if (!before || rename(path, moved))
        return 3;
    bask_log(BASK_LOG_INFO, "two"); /* still where it was */
    if (size_of(moved) <= before || bask_log_reopen())
        return 4;
    before = size_of(moved);
    bask_log(BASK_LOG_INFO, "three");
    if (size_of(moved) != before || !size_of(path))
        return 5;
    /* What cannot be opened again goes on where it is. */
    if (unlink(path) || mkdir(path, 0700) || bask_log_reopen() != BASK_E_SYSTEM)
        return 6;
    bask_log(BASK_LOG_INFO, "four");
    bask_log_enter_root(folder);
    return strcmp(bask_log_target(), "/log") == 0 ? 0 : 7;
}

static void
test_log(void **state)
{
    (void)state;
    assert_int_equal(in_child(log_and_rotate), 0);
}

static int count_of_words;
static char **words_of_line;

/* What /proc shows as the command line, without NULs at its end; its length. */
static ssize_t
shown_line(char *bytes, size_t size)
{
    ssize_t len = bask_file_read("/proc/self/cmdline", bytes, size);
    while (len > 0 && !bytes[len - 1])
        len--;
    return len;
}

static int
set_titles(void)
{
    char bytes[8192], long_title[8192] = {0};
    size_t room = 0;
    for (int i = 0; i < count_of_words; i++)
        room += strlen(words_of_line[i]) + 1;
    char **copy = bask_title_init(count_of_words, words_of_line);
    if (!copy || strcmp(copy[0], words_of_line[0]) != 0 || copy[count_of_words] ||
        !getenv("PATH") || strcmp(getenv("BASK_PLACES"), "here") != 0)
        return 1;
    bask_title_set("short");
    if (shown_line(bytes, sizeof bytes) != 5 || memcmp(bytes, "short", 5) != 0)
        return 2;
    /* It runs on where the environment was, which has moved. */
    memset(long_title, 'x', room + 20);
    bask_title_set(long_title);
    if (shown_line(bytes, sizeof bytes) != (ssize_t)room + 20)
        return 3;
    if (!getenv("PATH") || strcmp(getenv("BASK_PLACES"), "here") != 0)
        return 4;
    bask_title_set("short again");
    if (shown_line(bytes, sizeof bytes) != 11)
        return 5;
    /* What has no room at all is cut. */
    memset(long_title, 'y', sizeof long_title - 1);
    bask_title_set(long_title);
    return shown_line(bytes, sizeof bytes) > (ssize_t)room ? 0 : 6;
}

static void
test_titles(void **state)
{
    (void)state;
    assert_int_equal(in_child(set_titles), 0);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_users_that_are_none),
        cmocka_unit_test(test_capabilities),
        cmocka_unit_test(test_drops),
        cmocka_unit_test(test_files_are_replaced),
        cmocka_unit_test(test_temporary_file_is_ours),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_kinship),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_titles),
    };
    count_of_words = argc;
    words_of_line = argv;
    if (!getenv("BASK_PLACES")) { /* once more, with an environment that has room */
        char room[1000];
        memset(room, 'z', sizeof room - 1);
        room[sizeof room - 1] = '\0';
        setenv("BASK_PLACES", "here", 1);
        setenv("BASK_ROOM", room, 1);
        execv("/proc/self/exe", argv);
    }
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
