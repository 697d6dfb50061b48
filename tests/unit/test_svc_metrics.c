/* svc/metrics: descriptions, sums by many hands, what the scoreboard has. */
#include "test.h"

#include "base/err.h"
#include "svc/metrics.h"
#include "svc/svc.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int
open_these(struct bask_metrics *metrics, size_t count, const char *const *texts, char *error,
           size_t error_size)
{
    struct bask_value values[8];
    for (size_t i = 0; i < count; i++)
        values[i] = (struct bask_value){bask_str_of(texts[i]), BASK_STR("here")};
    return bask_metrics_open(metrics, false, &(struct bask_values){values, count}, error,
                             error_size);
}

static int64_t
get(const struct bask_metrics *metrics, const struct bask_board *board, const char *name)
{
    int64_t value = -99;
    return bask_metrics_get(metrics, board, bask_str_of(name), &value) ? -99 : value;
}

static void
descriptions(void **state)
{
    (void)state;
    static const char *const good[] = {"plain", "name=a,initial_value=-5,type=gauge,oid=1.2",
                                       "name=b,alias=a", "name=c,alias=b",
                                       "name=d,alias=worker.1.requests"};
    static const char *const bad[] = {"",
                                      "type=gauge",
                                      "name=",
                                      "name=x,type=colour",
                                      "name=x,initial_value=",
                                      "name=x,initial_value=-",
                                      "name=x,initial_value=99999999999999999999",
                                      "name=x,collector=file",
                                      "name=x/y",
                                      "name=../x",
                                      "name=x,type=alias"};
    struct bask_metrics metrics;
    char error[512];
    assert_int_equal(open_these(&metrics, COUNT(good), good, error, sizeof error), 0);
    assert_true(metrics.enabled);
    assert_int_equal(get(&metrics, NULL, "plain"), 0);
    assert_int_equal(get(&metrics, NULL, "a"), -5);
    assert_int_equal(get(&metrics, NULL, "b"), -5);
    assert_int_equal(get(&metrics, NULL, "c"), -99);
    assert_int_equal(get(&metrics, NULL, "d"), -99); /* there is no board */
    assert_int_equal(bask_metrics_change(&metrics, NULL, BASK_STR("b"), BASK_METRIC_SET, 1),
                     BASK_E_STATE);
    assert_int_equal(bask_metrics_change(&metrics, NULL, BASK_STR("no"), BASK_METRIC_SET, 1),
                     BASK_E_NOTFOUND);
    bask_metrics_close(&metrics);
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (!open_these(&metrics, 1, &bad[i], error, sizeof error))
            fail_msg("\"%s\" was taken", bad[i]);
        assert_non_null(strstr(error, "here: --metric"));
        bask_metrics_close(&metrics);
    }
    static const char *const twice[] = {"a", "name=a"};
    assert_true(open_these(&metrics, 2, twice, error, sizeof error) < 0);
    bask_metrics_close(&metrics);
}

static void
operations(void **state)
{
    (void)state;
    static const struct {
        int64_t before;
        enum bask_metric_operation operation;
        int64_t operand, after;
    } cases[] = {
        {5, BASK_METRIC_SET, 3, 3},
        {5, BASK_METRIC_ADD, -8, -3},
        {5, BASK_METRIC_SUBTRACT, 8, -3},
        {5, BASK_METRIC_MULTIPLY, 3, 15},
        {17, BASK_METRIC_DIVIDE, -5, -3},
        {5, BASK_METRIC_MAX, 6, 6},
        {5, BASK_METRIC_MAX, 4, 5},
        {5, BASK_METRIC_MIN, 4, 4},
        {5, BASK_METRIC_MIN, 6, 5},
        {INT64_MAX, BASK_METRIC_ADD, 1, INT64_MIN},
        {INT64_MIN, BASK_METRIC_DIVIDE, -1, INT64_MIN},
    };
    static const char *const names[] = {"n"};
    struct bask_metrics metrics;
    char error[256];
    const bask_str n = BASK_STR("n");
    assert_int_equal(open_these(&metrics, 1, names, error, sizeof error), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        bask_metrics_change(&metrics, NULL, n, BASK_METRIC_SET, cases[i].before);
        assert_int_equal(
            bask_metrics_change(&metrics, NULL, n, cases[i].operation, cases[i].operand), 0);
        assert_int_equal(get(&metrics, NULL, "n"), cases[i].after);
    }
    assert_int_equal(bask_metrics_change(&metrics, NULL, n, BASK_METRIC_DIVIDE, 0), BASK_E_RANGE);
    bask_metrics_close(&metrics);
}

