/* base/list: order, removal from anywhere, links that are in no list. */
#include "test.h"

#include "base/list.h"

struct item {
    int number;
    struct bask_link link;
};

static void
order(void **state)
{
    (void)state;
    struct item items[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
    struct bask_link list, *link;
    bask_list_init(&list);
    assert_true(bask_list_empty(&list));
    assert_null(bask_list_take(&list));
    for (size_t i = 0; i < COUNT(items); i++) {
        assert_true(bask_list_is_unlinked(&items[i].link));
        bask_list_append(&list, &items[i].link);
        assert_false(bask_list_is_unlinked(&items[i].link));
    }
    bask_list_remove(&items[2].link);
    assert_true(bask_list_is_unlinked(&items[2].link));
    bask_list_remove(&items[2].link); /* again: no harm */
    bask_list_append(&list, &items[2].link);
    static const int expected[] = {0, 1, 3, 2};
    for (size_t i = 0; i < COUNT(expected); i++) {
        link = bask_list_take(&list);
        assert_non_null(link);
        assert_int_equal(BASK_CONTAINER(link, struct item, link)->number, expected[i]);
        assert_true(bask_list_is_unlinked(link));
    }
    assert_null(bask_list_take(&list));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
