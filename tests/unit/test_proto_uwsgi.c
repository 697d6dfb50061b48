/* proto/uwsgi: packets whole, in pieces, and lying about their lengths. */
#include "test.h"

#include "proto/uwsgi.h"

static const char packet_bytes[] = "\5\27\0\7\4\0PATH\2\0/a\5\0QUERY\0\0\1\0x\1\0\0tail";
enum { PACKET_LEN = 4 + 23 + 0 };

static void
whole(void **state)
{
    (void)state;
    struct bask_uwsgi_packet packet;
    struct bask_uwsgi_var var;
    assert_int_equal(bask_uwsgi_parse(packet_bytes, sizeof packet_bytes - 1, 4096, &packet),
                     PACKET_LEN);
    assert_int_equal(packet.modifier1, 5);
    assert_int_equal(packet.modifier2, 7);
    assert_int_equal(packet.vars.len, 23);
    bask_str vars = packet.vars;
    assert_int_equal(bask_uwsgi_next(&vars, &var), 1);
    assert_str(var.key, BASK_STR("PATH"));
    assert_str(var.value, BASK_STR("/a"));
    assert_int_equal(bask_uwsgi_next(&vars, &var), 1);
    assert_str(var.key, BASK_STR("QUERY"));
    assert_str(var.value, BASK_STR(""));
    /* The last says one byte of value, and none is left: nothing is written or taken. */
    bask_str before = vars;
    assert_int_equal(bask_uwsgi_next(&vars, &var), -1);
    assert_str(var.key, BASK_STR("QUERY"));
    assert_ptr_equal(vars.ptr, before.ptr);
}

static void
pieces(void **state)
{
    (void)state;
    struct bask_uwsgi_packet packet;
    for (size_t len = 0; len < PACKET_LEN; len++) {
        packet.vars.len = 999;
        assert_int_equal(bask_uwsgi_parse(packet_bytes, len, 4096, &packet), -2);
        assert_int_equal(packet.vars.len, len < BASK_UWSGI_HEADER ? 999 : 23);
    }
}

static void
limits(void **state)
{
    (void)state;
    struct bask_uwsgi_packet packet;
    assert_int_equal(bask_uwsgi_parse(packet_bytes, sizeof packet_bytes - 1, 23, &packet),
                     PACKET_LEN);
    assert_int_equal(bask_uwsgi_parse(packet_bytes, 4, 22, &packet), -1);
    assert_int_equal(packet.modifier1, 5);
    assert_int_equal(packet.vars.len, 23);
    assert_int_equal(bask_uwsgi_parse("\0\377\377\0", 4, 65534, &packet), -1);
    assert_int_equal(bask_uwsgi_parse("\0\377\377\0", 4, 65535, &packet), -2);
    assert_int_equal(bask_uwsgi_parse("\0\0\0\0", 4, 0, &packet), 4);
    struct bask_uwsgi_var var;
    assert_int_equal(bask_uwsgi_next(&packet.vars, &var), 0);
}

static void
malformed(void **state)
{
    (void)state;
    static const bask_str rows[] = {
        BASK_STR("\1"),
        BASK_STR("\1\0"),
        BASK_STR("\1\0a"),
        BASK_STR("\1\0a\1"),
        BASK_STR("\1\0a\1\0"),
        BASK_STR("\2\0a\0\0"),
        BASK_STR("\0\0\1\0a"),
        BASK_STR("\0\0\0\0"),
        BASK_STR("\377\377a\0\0"),
        BASK_STR("\1\0a\377\377b"),
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        bask_str vars = rows[i];
        struct bask_uwsgi_var var;
        assert_int_equal(bask_uwsgi_next(&vars, &var), -1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(pieces),
        cmocka_unit_test(limits),
        cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
