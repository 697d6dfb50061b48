/* obs/apps: lists, their limit, what a process inherits, and whose counters they are. */
#include "test.h"

#include "base/err.h"
#include "obs/apps.h"

#include <stdlib.h>

enum { WORKERS = 2, MAX = 3 };

static struct bask_apps apps;
static struct bask_board board;
static const struct bask_seat first = {1, 0}, other_side = {1, 1}, second = {2, 0};

static int
set_up(void **state)
{
    (void)state;
    assert_int_equal(bask_apps_init(&apps, WORKERS, MAX), 0);
    assert_int_equal(bask_board_init(&board, WORKERS, 1), 0);
    return 0;
}

static int
add(struct bask_app_list *list, const char *mountpoint)
{
    struct bask_app_info app = {.loaded_at = 7, .load_ms = 8};
    snprintf(app.mountpoint, sizeof app.mountpoint, "%s", mountpoint);
    snprintf(app.folder, sizeof app.folder, "/srv%s", mountpoint);
    return bask_app_list_add(list, MAX, &app);
}

static struct bask_app_info
app_of(uint32_t worker, uint32_t id)
{
    struct bask_app_info info;
    assert_int_equal(bask_apps_read(&apps, &board, worker, id, &info), 0);
    return info;
}

static void
list_grows_up_to_its_limit(void **state)
{
    (void)state;
    struct bask_app_list *list = bask_apps_list(&apps, first);
    assert_int_equal((uintptr_t)list % 64, 0);
    assert_int_equal(add(list, "/a"), 0);
    assert_int_equal(add(list, "/b"), 1);
    assert_int_equal(add(list, "/c"), 2);
    assert_int_equal(add(list, "/d"), BASK_E_LIMIT);
    assert_string_equal(app_of(1, 1).mountpoint, "/b");
    assert_string_equal(app_of(1, 1).folder, "/srv/b");
    assert_int_equal(app_of(1, 2).id, 2);
    assert_int_equal(app_of(1, 2).load_ms, 8);
    struct bask_app_info info;
    assert_int_equal(bask_apps_read(&apps, &board, 1, 3, &info), BASK_E_NOTFOUND);
    assert_int_equal(bask_apps_read(&apps, &board, 2, 0, &info), BASK_E_NOTFOUND);
    assert_int_equal(bask_apps_read(&apps, &board, 0, 0, &info), BASK_E_NOTFOUND);
    assert_int_equal(bask_apps_read(&apps, &board, WORKERS + 1, 0, &info), BASK_E_NOTFOUND);
}

static void
text_that_fills_its_place_ends(void **state)
{
    (void)state;
    struct bask_app_info app;
    memset(&app, 'x', sizeof app);
    assert_int_equal(bask_app_list_add(bask_apps_list(&apps, second), MAX, &app), 0);
    assert_int_equal(strlen(app_of(2, 0).mountpoint), BASK_APP_TEXT - 1);
    assert_int_equal(strlen(app_of(2, 0).folder), BASK_APP_TEXT - 1);
}

static void
process_begins_with_what_it_inherited(void **state)
{
    (void)state;
    struct bask_app_list *own = calloc(1, bask_apps_list_size(MAX));
    add(own, "/new");
    struct bask_app_list *list = bask_apps_list(&apps, first);
    add(list, "/old");
    add(list, "/older");
    bask_board_add(&list->rows[1].requests, 5);
    bask_app_list_begin(list, own);
    free(own);
    struct bask_app_info info;
    assert_string_equal(app_of(1, 0).mountpoint, "/new");
    assert_int_equal(bask_apps_read(&apps, &board, 1, 1, &info), BASK_E_NOTFOUND);
    add(list, "/newer");
    assert_int_equal(app_of(1, 1).requests, 5); /* those of all who had the place */
}

static void
first_application_has_what_no_other_has(void **state)
{
    (void)state;
    struct bask_app_list *list = bask_apps_list(&apps, first);
    struct bask_app_list *before = bask_apps_list(&apps, other_side);
    struct bask_board_thread *thread = bask_board_thread(&board, first, 0);
    add(list, "");
    add(list, "/b");
    bask_board_add(&thread->requests, 100);
    bask_board_add(&thread->exceptions, 10);
    assert_int_equal(app_of(1, 0).requests, 100);
    bask_board_add(&list->rows[1].requests, 20);
    bask_board_add(&list->rows[1].exceptions, 2);
    bask_board_add(&before->rows[1].requests, 3);
    bask_board_add(&list->rows[0].requests, 7); /* no application's */
    assert_int_equal(app_of(1, 0).requests, 70);
    assert_int_equal(app_of(1, 0).exceptions, 8);
    assert_int_equal(app_of(1, 1).requests, 23);
    assert_int_equal(app_of(1, 1).exceptions, 2);
    bask_board_add(&list->rows[1].requests, 1000); /* read a moment later than the worker's */
    assert_int_equal(app_of(1, 0).requests, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(list_grows_up_to_its_limit, set_up),
        cmocka_unit_test_setup(text_that_fills_its_place_ends, set_up),
        cmocka_unit_test_setup(process_begins_with_what_it_inherited, set_up),
        cmocka_unit_test_setup(first_application_has_what_no_other_has, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
