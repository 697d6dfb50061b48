/* proto/http1: what is easier said in C than as a file of tests/wire. */
#include "test.h"

#include "proto/host.h"
#include "proto/http1.h"
#include "proto/octets.h"

#include <stdlib.h>

static struct bask_http1_head head;

static int
parse(bask_str bytes)
{
    return bask_http1_parse(bytes.ptr, bytes.len, 0, &head);
}

static void
numbers(void **state)
{
    (void)state;
    bask_str bytes = BASK_STR("PATCH /a?b HTTP/1.1\r\n"
                              "Host: a\r\n"
                              "X-FORWARDED-FOR: 192.0.2.1\r\n"
                              "X_Forwarded_For: 192.0.2.2\r\n"
                              "X-Unknown: 1\r\n"
                              "Content-Length: 9223372036854775807\r\n\r\n");
    static const int keys[] = {BASK_KEY_HTTP_HOST, BASK_KEY_HTTP_X_FORWARDED_FOR, -1, -1,
                               BASK_KEY_CONTENT_LENGTH};
    assert_int_equal(parse(bytes), bytes.len);
    assert_int_equal(head.reason, BASK_HTTP1_OK);
    assert_int_equal(head.method_id, BASK_METHOD_PATCH);
    assert_true(head.content_length == INT64_MAX);
    assert_str(head.target, BASK_STR("/a?b"));
    assert_int_equal(head.count, COUNT(keys));
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_int_equal(head.fields[i].key_id, keys[i]);
    assert_null(head.authority.ptr);
}

