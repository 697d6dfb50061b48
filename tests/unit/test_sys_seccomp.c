/*
 * sys/seccomp: profiles that are well formed and those that are not, and what a filter does to the
 * process that puts it on. Each filter is tried in a child of its own.
 */
#include "test.h"

#include "base/err.h"
#include "sys/seccomp.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char error[400];

static struct bask_seccomp *
compile(const char *profile)
{
    struct bask_seccomp *filter = NULL;
    error[0] = '\0';
    if (bask_seccomp_compile(bask_str_of(profile), "p", &filter, error, sizeof error))
        assert_null(filter);
    return filter;
}

/* The errno of a system call under a profile; 0: it was let through; -N: signal N came. */
static int
errno_under(const char *profile, long number, long argument)
{
    struct bask_seccomp *filter = compile(profile);
    int status;
    assert_non_null(filter);
    pid_t pid = fork();
    if (pid == 0) {
        if (bask_seccomp_apply(filter))
            _exit(255);
        errno = 0;
        long result = syscall(number, argument, 0, 0, 0, 0);
        /* Nothing else: the C library, or a sanitizer, would make calls of its own. */
        syscall(SYS_exit_group, result < 0 ? errno : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    bask_seccomp_free(&filter);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
test_verdicts(void **state)
{
    (void)state;
    assert_int_equal(errno_under("", SYS_getppid, 0), 0);
    assert_int_equal(errno_under("deny getppid", SYS_getppid, 0), EPERM);
    assert_int_equal(errno_under("kill getppid", SYS_getppid, 0), -SIGSYS);
    assert_int_equal(errno_under("deny getppid\nallow getppid", SYS_getppid, 0), 0);
    assert_int_equal(errno_under("deny *\nallow exit_group", SYS_getppid, 0), EPERM);
    assert_int_equal(errno_under("deny *\nallow exit_group getppid", SYS_getppid, 0), 0);
    assert_int_equal(errno_under("kill *\nallow exit_group", SYS_getppid, 0), -SIGSYS);
}

static void
test_default_profile(void **state)
{
    static const long denied[] = {SYS_mount,  SYS_umount2,         SYS_ptrace,      SYS_unshare,
                                  SYS_setns,  SYS_keyctl,          SYS_reboot,      SYS_bpf,
                                  SYS_swapon, SYS_perf_event_open, SYS_init_module, SYS_chroot};
    (void)state;
    for (size_t i = 0; i < COUNT(denied); i++)
        assert_int_equal(errno_under("deny @default", denied[i], 0), EPERM);
    assert_int_equal(errno_under("deny @default", SYS_getppid, 0), 0);
    assert_int_equal(errno_under("deny @default\nallow keyctl", SYS_keyctl, 99), EOPNOTSUPP);
}

static void
test_namespaces_cannot_be_cloned(void **state)
{
    (void)state;
    assert_int_equal(errno_under("", SYS_clone, CLONE_NEWUSER | SIGCHLD), EPERM);
    assert_int_equal(errno_under("allow clone", SYS_clone, CLONE_NEWNS | SIGCHLD), EPERM);
    assert_int_equal(errno_under("", SYS_clone, SIGCHLD), 0);
    assert_int_equal(errno_under("", SYS_clone3, 0), ENOSYS);
    assert_int_equal(errno_under("deny clone", SYS_clone, SIGCHLD), EPERM);
}

#if defined __x86_64__
static void
test_other_numbers_of_the_same_calls(void **state)
{
    (void)state;
    assert_int_equal(errno_under("", 0x40000000 + SYS_getppid, 0), EPERM);
}
#endif

static void *
call_in_thread(void *argument)
{
    int *pipe_ends = argument;
    char go;
    (void)!read(pipe_ends[0], &go, 1);
    errno = 0;
    return syscall(SYS_getppid) < 0 ? (void *)(intptr_t)errno : NULL;
}

/* Threads that run already are filtered too. */
static void
test_all_threads(void **state)
{
    struct bask_seccomp *filter = compile("deny getppid");
    int status;
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        int ends[2];
        void *result = NULL;
        if (pipe(ends) || pthread_create(&thread, NULL, call_in_thread, ends) ||
            bask_seccomp_apply(filter))
            _exit(255);
        (void)!write(ends[1], "x", 1);
        pthread_join(thread, &result);
        _exit((int)(intptr_t)result);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), EPERM);
    bask_seccomp_free(&filter);
}

static void
test_text_that_is_well_formed(void **state)
{
    static const char *const good[] = {
        "",
        "\n\n",
        "# nothing",
        "deny mount",
        "  deny\tmount , umount2\r\n",
        "deny #",
        "deny # mount",
        "allow *\nallow read",
        "deny",
        "kill mount\n# end",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct bask_seccomp *filter = compile(good[i]);
        assert_non_null(filter);
        bask_seccomp_free(&filter);
    }
}

static void
test_text_that_is_not(void **state)
{
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"mount", "p:1: \"mount\" is not allow, deny or kill"},
        {"deny mount\n\n  forbid", "p:3: \"forbid\" is not allow, deny or kill"},
        {"deny moun", "p:1: \"moun\" is not the name of a system call"},
        {"deny mountt", "p:1: \"mountt\" is not the name of a system call"},
        {"deny @other", "p:1: \"@other\" is not the name of a system call"},
        {"deny **", "p:1: \"**\" is not the name of a system call"},
        {"deny \x1b[31m\xff", "p:1: \"?[31m?\" is not the name of a system call"},
        {"DENY mount", "p:1: \"DENY\" is not allow, deny or kill"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_null(compile(bad[i].text));
        assert_string_equal(error, bad[i].error);
    }
}

/* Bytes that no person wrote, each text also cut short everywhere. */
static void
test_hostile_text(void **state)
{
    char text[4096];
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t len = (size_t)(rand_r(&seed) % 200);
        for (size_t i = 0; i < len; i++)
            text[i] =
                rand_r(&seed) % 3 ? "deny mount\n,*@#\0 "[rand_r(&seed) % 17] : (char)rand_r(&seed);
        struct bask_seccomp *filter = NULL;
        bask_seccomp_compile(bask_str_n(text, len), "p", &filter, error, sizeof error);
        bask_seccomp_free(&filter);
    }
    memset(text, 'x', sizeof text);
    struct bask_seccomp *filter = NULL;
    assert_int_equal(
        bask_seccomp_compile(bask_str_n(text, sizeof text), "p", &filter, error, sizeof error),
        BASK_E_SYNTAX);
    assert_true(strlen(error) < 100);
}

static void
test_files(void **state)
{
    struct bask_seccomp *filter = NULL;
    (void)state;
    assert_int_equal(bask_seccomp_open("default", &filter, error, sizeof error), BASK_OK);
    bask_seccomp_free(&filter);
    assert_int_equal(bask_seccomp_open("/no/such/file", &filter, error, sizeof error),
                     BASK_E_SYSTEM);
    assert_string_equal(error, "/no/such/file: No such file or directory");
    assert_int_equal(bask_seccomp_open("/dev/zero", &filter, error, sizeof error), BASK_E_LIMIT);
    assert_int_equal(bask_seccomp_open("/", &filter, error, sizeof error), BASK_E_SYSTEM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_default_profile),
        cmocka_unit_test(test_namespaces_cannot_be_cloned),
#if defined __x86_64__
        cmocka_unit_test(test_other_numbers_of_the_same_calls),
#endif
        cmocka_unit_test(test_all_threads),
        cmocka_unit_test(test_text_that_is_well_formed),
        cmocka_unit_test(test_text_that_is_not),
        cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
