/* proto/ws, sha1: frames as a client may send them, whole and byte by byte. */
#include "test.h"

#include "proto/sha1.h"
#include "proto/ws.h"

#define BYTES(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

struct frame_case {
    const char *name;
    bask_str bytes;
    int used; /* -1: refused as soon as `decided` bytes are there */
    size_t decided;
    uint64_t len;
};

static const struct frame_case frames[] = {
    {"empty text", BYTES("\x81\x80mask"), 6, 6, 0},
    {"short text", BYTES("\x81\x85mask"), 6, 6, 5},
    {"largest short", BYTES("\x82\xfdmask"), 6, 6, 125},
    {"smallest of two bytes", BYTES("\x82\xfe\x00\x7emask"), 8, 8, 126},
    {"largest of two bytes", BYTES("\x82\xfe\xff\xffmask"), 8, 8, 65535},
    {"smallest of eight bytes", BYTES("\x82\xff\0\0\0\0\0\1\0\0mask"), 14, 14, 65536},
    {"largest of eight bytes", BYTES("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask"), 14, 14,
     INT64_MAX},
    {"not the last", BYTES("\x01\x81mask"), 6, 6, 1},
    {"a continuation", BYTES("\x00\x81mask"), 6, 6, 1},
    {"a ping", BYTES("\x89\xfdmask"), 6, 6, 125},
    {"a pong", BYTES("\x8a\x80mask"), 6, 6, 0},
    {"an end", BYTES("\x88\x82mask"), 6, 6, 2},
    {"first reserved bit", BYTES("\xc1\x80mask"), -1, 1, 0},
    {"second reserved bit", BYTES("\xa1\x80mask"), -1, 1, 0},
    {"third reserved bit", BYTES("\x91\x80mask"), -1, 1, 0},
    {"opcode 3", BYTES("\x83\x80mask"), -1, 1, 0},
    {"opcode 7", BYTES("\x87\x80mask"), -1, 1, 0},
    {"opcode 11", BYTES("\x8b\x80mask"), -1, 1, 0},
    {"opcode 15", BYTES("\x8f\x80mask"), -1, 1, 0},
    {"a ping in pieces", BYTES("\x09\x80mask"), -1, 1, 0},
    {"an end in pieces", BYTES("\x08\x80mask"), -1, 1, 0},
    {"no mask", BYTES("\x81\x05hello"), -1, 2, 0},
    {"a long ping", BYTES("\x89\xfe\x00\x7emask"), -1, 2, 0},
    {"a very long ping", BYTES("\x89\xff\0\0\0\0\0\1\0\0mask"), -1, 2, 0},
    {"two bytes for 125", BYTES("\x82\xfe\x00\x7dmask"), -1, 4, 0},
    {"eight bytes for 65535", BYTES("\x82\xff\0\0\0\0\0\0\xff\xffmask"), -1, 10, 0},
    {"a negative length", BYTES("\x82\xff\x80\0\0\0\0\1\0\0mask"), -1, 3, 0},
};

static void
heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(frames); i++) {
        const struct frame_case *c = &frames[i];
        struct bask_ws_head head = {.len = 4711};
        for (size_t len = 0; len < c->decided; len++)
            if (bask_ws_parse(c->bytes.ptr, len, &head) != -2)
                fail_msg("%s: decided after %zu bytes", c->name, len);
        assert_int_equal(head.len, 4711);
        for (size_t len = c->decided; len <= c->bytes.len; len++)
            if (bask_ws_parse(c->bytes.ptr, len, &head) != c->used)
                fail_msg("%s: %d", c->name, bask_ws_parse(c->bytes.ptr, len, &head));
        if (c->used < 0)
            continue;
        assert_int_equal(head.len, c->len);
        assert_int_equal(head.opcode, c->bytes.ptr[0] & 15);
        assert_int_equal(head.fin, (unsigned char)c->bytes.ptr[0] >> 7);
        assert_memory_equal(head.mask, "mask", 4);
    }
}

static void
masks(void **state)
{
    (void)state;
    const unsigned char mask[4] = {1, 2, 4, 8};
    for (size_t from = 0; from < 9; from++)
        for (size_t len = 0; len < 40; len++) {
            char data[40] = {0};
            bask_ws_unmask(data, len, mask, from);
            for (size_t i = 0; i < sizeof data; i++)
                assert_int_equal(data[i], i < len ? mask[(from + i) % 4] : 0);
        }
}

