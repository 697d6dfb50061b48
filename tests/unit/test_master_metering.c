/* master/metering: numbers in files, of which none is lost where there is no memory for what they
 * were before. The n-th realloc fails, for all n; the linker's --wrap leads it here. */
#include "small_files.h"

#include "base/err.h"
#include "master/private.h"
#include "svc/shared.h"

#include <dirent.h>

enum { OWN = 4 };

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int countdown; /* the call that fails; 0: none */
static char folder[128];
static struct bask_board board;
static struct bask_shared shared;
static struct bask_shared_options options;

void *
__wrap_realloc(void *old, size_t size)
{
    return countdown > 0 && --countdown == 0 ? NULL : __real_realloc(old, size);
}

static void
path_of(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", folder, name);
}

/* Takes them away; how many there were. */
static int
take_files(void)
{
    char path[512];
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        path_of(path, sizeof path, entry->d_name);
        count += entry->d_name[0] != '.' && unlink(path) == 0;
    }
    closedir(dir);
    return count;
}

static void
set_all(int64_t value)
{
    for (int i = 0; i < OWN; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        assert_int_equal(
            bask_metrics_change(&shared.metrics, &board, bask_str_of(name), BASK_METRIC_SET, value),
            0);
    }
}

static void
assert_all(int64_t value)
{
    for (int i = 0; i < OWN; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        char path[256], text[32] = "";
        path_of(path, sizeof path, name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(fgets(text, sizeof text, file));
        assert_int_equal(atoll(text), value);
        fclose(file);
    }
}

/* Looks twice, and in the first look this call fails. How many files there were after it. */
static int
run(int failing)
{
    const struct bask_master_plan plan = {
        .board = &board, .shared = &shared, .shared_options = &options};
    struct master master = {.plan = &plan, .loop = bask_loop_new()};
    assert_non_null(master.loop);
    set_all(1);
    assert_int_equal(metering_init(&master), 0);
    bask_loop_waited(master.loop, bask_loop_wait(master.loop, 20));
    countdown = failing;
    while (bask_loop_dispatch(master.loop))
        continue;
    countdown = countdown ? -1 : 0;
    assert_all(1);
    int count = take_files();
    set_all(2);
    metering_free(&master.metering);
    assert_all(2);
    take_files();
    bask_loop_free(&master.loop);
    return count;
}

static void
no_number_is_lost(void **state)
{
    (void)state;
    int all = run(0), tries = 0;
    assert_true(all > OWN);
    do
        assert_int_equal(run(++tries), all);
    while (countdown == 0);
    assert_true(tries > all);
}

static int
make(void **state)
{
    static struct bask_value names[OWN];
    static const char *const texts[OWN] = {"a", "b", "c", "d"};
    char error[256];
    make_root(state);
    put("/metrics", "first", "x");
    snprintf(folder, sizeof folder, "%s/metrics", root);
    take_files();
    for (int i = 0; i < OWN; i++)
        names[i] = (struct bask_value){bask_str_of(texts[i]), BASK_STR("here")};
    options.metrics_dir = bask_str_of(folder);
    assert_int_equal(bask_board_init(&board, 1, 1), 0);
    return bask_metrics_open(&shared.metrics, true, &(struct bask_values){names, OWN}, error,
                             sizeof error);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_number_is_lost)};
    return cmocka_run_group_tests(tests, make, remove_root);
}
