/*
 * loop/: timers, descriptors, wake-ups. Time passes only in bounded waits; nothing here depends on
 * how fast the machine is.
 */
#include "test.h"

#include "base/err.h"
#include "loop/loop.h"
#include "sys/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_US = 20000000 };

static struct bask_loop *loop;
static char trace[256]; /* what happened, a letter each */

static void
note(char letter)
{
    size_t n = strlen(trace);
    assert_true(n + 1 < sizeof trace);
    trace[n] = letter;
    trace[n + 1] = '\0';
}

static int
set_up(void **state)
{
    (void)state;
    trace[0] = '\0';
    loop = bask_loop_new();
    return loop ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    bask_loop_free(&loop);
    bask_loop_free(&loop);
    return 0;
}

/* One turn: waits at most `limit_ms`, then runs what is ready. */
static void
turn(int limit_ms)
{
    int timeout = bask_loop_timeout(loop);
    if (timeout < 0 || timeout > limit_ms)
        timeout = limit_ms;
    bask_loop_waited(loop, bask_loop_wait(loop, timeout));
    while (bask_loop_dispatch(loop))
        continue;
}

static void
run_until(const char *expected)
{
    int64_t end = bask_clock_us() + PATIENCE_US;
    while (strlen(trace) < strlen(expected) && bask_clock_us() < end)
        turn(50);
    assert_string_equal(trace, expected);
}

/* A timer that notes its letter and then does something. */
struct named_timer {
    struct bask_timer timer;
    char letter;
    struct named_timer *stops, *starts;
};

static void
on_due(struct bask_timer *timer)
{
    struct named_timer *named = BASK_CONTAINER(timer, struct named_timer, timer);
    note(named->letter);
    if (named->stops)
        bask_loop_timer_stop(&named->stops->timer);
    if (named->starts)
        bask_loop_timer_start(loop, &named->starts->timer, 0);
    named->starts = NULL;
}

#define TIMER(c)                                                                                   \
    {                                                                                              \
        .timer.on_due = on_due, .letter = (c)                                                      \
    }

static void
timers_in_order(void **state)
{
    (void)state;
    struct named_timer t[] = {TIMER('a'), TIMER('b'), TIMER('c'), TIMER('d'), TIMER('e')};
    static const int64_t delays[] = {30000, 10000, 20000, 10000, 0};
    assert_int_equal(bask_loop_timeout(loop), -1);
    bask_loop_waited(loop, 0);
    for (size_t i = 0; i < COUNT(t); i++)
        bask_loop_timer_start(loop, &t[i].timer, delays[i]);
    assert_int_equal(bask_loop_timeout(loop), 0);
    bask_loop_waited(loop, 0);
    run_until("ebdca");
    assert_int_equal(bask_loop_timeout(loop), -1);
}

static void
timer_rearmed(void **state)
{
    (void)state;
    struct named_timer a = TIMER('a'), b = TIMER('b');
    bask_loop_timer_start(loop, &a.timer, 5000);
    bask_loop_timer_start(loop, &b.timer, 10000);
    bask_loop_timer_start(loop, &a.timer, 20000); /* now it is later */
    run_until("ba");
    bask_loop_timer_start(loop, &a.timer, 3600000000000);
    assert_int_equal(bask_loop_timeout(loop), 3600000);
    bask_loop_waited(loop, 0);
    bask_loop_timer_stop(&a.timer);
    bask_loop_timer_stop(&a.timer);
    assert_int_equal(bask_loop_timeout(loop), -1);
}

static void
timers_inside_a_callback(void **state)
{
    (void)state;
    struct named_timer a = TIMER('a'), b = TIMER('b'), c = TIMER('c'), d = TIMER('d');
    a.stops = &b;  /* due at the same time, and not run */
    a.starts = &a; /* itself, once */
    c.stops = &c;  /* itself: it is not running any more */
    d.starts = &b; /* and `a`, which comes again first, stops it again */
    bask_loop_timer_start(loop, &a.timer, 1000);
    bask_loop_timer_start(loop, &b.timer, 1000);
    bask_loop_timer_start(loop, &c.timer, 1000);
    bask_loop_timer_start(loop, &d.timer, 1000);
    run_until("acda");
    turn(5);
    assert_string_equal(trace, "acda");
    struct bask_timer never = {0};
    bask_loop_timer_stop(&never);
}

/* A descriptor that notes what it hears and then does something. */
struct named_io {
    struct bask_io io;
    char letter;
    unsigned events; /* of the last call */
    struct named_io *removes, *adds;
};

static void
on_event(struct bask_io *io, unsigned events)
{
    struct named_io *named = BASK_CONTAINER(io, struct named_io, io);
    note(named->letter);
    named->events = events;
    if (named->removes)
        bask_loop_remove(loop, &named->removes->io);
    named->removes = NULL;
    if (named->adds)
        assert_int_equal(bask_loop_add(loop, &named->adds->io, BASK_IO_EDGE), 0);
    named->adds = NULL;
}

