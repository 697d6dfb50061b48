/* svc/functions: the table of functions by name, and calls that come from elsewhere. */
#include "test.h"

#include "base/err.h"
#include "svc/functions.h"
#include "svc/private.h"

#include <stdlib.h>

static struct {
    void *function;
    uint32_t count;
    bask_str last;
} seen;

static int
call(void *function, bask_str name, const bask_str *arguments, uint32_t count, bask_str *ret_result)
{
    seen.function = function;
    seen.count = count;
    seen.last = count ? arguments[count - 1] : (bask_str){0};
    if (bask_str_eq(name, BASK_STR("fails")))
        return BASK_E_SYSTEM;
    char *copy = malloc(name.len);
    assert_non_null(copy);
    *ret_result = bask_str_n(memcpy(copy, name.ptr, name.len), name.len);
    return BASK_OK;
}

static const struct bask_rpc_language direct = {.size = sizeof direct, .name = "C", .call = call};
static const struct bask_rpc_language queued = {
    .size = sizeof queued, .by_job = 1, .name = "Q", .call = call};

static void *
number(uintptr_t n)
{
    return (void *)n;
}

static int
set_up(void **state)
{
    (void)state;
    svc_rpc.max = 300;
    return 0;
}

static void
names(void **state)
{
    (void)state;
    char longest[BASK_RPC_NAME + 1];
    memset(longest, 'n', sizeof longest);
    assert_int_equal(svc_rpc.define(BASK_STR(""), &direct, NULL), BASK_E_RANGE);
    assert_int_equal(svc_rpc.define(bask_str_n(longest, sizeof longest), &direct, NULL),
                     BASK_E_RANGE);
    assert_int_equal(svc_rpc.define(bask_str_n(longest, BASK_RPC_NAME), &direct, NULL), BASK_OK);
    assert_int_equal(svc_rpc.define(BASK_STR("b\0c"), &direct, number(1)), BASK_OK);
    assert_int_equal(svc_rpc.define(BASK_STR("b"), &queued, number(2)), BASK_OK);
    assert_int_equal(svc_rpc.define(BASK_STR("fails"), &direct, number(3)), BASK_OK);
    const struct bask_rpc_language *language;
    void *function;
    assert_int_equal(svc_rpc.find(BASK_STR("b"), &language, &function), BASK_OK);
    assert_ptr_equal(language, &queued);
    assert_ptr_equal(function, number(2));
    assert_int_equal(svc_rpc.find(BASK_STR("b\0c"), &language, &function), BASK_OK);
    assert_ptr_equal(function, number(1));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(svc_rpc.find(((bask_str[]){BASK_STR("a"), BASK_STR("b\0"), {0}})[i],
                                      &language, &function),
                         BASK_E_NOTFOUND);
    assert_ptr_equal(function, number(1)); /* written on success only */
}

static void
the_last_has_it(void **state)
{
    (void)state;
    bask_str result = {0};
    assert_true(bask_functions_are_direct(BASK_STR("b\0c")));
    assert_false(bask_functions_are_direct(BASK_STR("b")));
    assert_false(bask_functions_are_direct(BASK_STR("nobody")));
    assert_int_equal(svc_rpc.define(BASK_STR("b"), &direct, number(9)), BASK_OK);
    assert_true(bask_functions_are_direct(BASK_STR("b")));
    assert_int_equal(svc_rpc.call_here(BASK_STR("b"), NULL, 0, &result), BASK_OK);
    assert_ptr_equal(seen.function, number(9));
    assert_str(result, BASK_STR("b"));
    svc_rpc.release(result);
}

static void
calls_from_elsewhere(void **state)
{
    (void)state;
    bask_str result = {0};
    assert_int_equal(bask_functions_answer(BASK_STR("b"), BASK_STR("\1\0x\0\0\2\0yz"), &result),
                     BASK_OK);
    assert_int_equal(seen.count, 3);
    assert_str(seen.last, BASK_STR("yz"));
    free((char *)result.ptr);
    result = (bask_str){0};
    assert_int_equal(bask_functions_answer(BASK_STR("fails"), BASK_STR(""), &result),
                     BASK_E_SYSTEM);
    assert_int_equal(bask_functions_answer(BASK_STR("no\nbody"), BASK_STR(""), &result),
                     BASK_E_NOTFOUND);
    assert_null(result.ptr);
    char many[2 * (BASK_RPC_ARGUMENTS + 1)] = {0};
    assert_int_equal(bask_functions_answer(BASK_STR("b"), bask_str_n(many, sizeof many), &result),
                     BASK_E_LIMIT);
    assert_int_equal(
        bask_functions_answer(BASK_STR("b"), bask_str_n(many, sizeof many - 2), &result), BASK_OK);
    assert_int_equal(seen.count, BASK_RPC_ARGUMENTS);
    free((char *)result.ptr);
}

static void
up_to_the_limit(void **state)
{
    (void)state;
    uint32_t count = 0, made = 0;
    bask_str name, before = {"", 0};
    while (!svc_rpc.name(count, &name))
        count++;
    for (uint32_t n = 0; n < svc_rpc.max; n++) {
        char text[16];
        snprintf(text, sizeof text, "f%u", n * 7919 % 1000);
        int err = svc_rpc.define(bask_str_of(text), &direct, number(n));
        assert_int_equal(err, count + made < svc_rpc.max ? BASK_OK : BASK_E_LIMIT);
        made += !err;
    }
    assert_int_equal(svc_rpc.define(BASK_STR("b"), &queued, NULL), BASK_OK); /* not a new name */
    for (uint32_t n = 0; n < svc_rpc.max; n++) {
        assert_int_equal(svc_rpc.name(n, &name), BASK_OK);
        assert_true(n == 0 || memcmp(before.ptr, name.ptr,
                                     before.len < name.len ? before.len : name.len) <= 0);
        before = name;
    }
    assert_int_equal(svc_rpc.name(svc_rpc.max, &name), BASK_E_NOTFOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(the_last_has_it),
        cmocka_unit_test(calls_from_elsewhere),
        cmocka_unit_test(up_to_the_limit),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
