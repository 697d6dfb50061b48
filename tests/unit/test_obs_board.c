/* obs/board: places, sums, and that a child's numbers are seen by its parent. */
#include "test.h"

#include "base/err.h"
#include "obs/board.h"

#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 3, THREADS = 5 };

static void
places(void **state)
{
    (void)state;
    struct bask_board board;
    assert_int_equal(bask_board_init(&board, WORKERS, THREADS), 0);
    for (uint32_t worker = 1; worker <= WORKERS; worker++) {
        assert_int_equal((uintptr_t)bask_board_worker(&board, worker) % 64, 0);
        bask_board_worker(&board, worker)->respawns = worker;
        for (uint32_t i = 0; i < THREADS * BASK_PLACES; i++) {
            uint32_t thread = i / BASK_PLACES;
            struct bask_board_thread *place =
                bask_board_thread(&board, (struct bask_seat){worker, i % BASK_PLACES}, thread);
            assert_int_equal((uintptr_t)place % 64, 0);
            assert_int_equal(place->requests, 0);
            bask_board_add(&place->requests, worker * 100 + thread);
            bask_board_add(&place->tx_bytes, 1);
            place->busy_since_us = thread == 1;
        }
    }
    for (uint32_t worker = 1; worker <= WORKERS; worker++) {
        struct bask_worker_info info;
        assert_int_equal(bask_board_read(&board, worker, &info), 0);
        assert_int_equal(info.id, worker);
        assert_int_equal(info.requests, (worker * 100 * THREADS + 10) * BASK_PLACES);
        assert_int_equal(info.tx_bytes, THREADS * BASK_PLACES);
        assert_int_equal(info.respawns, worker);
        assert_int_equal(info.threads_busy, BASK_PLACES);
        assert_int_equal(info.pid, 0);
        assert_int_equal(info.rss_bytes, 0);
    }
}

static void
unknown_workers(void **state)
{
    (void)state;
    struct bask_board board;
    struct bask_worker_info info = {.id = 77};
    assert_int_equal(bask_board_init(&board, 1, 1), 0);
    assert_int_equal(bask_board_read(&board, 0, &info), BASK_E_NOTFOUND);
    assert_int_equal(bask_board_read(&board, 2, &info), BASK_E_NOTFOUND);
    assert_int_equal(bask_board_read(&board, UINT32_MAX, &info), BASK_E_NOTFOUND);
    assert_int_equal(info.id, 77);
}

static void
shared_across_a_fork(void **state)
{
    (void)state;
    struct bask_board board;
    struct bask_worker_info info;
    int status;
    assert_int_equal(bask_board_init(&board, 2, 1), 0);
    pid_t pid = fork();
    if (pid == 0) {
        bask_board_add(&bask_board_thread(&board, (struct bask_seat){2, 0}, 0)->requests, 41);
        bask_board_place(&board, (struct bask_seat){2, 0})->pid = getpid();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(bask_board_read(&board, 2, &info), 0);
    assert_int_equal(info.requests, 41);
    assert_int_equal(info.pid, pid);
    assert_int_equal(info.rss_bytes, 0); /* it is gone; what it wrote is not */
    bask_board_place(&board, (struct bask_seat){1, 1})->pid = getpid();
    bask_board_worker(&board, 1)->side = 1;
    assert_int_equal(bask_board_read(&board, 1, &info), 0);
    assert_true(info.rss_bytes > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(unknown_workers),
        cmocka_unit_test(shared_across_a_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
