/* svc/signals: boxes, and the tables of generations. */
#include "test.h"

#include "base/err.h"
#include "svc/aides.h"
#include "svc/signals.h"
#include "svc/svc.h"
#include "sys/bell.h"

#include <bask/service_aide.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void
boxes(void **state)
{
    (void)state;
    struct bask_signal_box box = {.set = {0}};
    static const uint32_t numbers[] = {0, 63, 64, 200, 255};
    assert_int_equal(bask_signal_next(&box, 0), BASK_SIGNALS);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_int_equal(bask_signal_put(&box, numbers[i]), 0);
    uint32_t at = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++, at++) {
        at = bask_signal_next(&box, at);
        assert_int_equal(at, numbers[i]);
    }
    assert_int_equal(bask_signal_next(&box, at), BASK_SIGNALS);
    assert_true(bask_signal_take(&box, 64));
    assert_false(bask_signal_take(&box, 64));
    assert_int_equal(bask_signal_next(&box, 64), 200);
    for (int i = 1; i < BASK_SIGNAL_WAITING; i++)
        assert_int_equal(bask_signal_put(&box, 255), 0);
    assert_int_equal(bask_signal_put(&box, 255), BASK_E_LIMIT);
    assert_int_equal(bask_signal_waiting(&box, 255), BASK_SIGNAL_WAITING);
}

static const uint32_t nobody[BASK_SIGNAL_GENERATIONS];

static struct bask_signal_board *
new_board(int *ret_bell)
{
    *ret_bell = bask_bell_open();
    struct bask_signal_board *board = bask_signals_new(4, *ret_bell);
    assert_non_null(board);
    return board;
}

static void
begin(struct bask_signal_board *board, uint32_t generation, const uint32_t *others)
{
    bask_signals_reserve(board, generation, others);
    bask_signals_begin(board, generation);
}

static void
raising_rings(void **state)
{
    (void)state;
    int bell;
    struct bask_signal_board *board = new_board(&bell);
    struct pollfd poller = {.fd = bell, .events = POLLIN};
    assert_int_equal(poll(&poller, 1, 0), 0);
    assert_int_equal(bask_signals_raise(board, 256), BASK_E_RANGE);
    assert_int_equal(bask_signals_raise(board, 17), 0);
    assert_int_equal(poll(&poller, 1, 0), 1);
    assert_int_equal(bask_signal_next(bask_signals_raised(board), 0), 17);
}

static void
who_has_a_handler(void **state)
{
    (void)state;
    int bell;
    struct bask_signal_board *board = new_board(&bell);
    const struct bask_signal_target any = {.to = BASK_SIGNAL_TO_ANY},
                                    third = {BASK_SIGNAL_TO_ONE, 3};
    begin(board, 1, nobody);
    assert_int_equal(bask_signals_target(board, 1, 5).to, BASK_SIGNAL_TO_NOBODY);
    /* Only worker 2 has it, until another one says so, too. */
    assert_int_equal(bask_signals_define(board, 1, 2, 5, any), 0);
    assert_int_equal(bask_signals_target(board, 1, 5).id, 2);
    assert_int_equal(bask_signals_define(board, 1, 2, 5, any), 0);
    assert_int_equal(bask_signals_target(board, 1, 5).id, 2);
    assert_int_equal(bask_signals_define(board, 1, 1, 5, any), 0);
    assert_int_equal(bask_signals_target(board, 1, 5).id, 0);
    assert_int_equal(bask_signals_define(board, 1, 0, 255, third), 0);
    assert_int_equal(bask_signals_target(board, 1, 255).to, BASK_SIGNAL_TO_ONE);
    assert_int_equal(bask_signals_target(board, 1, 255).id, 3);
    /* Whoever says it, the mule that is meant stays the one. */
    const struct bask_signal_target mule = {BASK_SIGNAL_TO_MULE, 2};
    assert_int_equal(bask_signals_define(board, 1, 0, 6, mule), 0);
    assert_int_equal(bask_signals_define(board, 1, 1, 6, mule), 0);
    assert_int_equal(bask_signals_target(board, 1, 6).to, BASK_SIGNAL_TO_MULE);
    assert_int_equal(bask_signals_target(board, 1, 6).id, 2);
}

static void
generations(void **state)
{
    (void)state;
    int bell;
    struct bask_signal_board *board = new_board(&bell);
    const struct bask_signal_target any = {.to = BASK_SIGNAL_TO_ANY};
    const uint32_t first[BASK_SIGNAL_GENERATIONS] = {1};
    begin(board, 1, nobody);
    bask_signals_define(board, 1, 0, 5, any);
    /* However many versions fail, the one that serves keeps its own. */
    for (uint32_t failed = 2; failed < 20; failed++) {
        begin(board, failed, first);
        assert_int_equal(bask_signals_target(board, failed, 5).to, BASK_SIGNAL_TO_NOBODY);
        assert_int_equal(bask_signals_define(board, failed, 0, 6, any), 0);
        assert_int_equal(bask_signals_target(board, 1, 5).to, BASK_SIGNAL_TO_ANY);
        assert_int_equal(bask_signals_target(board, 1, 6).to, BASK_SIGNAL_TO_NOBODY);
    }
    assert_int_equal(bask_signals_define(board, 18, 0, 6, any), BASK_E_STATE);
    assert_int_equal(bask_signals_target(board, 18, 6).to, BASK_SIGNAL_TO_NOBODY);
}

static struct bask_signal_source
timer(uint32_t number, int64_t interval)
{
    return (struct bask_signal_source){
        .kind = BASK_SIGNAL_TIMER, .number = number, .interval_us = interval};
}

