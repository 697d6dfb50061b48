/*
 * plugin/crew with real threads and work that is made up: every request is taken once, whoever is
 * busy; the loop is looked after when all are; a stop reaches everybody; no thread is left.
 */
#include "test.h"

#include "base/err.h"
#include "plugin/crew.h"
#include "sys/clock.h"

#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS_MAX = 8, REQUESTS = 1000, PATIENCE_US = 20000000 };

static struct {
    struct bask_loop *loop;
    struct bask_pipeline pipeline;
    struct bask_crew *crew;
    struct bask_req *requests;
    _Atomic unsigned wanted; /* requests that dispatch may submit */
    unsigned submitted;      /* with the lock */
    unsigned burst;          /* requests that one dispatch submits */
    _Atomic unsigned taken[REQUESTS], total;
    _Atomic unsigned looks; /* how often application threads looked for signals */
    _Atomic unsigned ticks; /* of the timer */
    _Atomic unsigned idle_moments;
    bool never_dry; /* dispatch always finds something, until it was looked */
    struct bask_timer timer;
    unsigned block_first; /* so many requests hold their threads ... */
    sem_t blocked, go;    /* ... after `blocked` was posted, until `go` is */
    pthread_t threads[THREADS_MAX];
    unsigned thread_count;
} it;

static _Thread_local bool is_application; /* and not the patrol */

static bool
dispatch(void *context)
{
    (void)context;
    if (it.never_dry && is_application && !it.looks)
        return true;
    if (it.submitted == it.wanted)
        return bask_loop_dispatch(it.loop);
    for (unsigned i = 0; i < it.burst && it.submitted < it.wanted; i++)
        bask_pipeline_submit(&it.pipeline, &it.requests[it.submitted++]);
    return true;
}

static void
waited(void *context)
{
    (void)context;
    it.looks += is_application;
}

static void
on_due(struct bask_timer *timer)
{
    it.ticks++;
    bask_loop_timer_start(it.loop, timer, 1000);
}

static void *
run(void *argument)
{
    struct bask_req *req;
    bool idle = false;
    (void)argument;
    is_application = true;
    while ((req = bask_crew_next(it.crew, &idle)) || idle) {
        if (idle) {
            it.idle_moments++;
            continue;
        }
        size_t index = (size_t)(req - it.requests);
        it.taken[index]++;
        it.total++;
        if (index < it.block_first) {
            sem_post(&it.blocked);
            sem_wait(&it.go);
        } else if (index % 7 == 0) {
            usleep(index % 21 ? 100 : 2000);
        }
        bask_crew_lock(it.crew);
        bask_crew_done(it.crew);
        bask_crew_unlock(it.crew);
    }
    return NULL;
}

static struct bask_req *
next_now(void)
{
    bool idle;
    return bask_crew_next(it.crew, &idle);
}

static unsigned
threads_of_process(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/task");
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static unsigned threads_before;

static void *
nothing(void *argument)
{
    return argument;
}

/* A sanitizer starts a thread of its own with the first one. */
static int
count_threads_before(void **state)
{
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, nothing, NULL), 0);
    pthread_join(thread, NULL);
    int64_t end = bask_clock_us() + 100000;
    while (threads_of_process() > 1 && bask_clock_us() < end)
        usleep(1000);
    threads_before = threads_of_process();
    return 0;
}

static int
set_up(void **state)
{
    (void)state;
    const struct bask_crew_work work = {dispatch, waited, NULL, NULL};
    memset(&it, 0, sizeof it);
    sem_init(&it.blocked, 0, 0);
    sem_init(&it.go, 0, 0);
    it.burst = 1;
    it.timer.on_due = on_due;
    it.requests = calloc(REQUESTS, sizeof *it.requests);
    it.loop = bask_loop_new();
    bask_pipeline_init(&it.pipeline);
    it.crew = bask_crew_new(it.loop, &it.pipeline, &work);
    return it.crew && it.requests ? 0 : -1;
}

static void
start(unsigned count)
{
    for (it.thread_count = 0; it.thread_count < count; it.thread_count++)
        assert_int_equal(pthread_create(&it.threads[it.thread_count], NULL, run, NULL), 0);
}

static void
stop(void)
{
    bask_crew_lock(it.crew);
    bask_crew_stop(it.crew);
    bask_crew_unlock(it.crew);
    alarm(PATIENCE_US / 1000000);
    while (it.thread_count > 0)
        pthread_join(it.threads[--it.thread_count], NULL);
    alarm(0);
    assert_null(next_now());
    bask_crew_lock(it.crew);
    assert_int_equal(bask_crew_busy(it.crew), 0);
    bask_loop_timer_stop(&it.timer);
    bask_crew_unlock(it.crew);
}

static int
tear_down(void **state)
{
    (void)state;
    int64_t end = bask_clock_us() + PATIENCE_US;
    bask_crew_free(&it.crew);
    bask_crew_free(&it.crew);
    bask_loop_free(&it.loop);
    free(it.requests);
    sem_destroy(&it.blocked);
    sem_destroy(&it.go);
    while (threads_of_process() > threads_before && bask_clock_us() < end)
        usleep(1000); /* a joined thread may still be listed */
    return threads_of_process() > threads_before ? -1 : 0;
}

/* Something happened elsewhere: `wanted` requests are there to be read. */
static void
arrive(unsigned wanted)
{
    it.wanted = wanted;
    bask_loop_wake(it.loop);
}

static void
until(const _Atomic unsigned *counter, unsigned value)
{
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (atomic_load(counter) < value && bask_clock_us() < end)
        usleep(500);
    assert_true(atomic_load(counter) >= value);
}

