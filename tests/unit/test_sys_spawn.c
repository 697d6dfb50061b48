/* sys/spawn and sys/watch: what a started program gets, and what a watched folder tells. */
#include "test.h"

#include "base/err.h"
#include "sys/spawn.h"
#include "sys/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int
run(const char *script, const char *folder, const int *keep)
{
    char shell[] = "/bin/sh", option[] = "-c";
    char *command = strdup(script);
    char *const argv[] = {shell, option, command, NULL};
    int status = -1;
    pid_t pid = bask_spawn(&(struct bask_spawn){shell, argv, environ, folder, keep});
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    free(command);
    return status;
}

static void
descriptors_and_folder(void **state)
{
    (void)state;
    char script[128];
    int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int keep[] = {kept, -1};
    snprintf(script, sizeof script, "test -e /proc/$$/fd/%d && ! test -e /proc/$$/fd/%d", kept,
             other);
    assert_int_equal(run(script, NULL, keep), 0);
    assert_int_not_equal(run(script, NULL, NULL), 0);
    assert_int_equal(fcntl(kept, F_GETFD), FD_CLOEXEC);
    assert_int_equal(run("test $PWD = /", "/", NULL), 0);
    close(kept);
    close(other);
}

static void
signals_are_usual(void **state)
{
    (void)state;
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    assert_int_equal(run("kill -PIPE $$; exit 3", NULL, NULL), SIGPIPE);
    assert_int_equal(run("kill -TERM $$; exit 3", NULL, NULL), SIGTERM);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_DFL);
}

static void
what_cannot_be_started(void **state)
{
    (void)state;
    char name[] = "/nonexistent/program";
    char *const argv[] = {name, NULL};
    struct bask_spawn what = {name, argv, environ, NULL, NULL};
    assert_int_equal(bask_spawn(&what), BASK_E_SYSTEM);
    assert_int_equal(errno, ENOENT);
    what = (struct bask_spawn){"/bin/true", argv, environ, "/nonexistent", NULL};
    assert_int_equal(bask_spawn(&what), BASK_E_SYSTEM);
}

struct seen {
    int watch, count;
    char name[64];
};

static void
on_change(void *context, int watch, bask_str name)
{
    struct seen *seen = context;
    seen->watch = watch;
    seen->count++;
    snprintf(seen->name, sizeof seen->name, "%.*s", BASK_FMT(name));
}

static struct seen
changes(int fd)
{
    struct seen seen = {.watch = -2};
    bask_watch_read(fd, on_change, &seen);
    return seen;
}

static void
write_file(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static void
folders(void **state)
{
    (void)state;
    char folder[] = "/tmp/bask-watch-XXXXXX", one[64], two[64];
    assert_non_null(mkdtemp(folder));
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(two, sizeof two, "%s/two", folder);
    int fd = bask_watch_open();
    assert_true(fd >= 0);
    int watch = bask_watch_add(fd, folder);
    assert_true(watch >= 0);
    assert_int_equal(bask_watch_add(fd, folder), watch);
    assert_int_equal(changes(fd).count, 0);
    write_file(one);
    struct seen seen = changes(fd);
    assert_true(seen.count > 0);
    assert_int_equal(seen.watch, watch);
    assert_string_equal(seen.name, "one");
    assert_int_equal(rename(one, two), 0);
    assert_string_equal(changes(fd).name, "two");
    assert_int_equal(bask_watch_add(fd, two), BASK_E_SYSTEM); /* a file */
    unlink(two);
    assert_string_equal(changes(fd).name, "two");
    rmdir(folder);
    assert_int_equal(bask_watch_add(fd, folder), BASK_E_SYSTEM);
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_and_folder),
        cmocka_unit_test(signals_are_usual),
        cmocka_unit_test(what_cannot_be_started),
        cmocka_unit_test(folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
