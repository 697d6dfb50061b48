/* req/request: variables in CGI's spelling, limits, and that nothing of one request is in the next.
 */
#include "test.h"

#include "base/err.h"
#include "req/request.h"

static void
spelling(void **state)
{
    (void)state;
    static const struct {
        int key_id;
        bask_str key, prefix, expected;
    } rows[] = {
        {-1, BASK_STR("X-Trace-id"), BASK_STR("HTTP_"), BASK_STR("HTTP_X_TRACE_ID")},
        {-1, BASK_STR("x1!#~"), BASK_STR("HTTP_"), BASK_STR("HTTP_X1!#~")},
        {-1, BASK_STR("lower-Case"), {NULL, 0}, BASK_STR("lower-Case")},
        {-1, BASK_STR(""), {NULL, 0}, BASK_STR("")},
        {BASK_KEY_HTTP_HOST, BASK_STR("host"), BASK_STR("HTTP_"), {NULL, 0}},
    };
    struct bask_req *req = bask_req_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(
            bask_req_add(req, rows[i].key_id, rows[i].key, rows[i].prefix, BASK_STR("v")), 0);
        assert_int_equal(req->pub.pair_count, i + 1);
        assert_str(req->pub.pairs[i].key, rows[i].expected);
        assert_str(req->pub.pairs[i].value, BASK_STR("v"));
        assert_int_equal(req->pub.pairs[i].key_id, rows[i].key_id);
    }
    assert_int_equal(req->variable_bytes, 10 + 5 + 10 + 0 + 4 + 5);
    bask_req_free(&req);
    assert_null(req);
    bask_req_free(&req);
}

static void
limit(void **state)
{
    (void)state;
    struct bask_req *req = bask_req_new();
    for (int i = 0; i < BASK_REQ_MAX_PAIRS; i++)
        assert_int_equal(bask_req_add(req, -1, BASK_STR("k"), BASK_STR("HTTP_"), BASK_STR("")), 0);
    assert_int_equal(bask_req_add(req, -1, BASK_STR("k"), BASK_STR("HTTP_"), BASK_STR("")),
                     BASK_E_LIMIT);
    assert_int_equal(req->pub.pair_count, BASK_REQ_MAX_PAIRS);
    bask_req_free(&req);
}

static void
reset(void **state)
{
    (void)state;
    struct bask_req *req = bask_req_new();
    const struct bask_response_traits traits = {.keep_alive = true};
    assert_int_equal(bask_req_add(req, -1, BASK_STR("a"), BASK_STR("HTTP_"), BASK_STR("b")), 0);
    req->pub.method = BASK_STR("GET");
    req->pub.method_id = BASK_METHOD_GET;
    req->pub.has_length = 1;
    req->pub.content_length = 9;
    assert_int_equal(bask_response_plan(&req->response, &traits, BASK_STR("200 OK\r\n"), 0, 5), 0);
    req->response.head_sent = true;
    bask_req_reset(req);
    assert_int_equal(req->pub.size, sizeof req->pub);
    assert_int_equal(req->pub.pair_count, 0);
    assert_ptr_equal(req->pub.pairs, req->pairs);
    assert_int_equal(req->pub.method_id, BASK_METHOD_OTHER);
    assert_int_equal(req->pub.protocol_id, BASK_PROTOCOL_OTHER);
    assert_null(req->pub.method.ptr);
    assert_int_equal(req->pub.has_length + req->pub.content_length, 0);
    assert_int_equal(req->variable_bytes, 0);
    assert_false(req->response.begun || req->response.head_sent);
    assert_null(req->response.head.ptr);
    assert_int_equal(req->response.facts.status, 0);
    assert_true(bask_list_is_unlinked(&req->link));
    bask_req_free(&req);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spelling),
        cmocka_unit_test(limit),
        cmocka_unit_test(reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
