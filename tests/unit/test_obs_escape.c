/* obs/escape: a line is one line, and a quote ends no field. */
#include "test.h"

#include "obs/escape.h"

#include <stdlib.h>

/* In memory exactly as large as the room: a byte behind it is found by a sanitizer. */
static bask_str
escaped(bask_str text, enum bask_escape how, size_t room)
{
    static char kept[4096];
    char *out = malloc(room + !room);
    size_t len = bask_escape(out, room, text, how);
    assert_true(len <= room && room <= sizeof kept);
    memcpy(kept, out, len);
    free(out);
    return bask_str_n(kept, len);
}

static void
hex(void **state)
{
    static const struct {
        bask_str in, out;
    } rows[] = {
        {BASK_STR(""), BASK_STR("")},
        {{NULL, 0}, BASK_STR("")},
        {BASK_STR("/a?b=c d~"), BASK_STR("/a?b=c d~")},
        {BASK_STR("a\"b\\c"), BASK_STR("a\\x22b\\x5cc")},
        {BASK_STR("\r\n\t\x1b[2J\x7f"), BASK_STR("\\x0d\\x0a\\x09\\x1b[2J\\x7f")},
        {BASK_STR("a\0b"), BASK_STR("a\\x00b")},
        {BASK_STR("\xc3\xa9\xff"), BASK_STR("\\xc3\\xa9\\xff")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_str(escaped(rows[i].in, BASK_ESCAPE_HEX, 100), rows[i].out);
}

static void
json(void **state)
{
    static const struct {
        bask_str in, out;
    } rows[] = {
        {{NULL, 0}, BASK_STR("")},
        {BASK_STR("/a?b='c' <d>"), BASK_STR("/a?b='c' <d>")},
        {BASK_STR("a\"b\\c"), BASK_STR("a\\\"b\\\\c")},
        {BASK_STR("\r\n\x1b\x7f\0"), BASK_STR("\\u000d\\u000a\\u001b\\u007f\\u0000")},
        {BASK_STR("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d"),
         BASK_STR("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d")},
        /* Ends of lines that are no ASCII: U+0085, U+2028, U+2029. */
        {BASK_STR("\xc2\x85 \xe2\x80\xa8 \xe2\x80\xa9"), BASK_STR("\\u0085 \\u2028 \\u2029")},
        /* No UTF-8: alone, cut off, a surrogate, longer than needed, beyond U+10FFFF. */
        {BASK_STR("\x80\xff"), BASK_STR("\\u0080\\u00ff")},
        {BASK_STR("\xe2\x82"), BASK_STR("\\u00e2\\u0082")},
        {BASK_STR("\xc3("), BASK_STR("\\u00c3(")},
        {BASK_STR("\xed\xa0\x80"), BASK_STR("\\u00ed\\u00a0\\u0080")},
        {BASK_STR("\xc0\xaf\xe0\x80\xaf"), BASK_STR("\\u00c0\\u00af\\u00e0\\u0080\\u00af")},
        {BASK_STR("\xf4\x90\x80\x80"), BASK_STR("\\u00f4\\u0090\\u0080\\u0080")},
        {BASK_STR("\xf8\x88\x80\x80\x80"), BASK_STR("\\u00f8\\u0088\\u0080\\u0080\\u0080")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_str(escaped(rows[i].in, BASK_ESCAPE_JSON, 100), rows[i].out);
}

/* What has no room is left out as a whole. */
static void
cut(void **state)
{
    (void)state;
    assert_str(escaped(BASK_STR("abc"), BASK_ESCAPE_HEX, 0), BASK_STR(""));
    assert_str(escaped(BASK_STR("abc"), BASK_ESCAPE_HEX, 2), BASK_STR("ab"));
    assert_str(escaped(BASK_STR("a\nb"), BASK_ESCAPE_HEX, 4), BASK_STR("a"));
    assert_str(escaped(BASK_STR("a\nb"), BASK_ESCAPE_HEX, 5), BASK_STR("a\\x0a"));
    assert_str(escaped(BASK_STR("\"\""), BASK_ESCAPE_JSON, 3), BASK_STR("\\\""));
    assert_str(escaped(BASK_STR("\n\n"), BASK_ESCAPE_JSON, 11), BASK_STR("\\u000a"));
    assert_str(escaped(BASK_STR("a\xe2\x82\xac"), BASK_ESCAPE_JSON, 3), BASK_STR("a"));
}

/* Every byte, and every two of them, is printable without a quote of its own. */
static void
all_pairs(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        char text[2] = {(char)(i >> 8), (char)i};
        bask_str out = escaped(bask_str_n(text, 2), BASK_ESCAPE_HEX, 16);
        for (size_t k = 0; k < out.len; k++)
            assert_true(out.ptr[k] >= 0x20 && out.ptr[k] < 0x7f && out.ptr[k] != '"');
        out = escaped(bask_str_n(text, 2), BASK_ESCAPE_JSON, 16);
        for (size_t k = 0; k < out.len; k++) {
            assert_true((unsigned char)out.ptr[k] >= 0x20 && out.ptr[k] != 0x7f);
            k += out.ptr[k] == '\\';
            assert_true(k < out.len && (out.ptr[k] != '"' || out.ptr[k - 1] == '\\'));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex),
        cmocka_unit_test(json),
        cmocka_unit_test(cut),
        cmocka_unit_test(all_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