static void
sources(void **state)
{
    (void)state;
    int bell;
    struct bask_signal_board *board = new_board(&bell);
    begin(board, 7, nobody);
    assert_null(bask_signals_source(board, 7, 0));
    for (int64_t i = 0; i < BASK_SIGNAL_SOURCES; i++) {
        struct bask_signal_source source = timer(1, i + 1);
        assert_int_equal(bask_signals_add(board, 7, &source), 0);
        assert_int_equal(bask_signals_add(board, 7, &source), 0); /* the same again is one */
    }
    struct bask_signal_source last = timer(2, 1), again = timer(1, 1);
    assert_int_equal(bask_signals_add(board, 7, &last), BASK_E_LIMIT);
    assert_int_equal(bask_signals_add(board, 7, &again), 0);
    assert_int_equal(bask_signals_add(board, 6, &again), BASK_E_STATE);
    assert_int_equal(bask_signals_source(board, 7, 255)->interval_us, 256);
    assert_null(bask_signals_source(board, 7, 256));
    assert_null(bask_signals_source(board, 6, 0));
}

/* Processes fill the same table at the same time. */
static void
several_writers(void **state)
{
    (void)state;
    int bell, status;
    struct bask_signal_board *board = new_board(&bell);
    begin(board, 1, nobody);
    for (uint32_t worker = 1; worker <= 4; worker++)
        if (fork() == 0) {
            for (int64_t i = 0; i < 50; i++) {
                struct bask_signal_source source = timer(worker, i + 1);
                bask_signals_add(board, 1, &source);
                bask_signals_raise(board, worker);
            }
            _exit(0);
        }
    while (wait(&status) > 0)
        assert_int_equal(status, 0);
    assert_non_null(bask_signals_source(board, 1, 199));
    assert_null(bask_signals_source(board, 1, 200));
    for (uint32_t worker = 1; worker <= 4; worker++)
        assert_int_equal(bask_signal_waiting(bask_signals_raised(board), worker), 50);
}

static void
the_service(void **state)
{
    (void)state;
    int bell;
    char error[256];
    const struct bask_svc_options options = {.rpc_max = 64};
    struct bask_svc_setup setup = {.options = &options, .workers = 2, .generation = 1};
    const struct bask_service_signal *service = bask_svc_find("signal");
    static const char *const good[] = {"",        "worker", "worker0", "workers", "active-workers",
                                       "worker1", "worker2"};
    static const char *const bad[] = {"worker3", "worker-1", "workerx",
                                      "Worker",  "mules",    "mule1",
                                      "spooler", "farm_x",   "worker99999999999999999999",
                                      "x"};
    assert_null(bask_svc_find("nothing"));
    bask_svc_set_up(&setup);
    assert_int_equal(service->define(1, BASK_STR(""), error, sizeof error), BASK_E_STATE);
    assert_non_null(strstr(error, "--master"));
    setup.signals = new_board(&bell);
    begin(setup.signals, 1, nobody);
    bask_svc_set_up(&setup);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(service->define(1, bask_str_of(good[i]), error, sizeof error), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(service->define(1, bask_str_of(bad[i]), error, sizeof error) < 0);
    assert_int_equal(service->define(256, BASK_STR(""), error, sizeof error), BASK_E_RANGE);
    assert_int_equal(service->add_timer(1, 999, 0, error, sizeof error), BASK_E_RANGE);
    assert_int_equal(service->add_timer(1, 1000, 0, error, sizeof error), 0);
    assert_true(service->add_monitor(1, BASK_STR(""), error, sizeof error) < 0);
    assert_true(service->add_monitor(1, BASK_STR("a\0b"), error, sizeof error) < 0);
    setup.signals = NULL;
    bask_svc_set_up(&setup);
}

enum { TAKERS = 4, EACH = BASK_SIGNAL_WAITING, ROUNDS = 30 };

static pthread_barrier_t together;

static void *
take_many(void *taken)
{
    const struct bask_service_aide *aide = bask_svc_find("aide");
    int number;
    pthread_barrier_wait(&together);
    while ((number = aide->take_signal()) >= 0)
        if (number < (int)BASK_SIGNALS)
            atomic_fetch_add((_Atomic int *)taken + number, 1);
    return NULL;
}

/* Threads of a mule may wait at once: each signal is one thread's, under its own number. */
static void
threads_of_an_aide(void **state)
{
    static struct bask_aide_place place;
    static _Atomic int taken[BASK_SIGNALS];
    pthread_t takers[TAKERS];
    (void)state;
    bask_svc_be_aide(&(struct bask_svc_aide){.place = &place});
    pthread_barrier_init(&together, NULL, TAKERS);
    for (int round = 1; round <= ROUNDS; round++) {
        for (uint32_t number = 0; number < BASK_SIGNALS; number++)
            for (int i = 0; i < EACH; i++)
                assert_int_equal(bask_signal_put(&place.signals, number), 0);
        for (int i = 0; i < TAKERS; i++)
            assert_int_equal(pthread_create(&takers[i], NULL, take_many, taken), 0);
        for (int i = 0; i < TAKERS; i++)
            pthread_join(takers[i], NULL);
        for (uint32_t number = 0; number < BASK_SIGNALS; number++)
            assert_int_equal(atomic_load(&taken[number]), round * EACH);
    }
    pthread_barrier_destroy(&together);
    bask_svc_be_aide(&(struct bask_svc_aide){.about = NULL});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes),
        cmocka_unit_test(raising_rings),
        cmocka_unit_test(who_has_a_handler),
        cmocka_unit_test(generations),
        cmocka_unit_test(sources),
        cmocka_unit_test(several_writers),
        cmocka_unit_test(the_service),
        cmocka_unit_test(threads_of_an_aide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