static void
each_once(unsigned threads, unsigned burst)
{
    it.burst = burst;
    start(threads);
    for (unsigned wanted = 10; wanted <= REQUESTS; wanted += 90) {
        arrive(wanted);
        until(&it.total, wanted);
    }
    stop();
    for (unsigned i = 0; i < REQUESTS; i++)
        assert_int_equal(it.taken[i], 1);
}

static void
one_thread(void **state)
{
    (void)state;
    each_once(1, 1);
}

static void
many_threads(void **state)
{
    (void)state;
    each_once(THREADS_MAX, 1);
}

static void
bursts(void **state)
{
    (void)state;
    each_once(3, 64);
}

/* All threads are inside the application: timers and events go on. */
static void
patrol_dispatches(void **state)
{
    (void)state;
    it.block_first = 2;
    start(2);
    arrive(2);
    sem_wait(&it.blocked);
    sem_wait(&it.blocked);
    bask_crew_lock(it.crew);
    assert_int_equal(bask_crew_busy(it.crew), 2);
    bask_loop_timer_start(it.loop, &it.timer, 0);
    bask_crew_unlock(it.crew);
    until(&it.ticks, 5);
    arrive(5); /* read by the patrol, answered when a thread comes back */
    sem_post(&it.go);
    until(&it.total, 5);
    sem_post(&it.go);
    stop();
}

/* One thread is held up and the others are not: requests do not wait for it. */
static void
one_is_slow(void **state)
{
    (void)state;
    it.block_first = 1;
    start(3);
    arrive(1);
    sem_wait(&it.blocked);
    arrive(REQUESTS);
    until(&it.total, REQUESTS);
    sem_post(&it.go);
    stop();
}

/* Requests come together, and the one who read them is held up by the first. */
static void
others_are_woken(void **state)
{
    (void)state;
    it.block_first = 3;
    it.burst = 4;
    start(4);
    usleep(30000); /* all idle, the patrol asleep: not needed, only more likely so */
    arrive(4);
    until(&it.total, 4);
    for (int i = 0; i < 3; i++)
        sem_post(&it.go);
    stop();
}

/* A stop while one thread is held up and the patrol sleeps: the loop is still looked after. */
static void
stopped_while_busy(void **state)
{
    (void)state;
    it.block_first = 1;
    start(2);
    arrive(1);
    sem_wait(&it.blocked);
    usleep(100000); /* the patrol falls asleep: not needed, only more likely so */
    bask_crew_lock(it.crew);
    bask_crew_stop(it.crew);
    bask_loop_timer_start(it.loop, &it.timer, 20000);
    bask_crew_unlock(it.crew);
    until(&it.ticks, 3);
    sem_post(&it.go);
    stop();
}

static void
stopped_while_idle(void **state)
{
    (void)state;
    start(THREADS_MAX);
    usleep(20000);
    stop();
    assert_int_equal(it.total, 0);
}

static void
stopped_at_once(void **state)
{
    (void)state;
    start(4);
    stop();
}

static void
requests_after_a_stop(void **state)
{
    (void)state;
    start(2);
    arrive(10);
    until(&it.total, 10);
    stop();
    bask_crew_lock(it.crew);
    bask_pipeline_submit(&it.pipeline, &it.requests[10]);
    bask_crew_unlock(it.crew);
    assert_null(next_now());
}

static void
watch_idle(int after_ms, unsigned long requests)
{
    bask_crew_lock(it.crew);
    bask_crew_watch_idle(it.crew, after_ms, requests);
    bask_crew_unlock(it.crew);
}

/* One moment each time it was asked for, after as many requests, and no request is lost by it. */
static void
idle_moments(void **state)
{
    (void)state;
    watch_idle(1, 10);
    start(3);
    arrive(5);
    until(&it.total, 5);
    usleep(20000);
    assert_int_equal(it.idle_moments, 0);
    arrive(20);
    until(&it.total, 20);
    until(&it.idle_moments, 1);
    usleep(20000);
    assert_int_equal(it.idle_moments, 1);
    watch_idle(1, 0);
    arrive(21); /* and the leader is woken, so that it waits anew */
    until(&it.idle_moments, 2);
    arrive(REQUESTS);
    until(&it.total, REQUESTS);
    stop();
    for (size_t i = 0; i < REQUESTS; i++)
        assert_int_equal(it.taken[i], 1);
}

/* No moment is idle while a thread is inside a request. */
static void
no_idle_moment_while_busy(void **state)
{
    (void)state;
    it.block_first = 1;
    watch_idle(1, 0);
    start(2);
    until(&it.idle_moments, 1);
    arrive(1);
    sem_wait(&it.blocked);
    watch_idle(1, 0);
    arrive(2);
    until(&it.total, 2);
    usleep(20000);
    assert_int_equal(it.idle_moments, 1);
    sem_post(&it.go);
    arrive(3);
    until(&it.idle_moments, 2);
    stop();
}

/* Work that never ends does not keep signals from being seen. */
static void
never_dry(void **state)
{
    (void)state;
    bask_crew_lock(it.crew);
    it.never_dry = true;
    it.wanted = 10;
    bask_crew_unlock(it.crew);
    start(1);
    until(&it.total, 10);
    stop();
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_thread),
        TEST(many_threads),
        TEST(bursts),
        TEST(patrol_dispatches),
        TEST(one_is_slow),
        TEST(others_are_woken),
        TEST(stopped_while_busy),
        TEST(stopped_while_idle),
        TEST(stopped_at_once),
        TEST(requests_after_a_stop),
        TEST(never_dry),
        TEST(idle_moments),
        TEST(no_idle_moment_while_busy),
    };
    return cmocka_run_group_tests(tests, count_threads_before, NULL);
}