static void
pair(struct named_io *named, char letter, int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    *named = (struct named_io){.io = {.fd = ends[0], .on_event = on_event}, .letter = letter};
}

static void
edges(void **state)
{
    (void)state;
    struct named_io a;
    int ends[2];
    char bytes[8];
    pair(&a, 'a', ends);
    assert_int_equal(bask_loop_add(loop, &a.io, BASK_IO_EDGE), 0);
    run_until("a");
    assert_int_equal(a.events, BASK_WRITABLE);
    turn(0);
    assert_string_equal(trace, "a"); /* nothing new, no event */
    assert_int_equal(write(ends[1], "x", 1), 1);
    run_until("aa");
    assert_int_equal(a.events, BASK_READABLE | BASK_WRITABLE);
    turn(0);
    assert_string_equal(trace, "aa"); /* unread, but not new */
    assert_int_equal(write(ends[1], "y", 1), 1);
    run_until("aaa");
    assert_int_equal(read(ends[0], bytes, sizeof bytes), 2);
    shutdown(ends[1], SHUT_WR);
    run_until("aaaa");
    assert_int_equal(a.events, BASK_READABLE | BASK_WRITABLE | BASK_HANGUP);
    bask_loop_remove(loop, &a.io);
    close(ends[1]);
    turn(0);
    assert_string_equal(trace, "aaaa");
    close(ends[0]);
}

static void
levels(void **state)
{
    (void)state;
    static const enum bask_io_mode modes[] = {BASK_IO_LEVEL, BASK_IO_EXCLUSIVE};
    for (size_t i = 0; i < COUNT(modes); i++) {
        struct named_io a;
        int ends[2];
        char byte;
        trace[0] = '\0';
        pair(&a, 'a', ends);
        assert_int_equal(bask_loop_add(loop, &a.io, modes[i]), 0);
        turn(0);
        assert_string_equal(trace, ""); /* writable is not asked for */
        assert_int_equal(write(ends[1], "x", 1), 1);
        run_until("a");
        run_until("aa");
        assert_int_equal(read(ends[0], &byte, 1), 1);
        turn(0);
        assert_string_equal(trace, "aa");
        bask_loop_remove(loop, &a.io);
        close(ends[0]);
        close(ends[1]);
    }
}

/* Two are ready in one batch; the first removes the second, which hears nothing, even if a third
 * takes its handle. */
static void
removed_by_another(void **state)
{
    (void)state;
    struct named_io a, b, c;
    int ends[3][2];
    pair(&a, 'x', ends[0]);
    pair(&b, 'x', ends[1]);
    pair(&c, 'c', ends[2]);
    assert_int_equal(bask_loop_add(loop, &a.io, BASK_IO_LEVEL), 0);
    assert_int_equal(bask_loop_add(loop, &b.io, BASK_IO_LEVEL), 0);
    assert_int_equal(write(ends[0][1], "x", 1), 1);
    assert_int_equal(write(ends[1][1], "x", 1), 1);
    a.removes = &b;
    b.removes = &a;
    a.adds = b.adds = &c;
    bask_loop_waited(loop, bask_loop_wait(loop, 1000));
    assert_true(bask_loop_dispatch(loop));
    assert_false(bask_loop_dispatch(loop));
    assert_string_equal(trace, "x");
    bask_loop_remove(loop, a.events ? &a.io : &b.io);
    run_until("xc"); /* its own first event, not the stale one */
    assert_int_equal(c.events, BASK_WRITABLE);
    bask_loop_remove(loop, &c.io);
    for (int i = 0; i < 3; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
}

/* Events that were not dispatched survive another wait. */
static void
undispatched_events_stay(void **state)
{
    (void)state;
    enum { MANY = 150 }; /* more than a batch */
    static struct named_io ios[MANY];
    static int ends[MANY][2];
    for (int i = 0; i < MANY; i++) {
        pair(&ios[i], 'x', ends[i]);
        assert_int_equal(bask_loop_add(loop, &ios[i].io, BASK_IO_EDGE), 0);
    }
    for (int i = 0; i < MANY; i++) {
        bask_loop_waited(loop, bask_loop_wait(loop, 0));
        bask_loop_waited(loop, bask_loop_wait(loop, 1000)); /* does not wait: there is work */
        assert_true(bask_loop_dispatch(loop));
    }
    bask_loop_waited(loop, bask_loop_wait(loop, 0));
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(ios[i].events, BASK_WRITABLE);
        bask_loop_remove(loop, &ios[i].io);
        close(ends[i][0]);
        close(ends[i][1]);
    }
    assert_int_equal(strlen(trace), MANY);
}

static void
handles_are_reused(void **state)
{
    (void)state;
    enum { MANY = 200 };
    static struct named_io ios[MANY];
    static int ends[MANY][2];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            pair(&ios[i], 'x', ends[i]);
            assert_int_equal(bask_loop_add(loop, &ios[i].io, BASK_IO_EDGE), 0);
            assert_true(ios[i].io.handle <= MANY);
        }
        for (int i = 0; i < MANY; i++) {
            bask_loop_remove(loop, &ios[i].io);
            close(ends[i][0]);
            close(ends[i][1]);
        }
    }
    struct named_io bad = {.io = {.fd = -1, .on_event = on_event}};
    assert_int_equal(bask_loop_add(loop, &bad.io, BASK_IO_EDGE), BASK_E_SYSTEM);
    turn(0);
    assert_string_equal(trace, "");
}