enum { HANDS = 4, ROUNDS = 2000000 }; /* long enough to meet */

static void *
count_up(void *metrics)
{
    for (int i = 0; i < ROUNDS; i++)
        bask_metrics_change(metrics, NULL, BASK_STR("n"), BASK_METRIC_ADD, 1);
    return NULL;
}

static void
many_hands(void **state)
{
    (void)state;
    static const char *const names[] = {"n"};
    struct bask_metrics metrics;
    char error[256];
    pthread_t threads[HANDS];
    assert_int_equal(open_these(&metrics, 1, names, error, sizeof error), 0);
    for (int i = 0; i < HANDS; i++)
        if (fork() == 0) {
            count_up(&metrics);
            _exit(0);
        }
    for (int i = 0; i < HANDS; i++)
        pthread_create(&threads[i], NULL, count_up, &metrics);
    for (int i = 0; i < HANDS; i++)
        pthread_join(threads[i], NULL);
    while (wait(NULL) > 0)
        ;
    assert_int_equal(get(&metrics, NULL, "n"), 2 * HANDS * ROUNDS);
    bask_metrics_close(&metrics);
}

static void
what_the_server_counts(void **state)
{
    (void)state;
    struct bask_board board;
    struct bask_metrics metrics = {.enabled = true};
    assert_int_equal(bask_board_init(&board, 2, 1), 0);
    for (uint32_t id = 1; id <= 2; id++) {
        struct bask_seat seat = {id, 0};
        atomic_store(&bask_board_thread(&board, seat, 0)->requests, 10 * id);
        atomic_store(&bask_board_thread(&board, seat, 0)->busy_us, 1000);
        atomic_store(&bask_board_thread(&board, seat, 0)->tx_bytes, 7);
        atomic_store(&bask_board_place(&board, seat)->pid, getpid());
    }
    atomic_store(&bask_board_place(&board, (struct bask_seat){2, 0})->accepting, 1);
    assert_int_equal(get(&metrics, &board, "worker.1.requests"), 10);
    assert_int_equal(get(&metrics, &board, "worker.2.requests"), 20);
    assert_int_equal(get(&metrics, &board, "worker.0.requests"), 30);
    assert_int_equal(get(&metrics, &board, "worker.2.core.0.requests"), 20);
    assert_int_equal(get(&metrics, &board, "worker.2.core.0.static_requests"), 0);
    assert_int_equal(get(&metrics, &board, "worker.2.avg_response_time"), 50);
    assert_int_equal(get(&metrics, &board, "core.total_tx"), 14);
    assert_int_equal(get(&metrics, &board, "core.total_running_time"), 2000);
    assert_int_equal(get(&metrics, &board, "core.avg_response_time"), 2000 / 30);
    assert_int_equal(get(&metrics, &board, "core.idle_workers"), 1);
    assert_int_equal(get(&metrics, &board, "core.busy_workers"), 0);
    assert_true(get(&metrics, &board, "rss_size") > 0);
    static const char *const bad[] = {"worker.-1.requests",
                                      "worker.3.requests",
                                      "worker.",
                                      "worker.1",
                                      "worker.0.core.0.requests",
                                      "worker.1.core.1.requests",
                                      "worker.1.core.0.",
                                      "worker.1.core.",
                                      "socket.0.listen_queue",
                                      "socket.",
                                      "core.total_",
                                      "worker.1.",
                                      "worker.x.requests",
                                      "core.",
                                      "",
                                      "requests",
                                      "worker.4294967297.requests"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(get(&metrics, &board, bad[i]), -99);
    assert_int_equal(
        bask_metrics_change(&metrics, &board, BASK_STR("worker.1.requests"), BASK_METRIC_SET, 5),
        BASK_E_STATE);
    metrics.enabled = false;
    assert_int_equal(get(&metrics, &board, "worker.1.requests"), -99);
}

struct found {
    const struct bask_metrics *metrics;
    const struct bask_board *board;
    size_t count;
    int64_t named;
};

/* What the list of all has can be asked for by its name, too. */
static void
compare(void *context, const struct bask_metric_view *view)
{
    struct found *found = context;
    int64_t value = -1;
    assert_int_equal(bask_metrics_get(found->metrics, found->board, view->name, &value), 0);
    assert_int_equal(value, view->value);
    found->count++;
    if (bask_str_eq(view->name, BASK_STR("core.overloaded"))) {
        found->named = value;
        assert_int_equal(view->type, BASK_METRIC_GAUGE);
        assert_str(view->oid, BASK_STR("9.9"));
        assert_non_null(view->own);
    }
}

static void
all_of_them(void **state)
{
    (void)state;
    static const char *const names[] = {"name=core.overloaded,initial_value=5,type=gauge,oid=9.9"};
    struct bask_board board;
    struct bask_metrics metrics;
    char error[256];
    assert_int_equal(bask_board_init(&board, 2, 3), 0);
    assert_int_equal(open_these(&metrics, 1, names, error, sizeof error), 0);
    struct found found = {&metrics, &board, 0, 0};
    bask_metrics_each(&metrics, &board, compare, &found);
    assert_int_equal(found.named, 5); /* the operator's is in the place of the server's */
    assert_int_equal(found.count, 3 * 10 + 2 * 3 * 7 + 12);
    metrics.no_cores = true;
    found.count = 0;
    bask_metrics_each(&metrics, &board, compare, &found);
    assert_int_equal(found.count, 3 * 10 + 12);
    metrics.enabled = false;
    found.count = 0;
    bask_metrics_each(&metrics, &board, compare, &found);
    assert_int_equal(found.count, 0);
    metrics.enabled = true;
    bask_metrics_close(&metrics);
}

/* A file is read by people and written by anybody: what is no number changes nothing. */
static void
kept_in_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value; /* 42: as it was */
    } rows[] = {
        {"7\n", 7},     {"-9223372036854775807\n", -INT64_MAX},
        {"7", 42},      {"", 42},
        {"\n", 42},     {"-\n", 42},
        {"7 8\n", 42},  {"9\nrest", 9},
        {"0x10\n", 42}, {"99999999999999999999999999999999999\n", 42},
    };
    static const char *const names[] = {"name=n,initial_value=42"};
    char folder[] = "/tmp/bask-metrics-XXXXXX", path[64], error[256];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/n", folder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_metrics metrics;
        FILE *file = fopen(path, "w");
        fputs(rows[i].text, file);
        fclose(file);
        assert_int_equal(open_these(&metrics, 1, names, error, sizeof error), 0);
        assert_int_equal(bask_metrics_restore(&metrics, folder), 0);
        assert_int_equal(get(&metrics, NULL, "n"), rows[i].value);
        bask_metrics_close(&metrics);
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    char text[64] = "";
    assert_int_equal(bask_metrics_keep(fd, BASK_STR("n"), -12), 0);
    FILE *file = fopen(path, "r");
    assert_int_equal(fread(text, 1, sizeof text, file), 4);
    assert_string_equal(text, "-12\n");
    fclose(file);
    close(fd);
    unlink(path);
    rmdir(folder);
}

static void
limits(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "key=a",
                                      "value=1",
                                      "key=,value=1",
                                      "key=a,value=",
                                      "key=a,value=--1",

                                      "key=a,value=1,rate=x",
                                      "=",
                                      ","};
    struct bask_metric_limit limit;
    char error[256];
    assert_int_equal(
        bask_metric_limit_parse(BASK_STR("key=a.b,value=-3,alarm=x,msg=so=it is,rate=5,"
                                         "reset=0"),
                                &limit, error, sizeof error),
        0);
    assert_str(limit.name, BASK_STR("a.b"));
    assert_str(limit.message, BASK_STR("so=it is"));
    assert_int_equal(limit.value, -3);
    assert_int_equal(limit.rate_s, 5);
    assert_true(limit.resets);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (!bask_metric_limit_parse(bask_str_of(bad[i]), &limit, error, sizeof error))
            fail_msg("\"%s\" was taken", bad[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptions), cmocka_unit_test(operations),
        cmocka_unit_test(many_hands),   cmocka_unit_test(what_the_server_counts),
        cmocka_unit_test(all_of_them),  cmocka_unit_test(kept_in_files),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
