/* proto/json: what is written, and that it is JSON whatever the texts are. */
#include "test.h"

#include "proto/json.h"

static void
a_document(struct bask_json *json)
{
    bask_json_open_object(json, NULL);
    bask_json_number(json, "least", INT64_MIN);
    bask_json_count(json, "most", UINT64_MAX);
    bask_json_open_list(json, "list");
    bask_json_text(json, NULL, BASK_STR("a"));
    bask_json_bool(json, NULL, true);
    bask_json_bool(json, NULL, false);
    bask_json_open_object(json, NULL);
    bask_json_close_object(json);
    bask_json_close_list(json);
    bask_json_open_list(json, "none");
    bask_json_close_list(json);
    bask_json_close_object(json);
}

static void
documents(void **state)
{
    (void)state;
    static const struct {
        bool minified;
        const char *text;
    } rows[] = {
        {true, "{\"least\":-9223372036854775808,\"most\":18446744073709551615,"
               "\"list\":[\"a\",true,false,{}],\"none\":[]}"},
        {false, "{\n\t\"least\":-9223372036854775808,\n\t\"most\":18446744073709551615,\n"
                "\t\"list\":[\n\t\t\"a\",\n\t\ttrue,\n\t\tfalse,\n\t\t{}\n\t],\n\t\"none\":[]\n}"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_buf out = {0};
        struct bask_json json = {.out = &out, .minified = rows[i].minified};
        a_document(&json);
        assert_int_equal(json.err, 0);
        assert_str(bask_buf_view(&out), bask_str_of(rows[i].text));
        bask_buf_fini(&out);
    }
}

/* What a client may put into an URI or an application into a name. */
static void
texts(void **state)
{
    (void)state;
    static const struct {
        bask_str in, out;
    } rows[] = {
        {BASK_STR(""), BASK_STR("\"\"")},
        {BASK_STR("plain text/?&="), BASK_STR("\"plain text/?&=\"")},
        {BASK_STR("\"\\"), BASK_STR("\"\\\"\\\\\"")},
        {BASK_STR("\n\t\0\x1f\x7f"), BASK_STR("\"\\u000a\\u0009\\u0000\\u001f\\u007f\"")},
        {BASK_STR("h\xc3\xb6r \xe2\x82\xac \xf0\x9f\x90\x8d"),
         BASK_STR("\"h\xc3\xb6r \xe2\x82\xac \xf0\x9f\x90\x8d\"")},
        {BASK_STR("\xff"), BASK_STR("\"\\ufffd\"")},
        {BASK_STR("a\xc3"), BASK_STR("\"a\\ufffd\"")},
        {BASK_STR("\xc3(\xe2\x82"), BASK_STR("\"\\ufffd(\\ufffd\\ufffd\"")},
        {BASK_STR("\xc0\xaf\xed\xa0\x80"),
         BASK_STR("\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"")}, /* too long; a surrogate */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_buf out = {0};
        struct bask_json json = {.out = &out};
        bask_json_text(&json, NULL, rows[i].in);
        assert_str(bask_buf_view(&out), rows[i].out);
        bask_buf_fini(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
