/* req/fields: what an operator changes in heads. */
#include "test.h"

#include "req/fields.h"
#include "req/response.h"

static const bask_str names[] = {BASK_STR("Server"), BASK_STR("x-powered-by")};
static const struct bask_field_rules both = {BASK_STR("X-A: b\r\nX-C: d\r\n"), 2, names, 2},
                                     adds = {BASK_STR("X-A: b\r\n"), 1, NULL, 0},
                                     removes = {{0}, 0, names, 2};

static const struct {
    const struct bask_field_rules *rules;
    bask_str head;
    unsigned count;
    bask_str expected;
    int change;
} rows[] = {
    {&adds, BASK_STR("200 OK\r\n"), 0, BASK_STR("200 OK\r\nX-A: b\r\n"), 1},
    {&adds, BASK_STR("200 OK\r\nX-A: a\r\n"), 1, BASK_STR("200 OK\r\nX-A: a\r\nX-A: b\r\n"), 1},
    {&removes, BASK_STR("200 OK\r\nSERVER: a\r\nServer:\r\nServers: a\r\nX-Server: a\r\n"), 4,
     BASK_STR("200 OK\r\nServers: a\r\nX-Server: a\r\n"), -2},
    {&removes, BASK_STR("200 OK\r\nA: Server: b\r\n"), 1, BASK_STR("200 OK\r\nA: Server: b\r\n"),
     0},
    /* the status is no field */
    {&removes, BASK_STR("server: x\r\nServer: a\r\n"), 1, BASK_STR("server: x\r\n"), -1},
    {&both, BASK_STR("200 OK\r\nX-Powered-By: a\r\nB: c\r\n"), 2,
     BASK_STR("200 OK\r\nB: c\r\nX-A: b\r\nX-C: d\r\n"), 1},
    {&both, BASK_STR(""), 0, BASK_STR("X-A: b\r\nX-C: d\r\n"), 2},
    {&removes, BASK_STR("200 OK\r\nServer"), 1, BASK_STR("200 OK\r\nServer"), 0},
};

static void
heads(void **state)
{
    (void)state;
    struct bask_arena arena = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        bask_str head = rows[i].head;
        unsigned count = rows[i].count;
        assert_int_equal(bask_fields_apply(rows[i].rules, &arena, &head, &count), 0);
        if (!bask_str_eq(head, rows[i].expected))
            fail_msg("row %zu: \"%.*s\"", i, BASK_FMT(head));
        assert_int_equal(count, (int)rows[i].count + rows[i].change);
    }
    bask_arena_fini(&arena);
}

/* What is malformed stays so: lines that were smuggled in, or have no end. */
static void
malformed_heads(void **state)
{
    (void)state;
    static const struct {
        bask_str head;
        unsigned count;
    } bad[] = {
        {BASK_STR(""), 0},
        {BASK_STR("200 OK"), 0},
        {BASK_STR("200 OK\r\nA: b"), 1},
        {BASK_STR("200 OK\r\nA: b\r\nServer: c\r\n"), 1},
        {BASK_STR("200 OK\r\nServer: c\r\n"), 0},
        {BASK_STR("200 OK\r\nA: b\r\nSet-Cookie: c\r\n"), 1},
        {BASK_STR("200 OK\r\nA: b\nServer: c\r\n"), 1},
        {BASK_STR("200 OK\r\nA: b\nServer: c\r\n"), 2},
        {BASK_STR("200 OK\r\nServer: c\r\n\r\n"), 1},
        {BASK_STR("200 OK\r\n\r\n"), 0},
    };
    static const struct bask_field_rules *const all[] = {&both, &adds, &removes};
    const struct bask_response_traits traits = {.chunked = true};
    struct bask_arena arena = {0};
    struct bask_response response;
    for (size_t i = 0; i < COUNT(bad); i++)
        for (size_t k = 0; k < COUNT(all); k++) {
            bask_str head = bad[i].head;
            unsigned count = bad[i].count;
            assert_int_equal(bask_fields_apply(all[k], &arena, &head, &count), 0);
            if (!bask_response_plan(&response, &traits, head, count, -1))
                fail_msg("head %zu, rules %zu: \"%.*s\"", i, k, BASK_FMT(head));
        }
    bask_arena_fini(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(malformed_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
