/* net/tally: everything is counted, a few of a kind are told. */
#include "test.h"

#include "net/tally.h"
#include "obs/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct bask_loop *loop;
static struct bask_tally tally;
static _Atomic uint64_t counters[BASK_BOUND_COUNT];
static int log_fd;

static int
set_up(void **state)
{
    (void)state;
    loop = bask_loop_new();
    memset(&tally, 0, sizeof tally);
    memset(counters, 0, sizeof counters);
    bask_tally_init(&tally, loop);
    tally.counters = counters;
    log_fd = memfd_create("log", 0);
    bask_log_also_to(log_fd);
    return loop && log_fd >= 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    bask_log_also_to(-1);
    close(log_fd);
    bask_loop_free(&loop);
    return 0;
}

/* How often `text` was logged. */
static unsigned
told(const char *text)
{
    static char log[65536];
    ssize_t n = pread(log_fd, log, sizeof log - 1, 0);
    unsigned count = 0;
    log[n < 0 ? 0 : n] = '\0';
    for (const char *at = log; (at = strstr(at, text)); at++)
        count++;
    return count;
}

static void
a_flood_is_a_few_lines(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++)
        bask_tally_note(&tally, BASK_BOUND_HEAD_TIME, i == 4999 ? "10.9.8.7" : "10.1.2.3", 408,
                        "too slow");
    assert_int_equal(counters[BASK_BOUND_HEAD_TIME], 5000);
    assert_int_equal(told("refused with 408: too slow\n"), 4);
    bask_tally_fini(&tally);
    assert_int_equal(told("4996 more in 10 s: refused with 408: too slow; the last was 10.9.8.7"),
                     1);
    assert_int_equal(told("\n"), 5);
}

static void
kinds_do_not_hide_each_other(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        bask_tally_note(&tally, BASK_BOUND_HEAD_TIME, "10.1.2.3", 408, "too slow");
    bask_tally_note(&tally, BASK_BOUND_RESPONSE_TIME, "", 0, "reads nothing");
    assert_int_equal(told("unix socket: reads nothing\n"), 1);
    bask_tally_fini(&tally);
    assert_int_equal(told("more in 10 s"), 1);
}

static void
more_kinds_than_rows_are_told_one_by_one(void **state)
{
    (void)state;
    static char reasons[BASK_TALLY_ROWS + 1][8];
    for (size_t i = 0; i <= BASK_TALLY_ROWS; i++) {
        snprintf(reasons[i], sizeof reasons[i], "r%zu", i);
        for (int k = 0; k < 6; k++)
            bask_tally_note(&tally, BASK_BOUND_MALFORMED, "10.1.2.3", 400, reasons[i]);
    }
    char last[32];
    snprintf(last, sizeof last, "400: r%d\n", BASK_TALLY_ROWS);
    assert_int_equal(told(last), 6);
    bask_tally_fini(&tally);
}

/* The next window begins with lines again. */
static void
a_window_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        bask_tally_note(&tally, BASK_BOUND_HEAD_TIME, "10.1.2.3", 408, "too slow");
    tally.window.on_due(&tally.window);
    assert_int_equal(told("6 more in 10 s"), 1);
    bask_tally_note(&tally, BASK_BOUND_HEAD_TIME, "10.1.2.3", 408, "too slow");
    assert_int_equal(told("408: too slow\n"), 5);
    bask_tally_fini(&tally);
    assert_int_equal(told("more in 10 s"), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flood_is_a_few_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kinds_do_not_hide_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_kinds_than_rows_are_told_one_by_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_window_ends, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
