/* loop/signals: what comes is noted, once each, wakes the loop, and is forgotten on demand. */
#include "test.h"

#include "loop/loop.h"
#include "loop/signals.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(number) (UINT64_C(1) << (number))

static const int signals[] = {SIGUSR1, SIGUSR2, SIGHUP, 0};

static void
noted_and_taken(void **state)
{
    (void)state;
    struct bask_loop *loop = bask_loop_new();
    bask_signals_watch(loop, signals);
    assert_true(bask_signals_take() == 0);
    raise(SIGUSR1);
    raise(SIGHUP);
    raise(SIGUSR1);
    assert_int_equal(bask_loop_wait(loop, -1), 1); /* the wake-up was not lost */
    bask_loop_waited(loop, 1);
    while (bask_loop_dispatch(loop))
        continue;
    assert_true(bask_signals_take() == (BIT(SIGUSR1) | BIT(SIGHUP)));
    assert_true(bask_signals_take() == 0);
    assert_int_equal(bask_loop_wait(loop, 0), 0);
    bask_signals_forget();
    bask_loop_free(&loop);
}

/* One that comes after the loop was woken and before it has dispatched that wakes it again: else
 * the next wait would last although something has come. */
static void
second_wakes_again(void **state)
{
    (void)state;
    struct bask_loop *loop = bask_loop_new();
    bask_signals_watch(loop, signals);
    raise(SIGUSR1);
    bask_loop_waited(loop, bask_loop_wait(loop, -1));
    assert_true(bask_signals_take() == BIT(SIGUSR1));
    raise(SIGUSR1);
    while (bask_loop_dispatch(loop))
        continue;
    assert_int_equal(bask_loop_wait(loop, 0), 1);
    assert_true(bask_signals_take() == BIT(SIGUSR1));
    bask_signals_forget();
    bask_loop_free(&loop);
}

/* A signal that comes while the kernel waits ends the wait. */
static void
ends_a_wait(void **state)
{
    (void)state;
    struct bask_loop *loop = bask_loop_new();
    bask_signals_watch(loop, signals);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        usleep(20000);
        kill(parent, SIGUSR2);
        _exit(0);
    }
    uint64_t taken = 0;
    alarm(20);
    while (!taken) {
        bask_loop_waited(loop, bask_loop_wait(loop, -1));
        while (bask_loop_dispatch(loop))
            continue;
        taken = bask_signals_take();
    }
    alarm(0);
    assert_true(taken == BIT(SIGUSR2));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    bask_signals_forget();
    bask_loop_free(&loop);
}

static void
forgotten(void **state)
{
    (void)state;
    struct bask_loop *loop = bask_loop_new();
    for (size_t i = 0; signals[i]; i++)
        signal(signals[i], SIG_DFL); /* nohup has us ignore some */
    bask_signals_watch(loop, signals);
    raise(SIGUSR1);
    bask_signals_forget();
    bask_loop_free(&loop);
    assert_true(bask_signals_take() == 0);
    for (size_t i = 0; signals[i]; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            raise(signals[i]);
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
    }
}

/* A process that ends ignores again what it ignored before: SIGTSTP would stop it for ever. */
static void
forgotten_ones_are_as_before(void **state)
{
    (void)state;
    static const int watched[] = {SIGTSTP, SIGURG, 0};
    struct bask_loop *loop = bask_loop_new();
    assert_non_null(loop);
    signal(SIGTSTP, SIG_IGN);
    bask_signals_watch(loop, watched);
    bask_signals_watch(loop, watched);
    bask_signals_forget();
    assert_ptr_equal(signal(SIGTSTP, SIG_DFL), SIG_IGN);
    assert_ptr_equal(signal(SIGURG, SIG_DFL), SIG_DFL);
    bask_loop_free(&loop);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forgotten_ones_are_as_before),
        cmocka_unit_test(noted_and_taken),
        cmocka_unit_test(second_wakes_again),
        cmocka_unit_test(ends_a_wait),
        cmocka_unit_test(forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