/* Nothing of the request before shows in the next. */
static void
reuse(void **state)
{
    (void)state;
    assert_true(parse(BASK_STR("POST http://a/?q HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                               "Connection: upgrade\r\nUpgrade: x\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n")) > 0);
    assert_true(head.chunked && head.upgrade && head.expects_continue && head.keep_alive);
    assert_true(parse(BASK_STR("GET / HTTP/1.0\r\n\r\n")) > 0);
    assert_false(head.chunked || head.upgrade || head.expects_continue || head.keep_alive);
    assert_null(head.query.ptr);
    assert_null(head.authority.ptr);
    assert_int_equal(head.count, 0);
    assert_true(parse(BASK_STR("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")) > 0);
    assert_true(parse(BASK_STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) > 0);
    assert_false(head.has_length);
    assert_true(head.content_length == 0);
}

/* With `seen` only the new bytes are looked at: a defect in the old ones waits for the end. */
static void
seen(void **state)
{
    (void)state;
    bask_str bytes = BASK_STR("GET / HTTP/1.1\r\n: bad\r\nX: y");
    assert_int_equal(parse(bytes), -1);
    assert_int_equal(bask_http1_parse(bytes.ptr, bytes.len, bytes.len - 1, &head), -2);
    assert_int_equal(bask_http1_parse(bytes.ptr, bytes.len, bytes.len, &head), -2);
    assert_int_equal(bask_http1_parse(bytes.ptr, bytes.len, SIZE_MAX, &head), -2);
    /* A bare LF is worth a look: no end of a head may ever come. */
    bytes = BASK_STR("GET / HTTP/1.1\n");
    assert_int_equal(bask_http1_parse(bytes.ptr, bytes.len, bytes.len - 1, &head), -1);
    assert_int_equal(head.reason, BASK_HTTP1_LINE_END);
    assert_int_equal(bask_http1_parse("", 0, 0, &head), -2);
}

/* Each byte as a field's value, at each place of a word, as wide as the fast path looks at once. */
static void
text_bytes(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool text = c == '\t' || (c >= ' ' && c != 127);
        for (size_t at = 0; at < 48; at++) {
            char bytes[48];
            memset(bytes, 'a', sizeof bytes);
            bytes[at] = (char)c;
            const char *stop = bask_octets_skip_text(bytes, bytes + sizeof bytes);
            assert_ptr_equal(stop, bytes + (text ? sizeof bytes : at));
        }
    }
    char tabs[100];
    memset(tabs, '\t', sizeof tabs);
    assert_ptr_equal(bask_octets_skip_text(tabs, tabs + 100), tabs + 100);
}

static void
classes(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool visible = c > ' ' && c < 127;
        bool token = visible && !strchr("\"(),/:;<=>?@[\\]{}", c);
        bool host = visible && !strchr("\"#%/:<>?@[\\]^`{|}", c);
        assert_int_equal(bask_octet_is((char)c, BASK_OCTET_TOKEN), token);
        assert_int_equal(bask_octet_is((char)c, BASK_OCTET_TARGET), visible && c != '#');
        assert_int_equal(bask_octet_is((char)c, BASK_OCTET_HOST), host);
        bool hex = c && strchr("0123456789abcdefABCDEF", c);
        assert_int_equal(bask_octet_is((char)c, BASK_OCTET_HEX), hex);
    }
}

static const struct {
    bask_str text;
    bool good;
    bool good_with_port; /* where a port is needed */
} authority_rows[] = {
    {BASK_STR("a"), true, false},
    {BASK_STR("a:"), true, false},
    {BASK_STR("a:0"), true, true},
    {BASK_STR("a:00080"), true, true},
    {BASK_STR("a:65535"), true, true},
    {BASK_STR("a:65536"), false, false},
    {BASK_STR("a:99999999999999999999"), false, false},
    {BASK_STR("a: 80"), false, false},
    {BASK_STR("a:8 0"), false, false},
    {BASK_STR("192.0.2.1:80"), true, true},
    {BASK_STR("a-b.c_d~e!$&'()*+,;="), true, false},
    {BASK_STR("%41%ff"), true, false},
    {BASK_STR("%4"), false, false},
    {BASK_STR("%"), false, false},
    {BASK_STR("%4g"), false, false},
    {BASK_STR(""), false, false},
    {BASK_STR(":"), false, false},
    {BASK_STR(":80"), false, false},
    {BASK_STR("a@b"), false, false},
    {BASK_STR("a/b"), false, false},
    {BASK_STR("[::]"), true, false},
    {BASK_STR("[::]:80"), true, true},
    {BASK_STR("[::1]:"), true, false},
    {BASK_STR("[1:2:3:4:5:6:7:8]"), true, false},
    {BASK_STR("[1:2:3:4:5:6:7:8:9]"), false, false},
    {BASK_STR("[1:2:3:4:5:6:7]"), false, false},
    {BASK_STR("[1::8]"), true, false},
    {BASK_STR("[1::]"), true, false},
    {BASK_STR("[1:2:3:4:5:6:7::]"), true, false},
    {BASK_STR("[1:2:3:4:5:6:7:8::]"), false, false},
    {BASK_STR("[1::2::3]"), false, false},
    {BASK_STR("[:::]"), false, false},
    {BASK_STR("[:1:2:3:4:5:6:7]"), false, false},
    {BASK_STR("[1:2:3:4:5:6:7:]"), false, false},
    {BASK_STR("[12345::]"), false, false},
    {BASK_STR("[g::]"), false, false},
    {BASK_STR("[1:2:3:4:5:6:192.0.2.1]"), true, false},
    {BASK_STR("[1:2:3:4:5:192.0.2.1]"), false, false},
    {BASK_STR("[::192.0.2.255]"), true, false},
    {BASK_STR("[::192.0.2.256]"), false, false},
    {BASK_STR("[::192.0.2.01]"), false, false},
    {BASK_STR("[::192.0.2]"), false, false},
    {BASK_STR("[::192.0.2.1.1]"), false, false},
    {BASK_STR("[192.0.2.1]"), false, false},
    {BASK_STR("[::192.0.2.1:1]"), false, false},
    {BASK_STR("[]"), false, false},
    {BASK_STR("["), false, false},
    {BASK_STR("[v1.a]"), false, false},
    {BASK_STR("[::1]80"), false, false},
    {BASK_STR("[fe80::1%25en0]"), false, false},
};

static void
authorities(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(authority_rows); i++) {
        bask_str text = authority_rows[i].text;
        if (bask_host_is_authority(text, false) != authority_rows[i].good ||
            bask_host_is_authority(text, true) != authority_rows[i].good_with_port)
            fail_msg("wrong about \"%.*s\"", BASK_FMT(text));
    }
}

static void
reason_texts(void **state)
{
    (void)state;
    assert_string_equal(bask_http1_reason_text(BASK_HTTP1_HOST_MALFORMED),
                        "malformed Host (RFC 9110 7.2)");
    assert_int_equal(bask_http1_reason_status(BASK_HTTP1_HOST_MALFORMED), 400);
    assert_int_equal(bask_http1_reason_status(BASK_HTTP1_VERSION_UNSUPPORTED), 505);
    assert_int_equal(bask_http1_reason_status(BASK_HTTP1_EXPECTATION), 417);
    assert_int_equal(bask_http1_reason_status(BASK_HTTP1_TARGET_TOO_LONG), 414);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),      cmocka_unit_test(reuse),   cmocka_unit_test(seen),
        cmocka_unit_test(text_bytes),   cmocka_unit_test(classes), cmocka_unit_test(authorities),
        cmocka_unit_test(reason_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
