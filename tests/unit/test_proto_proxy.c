/* proto/proxy, proto/ip and proto/forwarded: who the client is, and who only says so. */
#include "test.h"

#include "base/err.h"
#include "proto/forwarded.h"
#include "proto/proxy.h"

#include <stdlib.h>

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define V4_ADDRESSES "\xc0\0\2\1\xc0\0\2\2\x12\x67\0\x50"

static const struct {
    bask_str bytes;
    int rc;
    const char *source; /* NULL: not known */
    unsigned port;
    bool tls;
} headers[] = {
    {BASK_STR("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\nGET"), 40, "192.0.2.1", 4711, false},
    {BASK_STR("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), 36, "2001:db8::1", 0, false},
    {BASK_STR("PROXY UNKNOWN\r\n"), 15, NULL, 0, false},
    {BASK_STR("PROXY UNKNOWN what ever\r\n"), 25, NULL, 0, false},
    {BASK_STR("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80"), -2, NULL, 0, false},
    {BASK_STR("PROX"), -2, NULL, 0, false},
    {BASK_STR("GET / HTTP/1.1\r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY  TCP4 192.0.2.1 192.0.2.2 4711 80\r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY TCP4 192.0.2.1 192.0.2.2 4711 65536\r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY TCP4 192.0.2.1 192.0.2.2 04711 80\r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY TCP4 192.0.2.1 192.0.2.2 4711\r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80 \r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY TCP4 ::1 192.0.2.2 4711 80\r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY TCP6 192.0.2.1 ::1 4711 80\r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY UNKNOWNX\r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY TCP5 192.0.2.1 192.0.2.2 4711 80\r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY \r\n"), -1, NULL, 0, false},
    {BASK_STR("PROXY UNKNOWN 89012345678901234567890123456789012345678901234567890123456789012345"
              "678901234567890123456789\r\n"),
     -1, NULL, 0, false},
    {BASK_STR(V2 "\x21\x11\0\14" V4_ADDRESSES "GET"), 28, "192.0.2.1", 4711, false},
    {BASK_STR(V2 "\x21\x11\0\24" V4_ADDRESSES "\x20\0\5\1\0\0\0\0"), 36, "192.0.2.1", 4711, true},
    {BASK_STR(V2 "\x21\x11\0\24" V4_ADDRESSES "\x20\0\5\0\0\0\0\0"), 36, "192.0.2.1", 4711, false},
    {BASK_STR(V2 "\x21\x21\0\44\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                 "0123456789abcdef"
                 "\0\1\0\2"),
     52, "2001:db8::1", 1, false},
    {BASK_STR(V2 "\x20\0\0\0"), 16, NULL, 0, false},
    {BASK_STR(V2 "\x20\x11\0\14" V4_ADDRESSES), 28, NULL, 0, false},
    {BASK_STR(V2 "\x21\x12\0\14" V4_ADDRESSES), 28, NULL, 0, false},
    {BASK_STR(V2 "\x21\x31\0\0"), 16, NULL, 0, false},
    {BASK_STR(V2 "\x21\x11\xff\xff" V4_ADDRESSES), -2, NULL, 0, false},
    {BASK_STR(V2 "\x21\x11"), -2, NULL, 0, false},
    {BASK_STR(V2 "\x31\x11\0\14" V4_ADDRESSES), -1, NULL, 0, false},
    {BASK_STR(V2 "\x22\x11\0\14" V4_ADDRESSES), -1, NULL, 0, false},
    {BASK_STR(V2 "\x21\x41\0\14" V4_ADDRESSES), -1, NULL, 0, false},
    {BASK_STR(V2 "\x21\x11\0\13"
                 "\xc0\0\2\1\xc0\0\2\2\x12\x67\0"),
     -1, NULL, 0, false},
    {BASK_STR(V2 "\x21\x11\0\17" V4_ADDRESSES "\4\0\1"), -1, NULL, 0, false},
    {BASK_STR(V2 "\x21\x11\0\16" V4_ADDRESSES "\4\0"), -1, NULL, 0, false},
    {BASK_STR("\r\n\r\n\0\r\nQUIX\n"), -1, NULL, 0, false},
};

static void
announcements(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++)
        for (size_t have = 1; have <= headers[i].bytes.len; have++) {
            struct bask_proxy proxy;
            char *copy = malloc(have), text[BASK_IP_TEXT];
            memcpy(copy, headers[i].bytes.ptr, have);
            int rc = bask_proxy_parse(copy, have, &proxy);
            free(copy);
            if (rc != -2 || have == headers[i].bytes.len) {
                if (rc != headers[i].rc)
                    fail_msg("header %zu: %d, not %d", i, rc, headers[i].rc);
            }
            if (rc == -2)
                continue;
            if (rc > 0) {
                assert_int_equal(proxy.known, headers[i].source != NULL);
                assert_int_equal(proxy.tls, headers[i].tls);
            }
            if (rc > 0 && proxy.known) {
                bask_ip_write(&proxy.source, text);
                assert_string_equal(text, headers[i].source);
                assert_int_equal(proxy.source_port, headers[i].port);
            }
            break;
        }
}

static void
networks(void **state)
{
    (void)state;
    static const struct {
        bask_str net;
        const char *in, *out;
    } rows[] = {
        {BASK_STR("10.0.0.0/8"), "10.255.0.1", "11.0.0.0"},
        {BASK_STR("192.0.2.128/25"), "192.0.2.200", "192.0.2.127"},
        {BASK_STR("192.0.2.7"), "192.0.2.7", "192.0.2.6"},
        {BASK_STR("0.0.0.0/0"), "1.2.3.4", "::1"},
        {BASK_STR("::/0"), "::1", NULL},
        {BASK_STR("::/0"), "1.2.3.4", NULL},
        {BASK_STR("2001:db8::/32"), "2001:db8:ffff::", "2001:db9::"},
        {BASK_STR("127.0.0.0/8"), "::ffff:127.0.0.1", "126.0.0.1"},
    };
    static const char *const wrong[] = {"",
                                        "/8",
                                        "10.0.0.0/",
                                        "10.0.0.0/33",
                                        "10.0.0.1/8",
                                        "::/129",
                                        "10.0.0/8",
                                        "10.0.0.0/-1",
                                        "10.0.0.0/8/8",
                                        "localhost",
                                        "[::1]",
                                        "2001:db8::1/32",
                                        "fe80::1%eth0"};
    struct bask_ip_net net;
    struct bask_ip ip;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(bask_ip_net_parse(rows[i].net, &net), 0);
        assert_int_equal(bask_ip_parse(bask_str_of(rows[i].in), &ip), 0);
        assert_true(bask_ip_net_has(&net, &ip));
        if (rows[i].out) {
            assert_int_equal(bask_ip_parse(bask_str_of(rows[i].out), &ip), 0);
            assert_false(bask_ip_net_has(&net, &ip));
        }
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(bask_ip_net_parse(bask_str_of(wrong[i]), &net), BASK_E_SYNTAX);
}

static void
nodes(void **state)
{
    (void)state;
    static const struct {
        const char *node, *address, *port;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", ""},
        {"192.0.2.1:80", "192.0.2.1", "80"},
        {"2001:db8::1", "2001:db8::1", ""},
        {"[2001:db8::1]", "2001:db8::1", ""},
        {"[2001:db8::1]:65535", "2001:db8::1", "65535"},
        {"::ffff:192.0.2.1", "192.0.2.1", ""},
        {"unknown", NULL, ""},
        {"_hidden", NULL, ""},
        {"", NULL, ""},
        {"192.0.2.1:", NULL, ""},
        {"192.0.2.1:65536", NULL, ""},
        {"[192.0.2.1]", NULL, ""},
        {"[::1", NULL, ""},
        {"[::1]x", NULL, ""},
        {"[::1]:", NULL, ""},
        {"[]", NULL, ""},
        {"192.0.2.1,192.0.2.2", NULL, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_ip ip;
        bask_str port;
        char text[BASK_IP_TEXT];
        int err = bask_hop_node(bask_str_of(rows[i].node), &ip, &port);
        assert_int_equal(err, rows[i].address ? 0 : BASK_E_SYNTAX);
        if (err)
            continue;
        bask_ip_write(&ip, text);
        assert_string_equal(text, rows[i].address);
        assert_str(port, bask_str_of(rows[i].port));
    }
}

static void
lists(void **state)
{
    (void)state;
    bask_str list = BASK_STR("a, b ,,c"), item;
    static const char *const from_the_end[] = {"c", "", "b", "a"};
    for (size_t i = 0; i < COUNT(from_the_end); i++) {
        assert_true(bask_hop_last(&list, &item));
        assert_str(item, bask_str_of(from_the_end[i]));
    }
    assert_false(bask_hop_last(&list, &item));
}

static void
forwarded(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int count;
        const char *node, *proto, *host; /* of the last hop */
    } rows[] = {
        {"for=192.0.2.1", 1, "192.0.2.1", NULL, NULL},
        {"For=\"[2001:db8::1]:80\";Proto=https;by=_x", 1, "[2001:db8::1]:80", "https", NULL},
        {"for=a, for=b;host=\"x:1\"", 2, "b", NULL, "x:1"},
        {"for=a,, ;for=b , ", 2, "b", NULL, NULL},
        {"for=\"a,b;c\"", 1, "a,b;c", NULL, NULL},
        {"proto=http", 1, NULL, "http", NULL},
        {"", 0, NULL, NULL, NULL},
        {"for", -1, NULL, NULL, NULL},
        {"for=", -1, NULL, NULL, NULL},
        {"for=a b", -1, NULL, NULL, NULL},
        {"for=\"a", -1, NULL, NULL, NULL},
        {"for=\"a\\\"b\"", -1, NULL, NULL, NULL},
        {"for=a;for=b", -1, NULL, NULL, NULL},
        {"=a", -1, NULL, NULL, NULL},
        {"for=[::1]", -1, NULL, NULL, NULL},
        {"for=a,for=b,for=c,for=d", -1, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_hop hops[3];
        int count = bask_hops_parse(bask_str_of(rows[i].field), hops, COUNT(hops));
        if (count != rows[i].count)
            fail_msg("%s: %d, not %d", rows[i].field, count, rows[i].count);
        if (count < 1)
            continue;
        assert_str(hops[count - 1].node, bask_str_of(rows[i].node));
        assert_str(hops[count - 1].proto, bask_str_of(rows[i].proto));
        assert_str(hops[count - 1].host, bask_str_of(rows[i].host));
    }
}

/* What a client has said in front of a proxy's own words. */
static void
ends_of_forwarded(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int count;
        bool whole;
        const char *node; /* of the last hop */
    } rows[] = {
        {"for=a, for=b", 2, true, "b"},
        {"", 0, true, NULL},
        {"for", 0, false, NULL},
        {"for,", 0, false, NULL},
        {"\", for=b", 1, false, "b"},
        {"for=a;for=a, for=b, for=c", 2, false, "c"},
        {"for=\"x, for=b;host=\"h\"", 1, false, "b"},
        {"x, for=b;host=\"h,i\"", 1, false, "b"},
        {"for=a,for=b,for=c,for=d", 3, false, "d"},
        {"\",,,,for=b", 1, false, "b"},
        {"for=b,\"", 0, false, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_hop hops[3];
        bool whole;
        int count = bask_hops_parse_end(bask_str_of(rows[i].field), hops, COUNT(hops), &whole);
        if (count != rows[i].count || whole != rows[i].whole)
            fail_msg("%s: %d, not %d", rows[i].field, count, rows[i].count);
        if (count)
            assert_str(hops[count - 1].node, bask_str_of(rows[i].node));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(announcements), cmocka_unit_test(networks),
        cmocka_unit_test(nodes),         cmocka_unit_test(lists),
        cmocka_unit_test(forwarded),     cmocka_unit_test(ends_of_forwarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
