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

/* What a thread did is the sum of both places, what it does is that of the one that serves. */
static void
cores(void **state)
{
    (void)state;
    struct bask_board board;
    struct bask_board_core core;
    assert_int_equal(bask_board_init(&board, 1, 2), 0);
    for (uint32_t side = 0; side < BASK_PLACES; side++) {
        struct bask_seat seat = {1, side};
        struct bask_board_thread *thread = bask_board_thread(&board, seat, 0);
        bask_board_add(&thread->requests, 10 + side);
        bask_board_add(&thread->write_errors, 3);
        bask_board_add(&bask_board_place(&board, seat)->files, 100);
        thread->busy_since_us = 7 + side;
        thread->signal = side;
        memset(thread->line, 'a' + (int)side, sizeof thread->line);
    }
    bask_board_worker(&board, 1)->side = 1;
    bask_board_read_core(&board, 1, 0, &core);
    assert_int_equal(core.requests, 221);
    assert_int_equal(core.files, 200);
    assert_int_equal(core.write_errors, 6);
    assert_int_equal(core.busy_since_us, 8);
    assert_int_equal(core.signal, 1);
    assert_int_equal(strlen(core.line), BASK_BOARD_LINE - 1);
    assert_int_equal(core.line[0], 'b');
    bask_board_thread(&board, (struct bask_seat){1, 1}, 0)->busy_since_us = 0;
    bask_board_read_core(&board, 1, 0, &core);
    assert_int_equal(core.busy_since_us, 7); /* the one before is still at it */
    assert_int_equal(core.line[0], 'a');
    bask_board_read_core(&board, 1, 1, &core);
    assert_int_equal(core.requests + core.files + (uint64_t)core.busy_since_us, 0);
    assert_string_equal(core.line, "");
}

static void
counts_since_the_process_began(void **state)
{
    (void)state;
    struct bask_board board;
    struct bask_seat seat = {1, 0};
    assert_int_equal(bask_board_init(&board, 1, 1), 0);
    bask_board_add(&bask_board_thread(&board, seat, 0)->requests, 5);
    assert_int_equal(bask_board_since_begin(&board, 1), 5);
    bask_board_begin(&board, seat);
    assert_int_equal(bask_board_since_begin(&board, 1), 0);
    bask_board_add(&bask_board_place(&board, seat)->files, 2);
    assert_int_equal(bask_board_since_begin(&board, 1), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(unknown_workers),
        cmocka_unit_test(shared_across_a_fork),
        cmocka_unit_test(cores),
        cmocka_unit_test(counts_since_the_process_began),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
