/* base/arena: alignment, growth over blocks, what a reset keeps. */
#include "test.h"

#include "base/arena.h"

#include <string.h>

static void
aligned_and_apart(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 15, 16, 17, 0, 100, 2048, 2049, 1, 100000, 3};
    struct bask_arena arena = {0};
    char *parts[COUNT(sizes)];
    for (size_t i = 0; i < COUNT(sizes); i++) {
        parts[i] = bask_arena_alloc(&arena, sizes[i]);
        assert_non_null(parts[i]);
        assert_int_equal((uintptr_t)parts[i] % 16, 0);
        memset(parts[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(parts[i][k], i + 1);
    bask_arena_fini(&arena);
    assert_null(arena.block);
}

static void
reset_keeps_one_block(void **state)
{
    (void)state;
    struct bask_arena arena = {0};
    void *first = bask_arena_alloc(&arena, 100);
    for (int i = 0; i < 100; i++)
        assert_non_null(bask_arena_alloc(&arena, 1000));
    bask_arena_reset(&arena);
    assert_ptr_equal(bask_arena_alloc(&arena, 100), first);
    bask_arena_fini(&arena);
}

static void
reset_gives_a_large_block_back(void **state)
{
    (void)state;
    struct bask_arena arena = {0};
    assert_non_null(bask_arena_alloc(&arena, 1 << 20));
    bask_arena_reset(&arena);
    assert_null(arena.block);
    bask_arena_reset(&arena);
    bask_arena_fini(&arena);
    bask_arena_fini(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligned_and_apart),
        cmocka_unit_test(reset_keeps_one_block),
        cmocka_unit_test(reset_gives_a_large_block_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
