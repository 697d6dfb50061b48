/* sys/proc: what one process can learn of another, and what it starts with. */
#include "test.h"

#include "base/err.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static bool
is_readable(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    return poll(&poller, 1, 0) == 1;
}

/* All that is closed is opened, what is open stays. In a process of its own. */
static void
standard_files(void **state)
{
    (void)state;
    for (int closed = 0; closed < 8; closed++) {
        int status;
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            for (int fd = 0; fd < 3; fd++)
                if (closed & 1 << fd)
                    close(fd);
            bool good = !bask_proc_fill_standard_files();
            int next = open("/dev/null", O_RDONLY);
            for (int fd = 0; fd < 3; fd++)
                good = good && fcntl(fd, F_GETFD) == 0;
            if (closed & 4)
                good = good && write(2, "x", 1) == 1;
            _exit(good && next > 2 ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

/* Also before anybody has waited for it. */
static void
end_of_a_process(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        for (;;)
            pause();
    }
    int fd = bask_proc_open_process(pid);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_false(is_readable(fd));
    kill(pid, SIGKILL);
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&poller, 1, 5000), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(fd);
    assert_int_equal(bask_proc_open_process(pid), BASK_E_SYSTEM);
}

/* Whoever writes, writes at the end; what was told is forgotten. */
static void
scratch_file(void **state)
{
    (void)state;
    char bytes[16];
    int fd = bask_proc_scratch_file("test");
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "one", 3), 3);
    assert_int_equal(write(fd, "two", 3), 3);
    assert_int_equal(bask_proc_read_from_start(fd, bytes, sizeof bytes), 6);
    assert_memory_equal(bytes, "onetwo", 6);
    bask_proc_empty_file(fd);
    assert_int_equal(bask_proc_read_from_start(fd, bytes, sizeof bytes), 0);
    assert_int_equal(write(fd, "three", 5), 5);
    assert_int_equal(bask_proc_read_from_start(fd, bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, "three", 5);
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_files),
        cmocka_unit_test(end_of_a_process),
        cmocka_unit_test(scratch_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