static void
server_heads(void **state)
{
    (void)state;
    static const struct {
        uint64_t len;
        bask_str bytes;
    } cases[] = {
        {0, BYTES("\x81\x00")},
        {125, BYTES("\x81\x7d")},
        {126, BYTES("\x81\x7e\x00\x7e")},
        {65535, BYTES("\x81\x7e\xff\xff")},
        {65536, BYTES("\x81\x7f\0\0\0\0\0\1\0\0")},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[BASK_WS_HEAD_MAX];
        size_t len = bask_ws_write_head(BASK_WS_TEXT, cases[i].len, out);
        assert_str(bask_str_n(out, len), cases[i].bytes);
    }
}

static void
ends(void **state)
{
    (void)state;
    static const struct {
        bask_str payload;
        unsigned refused, code;
        bask_str reason;
    } cases[] = {
        {BYTES(""), 0, 1005, BYTES("")},
        {BYTES("\x03"), 1002, 0, BYTES("")},
        {BYTES("\x03\xe8"), 0, 1000, BYTES("")},
        {BYTES("\x03\xe8gr\xc3\xbc\xc3\x9f"), 0, 1000, BYTES("gr\xc3\xbc\xc3\x9f")},
        {BYTES("\x03\xe8\xff"), 1007, 0, BYTES("")},
        {BYTES("\x03\xe8\xc3"), 1007, 0, BYTES("")},
        {BYTES("\0\0"), 1002, 0, BYTES("")},
        {BYTES("\x03\xe7"), 1002, 0, BYTES("")}, /* 999 */
        {BYTES("\x03\xec"), 1002, 0, BYTES("")}, /* 1004 */
        {BYTES("\x03\xed"), 1002, 0, BYTES("")}, /* 1005 */
        {BYTES("\x03\xee"), 1002, 0, BYTES("")}, /* 1006 */
        {BYTES("\x03\xf3"), 0, 1011, BYTES("")},
        {BYTES("\x03\xf6"), 0, 1014, BYTES("")},
        {BYTES("\x03\xf7"), 1002, 0, BYTES("")}, /* 1015 */
        {BYTES("\x0b\xb7"), 1002, 0, BYTES("")}, /* 2999 */
        {BYTES("\x0b\xb8"), 0, 3000, BYTES("")},
        {BYTES("\x13\x87"), 0, 4999, BYTES("")},
        {BYTES("\x13\x88"), 1002, 0, BYTES("")}, /* 5000 */
        {BYTES("\xff\xff"), 1002, 0, BYTES("")},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned code = 0;
        bask_str reason = {0};
        assert_int_equal(bask_ws_parse_close(cases[i].payload, &code, &reason), cases[i].refused);
        assert_int_equal(code, cases[i].code);
        assert_str(reason, cases[i].reason);
    }
}

/* RFC 3174 7.3, and lengths at which the padding needs another block. */
static void
digests(void **state)
{
    (void)state;
    static const struct {
        size_t zs;
        const char *text, *hex;
    } cases[] = {
        {0, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {0, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {0, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
        {55, NULL, "5a8c825e7bddd45f0936f3a6c4a34760a190e60c"},
        {64, NULL, "668cd5ae72f64e8194014f99778081e5ae46df53"},
        {1000, NULL, "3bbf093cf7107deb323bced4c13c347cc87e482a"},
    };
    static char zs[1000];
    memset(zs, 'z', sizeof zs);
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char digest[BASK_SHA1_SIZE];
        char hex[2 * BASK_SHA1_SIZE + 1];
        bask_sha1(cases[i].text ? bask_str_of(cases[i].text) : bask_str_n(zs, cases[i].zs), digest);
        for (size_t k = 0; k < BASK_SHA1_SIZE; k++)
            snprintf(hex + 2 * k, 3, "%02x", digest[k]);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void
keys(void **state)
{
    (void)state;
    char out[BASK_WS_ACCEPT];
    const bask_str key = BASK_STR("dGhlIHNhbXBsZSBub25jZQ=="); /* RFC 6455 1.3 */
    assert_true(bask_ws_is_key(key));
    bask_ws_accept(key, out);
    assert_str(bask_str_n(out, sizeof out), BASK_STR("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_false(bask_ws_is_key(BASK_STR("")));
    assert_false(bask_ws_is_key(BASK_STR("dGhlIHNhbXBsZSBub25jZQ=")));
    assert_false(bask_ws_is_key(BASK_STR("dGhlIHNhbXBsZSBub25jZQAA")));
    assert_false(bask_ws_is_key(BASK_STR("dGhlIHNhbXBsZSBub25j Q==")));
    assert_false(bask_ws_is_key(BASK_STR("dGhlIHNhbXBsZSBub25jZQ===")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads), cmocka_unit_test(masks),   cmocka_unit_test(server_heads),
        cmocka_unit_test(ends),  cmocka_unit_test(digests), cmocka_unit_test(keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