/* A thread that waits without the lock, as the leader of a crew does. */
struct sleeper {
    pthread_mutex_t lock;
    pthread_t thread;
    _Atomic bool waits, awake;
};

static void *
sleep_in_loop(void *argument)
{
    struct sleeper *sleeper = argument;
    pthread_mutex_lock(&sleeper->lock);
    int timeout = bask_loop_timeout(loop);
    sleeper->waits = true;
    pthread_mutex_unlock(&sleeper->lock);
    int count = bask_loop_wait(loop, timeout);
    pthread_mutex_lock(&sleeper->lock);
    bask_loop_waited(loop, count);
    sleeper->awake = true;
    pthread_mutex_unlock(&sleeper->lock);
    return NULL;
}

static void
start_sleeper(struct sleeper *sleeper)
{
    *sleeper = (struct sleeper){.lock = PTHREAD_MUTEX_INITIALIZER};
    assert_int_equal(pthread_create(&sleeper->thread, NULL, sleep_in_loop, sleeper), 0);
    while (!sleeper->waits)
        usleep(1000);
}

/* It wakes up because of `act`, which runs with the lock. */
static void
wakes_up(void (*act)(struct sleeper *))
{
    struct sleeper sleeper;
    start_sleeper(&sleeper);
    assert_false(sleeper.awake);
    alarm(PATIENCE_US / 1000000);
    pthread_mutex_lock(&sleeper.lock);
    act(&sleeper);
    pthread_mutex_unlock(&sleeper.lock);
    pthread_join(sleeper.thread, NULL);
    alarm(0);
}

static void
wake(struct sleeper *sleeper)
{
    (void)sleeper;
    for (int i = 0; i < 3; i++)
        bask_loop_wake(loop);
}

static void
nudge(struct sleeper *sleeper)
{
    (void)sleeper;
    bask_loop_nudge(loop);
}

static void
wake_in_handler(int number)
{
    (void)number;
    bask_loop_wake(loop);
}

static void
interrupt(struct sleeper *sleeper)
{
    (void)sleeper;
    struct sigaction action = {.sa_handler = wake_in_handler, .sa_flags = SA_RESTART}, before;
    sigaction(SIGUSR1, &action, &before);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &before, NULL);
}

static struct named_timer soon = TIMER('s');

static void
start_timer(struct sleeper *sleeper)
{
    (void)sleeper;
    bask_loop_timer_start(loop, &soon.timer, 1000);
}

static void
woken(void **state)
{
    (void)state;
    struct named_timer far = TIMER('f');
    wakes_up(wake);
    turn(0);
    wakes_up(interrupt);
    turn(0);
    wakes_up(nudge);
    turn(0);
    bask_loop_nudge(loop); /* nobody waits: no event is left behind */
    assert_int_equal(bask_loop_wait(loop, 0), 0);
    bask_loop_waited(loop, 0);
    wakes_up(start_timer); /* it waited for ever, and would not know of the timer */
    bask_loop_timer_start(loop, &far.timer, 3600000000);
    run_until("s");
    wakes_up(start_timer); /* it waited for a later one */
    run_until("ss");
    bask_loop_timer_stop(&far.timer);
}

/* A wake-up before the wait is not lost. */
static void
woken_before(void **state)
{
    (void)state;
    bask_loop_wake(loop);
    alarm(PATIENCE_US / 1000000);
    assert_int_equal(bask_loop_wait(loop, -1), 1);
    alarm(0);
    bask_loop_waited(loop, 0);
}

/* A timer started while another thread has waited long counts from now, not from then. */
static void
time_while_waiting(void **state)
{
    (void)state;
    struct sleeper sleeper;
    struct bask_timer timer = {.on_due = on_due};
    start_sleeper(&sleeper);
    usleep(60000);
    pthread_mutex_lock(&sleeper.lock);
    int64_t now = bask_clock_us();
    bask_loop_timer_start(loop, &timer, 1000000);
    assert_true(timer.due_us >= now + 1000000 - 30000);
    assert_true(bask_loop_now_us(loop) >= now - 30000);
    bask_loop_timer_stop(&timer);
    pthread_mutex_unlock(&sleeper.lock);
    pthread_join(sleeper.thread, NULL); /* the timer woke it */
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(timers_in_order),
        TEST(timer_rearmed),
        TEST(timers_inside_a_callback),
        TEST(edges),
        TEST(levels),
        TEST(removed_by_another),
        TEST(undispatched_events_stay),
        TEST(handles_are_reused),
        TEST(woken),
        TEST(woken_before),
        TEST(time_while_waiting),
    };
    struct rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_NOFILE, &limit);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
