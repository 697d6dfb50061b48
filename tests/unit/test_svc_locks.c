/* sys/robust and svc/locks: threads and processes that want the same, and holders that end. */
#include "test.h"

#include "base/err.h"
#include "svc/locks.h"
#include "svc/svc.h"
#include "sys/proc.h"
#include "sys/robust.h"

#include <bask/service_lock.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 2000, PROCESSES = 4, THREADS = 4 };

/* A counter that only its lock keeps right. */
struct counted {
    struct bask_locks *locks;
    uint32_t number;
    volatile long *count;
};

static void *
count_up(void *context)
{
    const struct counted *counted = context;
    for (int i = 0; i < ROUNDS; i++) {
        if (bask_locks_lock(counted->locks, counted->number))
            abort();
        *counted->count += 1;
        if (bask_locks_unlock(counted->locks, counted->number))
            abort();
    }
    return NULL;
}

static void
one_at_a_time(void **state)
{
    (void)state;
    struct counted counted = {bask_locks_new(3), 2, bask_proc_shared_memory(sizeof(long))};
    pthread_t threads[THREADS];
    int status;
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            count_up(&counted);
            _exit(0);
        }
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count_up, &counted);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    while (wait(&status) > 0)
        assert_int_equal(status, 0);
    assert_int_equal(*counted.count, (PROCESSES + THREADS) * ROUNDS);
}

static void
what_is_refused(void **state)
{
    (void)state;
    struct bask_locks *locks = bask_locks_new(2);
    assert_int_equal(bask_locks_count(locks), 2);
    assert_int_equal(bask_locks_count(NULL), 0);
    assert_int_equal(bask_locks_lock(locks, 2), BASK_E_RANGE);
    assert_int_equal(bask_locks_unlock(locks, UINT32_MAX), BASK_E_RANGE);
    assert_int_equal(bask_locks_is_locked(NULL, 0), BASK_E_RANGE);
    assert_int_equal(bask_locks_unlock(locks, 0), BASK_E_STATE);
    assert_int_equal(bask_locks_lock(locks, 0), 0);
    assert_int_equal(bask_locks_lock(locks, 0), BASK_E_STATE); /* it would wait for itself */
    assert_int_equal(bask_locks_is_locked(locks, 0), 1);
    assert_int_equal(bask_locks_is_locked(locks, 1), 0);
    assert_int_equal(bask_locks_unlock(locks, 0), 0);
    assert_int_equal(bask_locks_is_locked(locks, 0), 0);
}

static void *
unlock_foreign(void *locks)
{
    return (void *)(intptr_t)bask_locks_unlock(locks, 0);
}

static void *
lock_and_end(void *locks)
{
    return (void *)(intptr_t)bask_locks_lock(locks, 0);
}

static intptr_t
in_thread(void *(*run)(void *), struct bask_locks *locks)
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, run, locks);
    pthread_join(thread, &result);
    return (intptr_t)result;
}

static void
only_the_holder_unlocks(void **state)
{
    (void)state;
    struct bask_locks *locks = bask_locks_new(1);
    int status;
    assert_int_equal(bask_locks_lock(locks, 0), 0);
    assert_int_equal(in_thread(unlock_foreign, locks), BASK_E_STATE);
    pid_t child = fork();
    if (child == 0) /* the same thread, by its looks */
        _exit(bask_locks_unlock(locks, 0) == BASK_E_STATE ? 0 : 1);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(bask_locks_is_locked(locks, 0), 1);
    assert_int_equal(bask_locks_unlock(locks, 0), 0);
}

/* A child that gets the lock, says so and waits to be killed. */
static pid_t
start_holder(struct bask_locks *locks)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (bask_locks_lock(locks, 0) || write(ends[1], "", 1) != 1)
            _exit(1);
        pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void
holders_that_end(void **state)
{
    (void)state;
    struct bask_locks *locks = bask_locks_new(1);
    for (int i = 0; i < 3; i++) {
        pid_t child = start_holder(locks);
        assert_int_equal(bask_locks_is_locked(locks, 0), 1);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        if (i) /* asking frees it as well */
            assert_int_equal(bask_locks_is_locked(locks, 0), 0);
        assert_int_equal(bask_locks_lock(locks, 0), 0);
        assert_int_equal(bask_locks_unlock(locks, 0), 0);
    }
    assert_int_equal(in_thread(lock_and_end, locks), 0);
    assert_int_equal(bask_locks_lock(locks, 0), 0);
    assert_int_equal(bask_locks_unlock(locks, 0), 0);
}

static void
recursive_ones(void **state)
{
    (void)state;
    pthread_mutex_t *lock = bask_proc_shared_memory(sizeof *lock);
    assert_int_equal(bask_robust_init(lock, true), 0);
    assert_int_equal(bask_robust_lock(lock), BASK_ROBUST_GOT);
    assert_int_equal(bask_robust_try(lock), BASK_ROBUST_GOT);
    assert_int_equal(bask_robust_unlock(lock), 0);
    assert_int_equal(bask_robust_unlock(lock), 0);
}

static void
the_service(void **state)
{
    (void)state;
    const struct bask_svc_options options = {.rpc_max = 64};
    const struct bask_service_lock *service = bask_svc_find("lock");
    struct bask_shared shared = {0};
    struct bask_shared_options wanted = {.locks = 2};
    char error[128];
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options});
    assert_int_equal(service->count, 0);
    assert_int_equal(service->lock(0), BASK_E_RANGE);
    assert_int_equal(bask_shared_open(&shared, &wanted, error, sizeof error), 0);
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options, .shared = &shared});
    assert_int_equal(service->count, 3);
    assert_int_equal(service->lock(2), 0);
    assert_int_equal(service->is_locked(2), 1);
    assert_int_equal(service->unlock(2), 0);
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_at_a_time),           cmocka_unit_test(what_is_refused),
        cmocka_unit_test(only_the_holder_unlocks), cmocka_unit_test(holders_that_end),
        cmocka_unit_test(recursive_ones),          cmocka_unit_test(the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
