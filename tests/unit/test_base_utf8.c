/* base/utf8: what is a character and what is none, whole, in pieces, and with something behind it.
 */
#include "test.h"

#include "base/utf8.h"

#include <stdlib.h>

#define BYTES(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static bool
is_utf8(bask_str text, size_t piece)
{
    struct bask_utf8 utf8 = {0};
    for (size_t at = 0; at < text.len; at += piece) {
        size_t n = text.len - at < piece ? text.len - at : piece;
        if (!bask_utf8_take(&utf8, bask_str_n(text.ptr + at, n)))
            return false;
    }
    return bask_utf8_is_whole(&utf8);
}

static void
in_pieces(void **state)
{
    (void)state;
    static const struct {
        bask_str text;
        bool good;
    } cases[] = {
        {BYTES(""), true},
        {BYTES("plain text that is longer than a word"), true},
        {BYTES("a zero \0 byte"), true},
        {BYTES("\x7f\xc2\x80\xdf\xbf"), true},
        {BYTES("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), true},
        {BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true},
        {BYTES("eight by\xc3\xbcte eight\xe2\x82\xac"), true},
        {BYTES("\x80"), false},
        {BYTES("\xc0\x80"), false},         /* too long */
        {BYTES("\xc1\xbf"), false},         /* too long */
        {BYTES("\xe0\x9f\xbf"), false},     /* too long */
        {BYTES("\xf0\x8f\xbf\xbf"), false}, /* too long */
        {BYTES("\xed\xa0\x80"), false},     /* a surrogate */
        {BYTES("\xed\xbf\xbf"), false},     /* a surrogate */
        {BYTES("\xf4\x90\x80\x80"), false}, /* beyond the last character */
        {BYTES("\xf5\x80\x80\x80"), false},
        {BYTES("\xff"), false},
        {BYTES("\xe2\x82"), false}, /* half a character */
        {BYTES("\xe2\x82x"), false},
        {BYTES("\xe2\xff\xac"), false},
        {BYTES("eight by\xbf"), false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t piece = 1; piece < 20; piece++)
            if (is_utf8(cases[i].text, piece) != cases[i].good)
                fail_msg("text %zu in pieces of %zu", i, piece);
}

/* In memory exactly as large as the text: a byte behind it is found by a sanitizer. */
static size_t
decode(const unsigned char *bytes, size_t len, uint32_t *ret_value)
{
    char *text = malloc(len);
    assert_non_null(text);
    memcpy(text, bytes, len);
    size_t size = bask_utf8_decode(bask_str_n(text, len), ret_value);
    free(text);
    return size;
}

/* What RFC 3629 writes for a value; 0: it has none for it. */
static size_t
encode(uint32_t value, unsigned char *out)
{
    size_t size = value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; value >>= 6)
        out[i] = (unsigned char)(0x80 | (value & 0x3f));
    out[0] = (unsigned char)(marks[size] | value);
    return size;
}

/* Each there is, and each that would be one if surrogates were, or something were beyond U+10FFFF;
 * none by half. */
static void
all_values(void **state)
{
    (void)state;
    for (uint32_t value = 0; value < 0x200000; value++) {
        unsigned char bytes[5] = {0};
        uint32_t found = 0xffffffff;
        size_t size = encode(value, bytes);
        bool is_one = value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
        bytes[size] = 0x80;
        if (decode(bytes, size + 1, &found) != (is_one ? size : 0) ||
            found != (is_one ? value : 0xffffffff))
            fail_msg("U+%04X became U+%04X", (unsigned)value, (unsigned)found);
        for (size_t part = 1; part < size; part++)
            if (decode(bytes, part, &found))
                fail_msg("%zu bytes of U+%04X are one", part, (unsigned)value);
    }
}

/* Whatever is decoded is what it is written as: there is no second form. All beginnings, with a
 * last byte that every form of four bytes may have. */
static void
no_other_form(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 1 << 24; number++) {
        unsigned char bytes[4] = {(unsigned char)(number >> 16), (unsigned char)(number >> 8),
                                  (unsigned char)number, 0xbf};
        unsigned char again[4];
        uint32_t value;
        size_t size = bask_utf8_decode(bask_str_n((char *)bytes, 4), &value);
        if (size && (encode(value, again) != size || memcmp(bytes, again, size) != 0))
            fail_msg("%02x %02x %02x bf is U+%04X", bytes[0], bytes[1], bytes[2], (unsigned)value);
    }
}

/* What has to be refused, by name; nothing is written then. */
static void
refused(void **state)
{
    static const struct {
        const char *why;
        bask_str text;
    } rows[] = {
        {"a continuation", BYTES("\x80")},
        {"the last continuation", BYTES("\xbf\x80")},
        {"U+002F in 2 bytes", BYTES("\xc0\xaf")},
        {"U+007F in 2 bytes", BYTES("\xc1\xbf")},
        {"U+002F in 3 bytes", BYTES("\xe0\x80\xaf")},
        {"U+07FF in 3 bytes", BYTES("\xe0\x9f\xbf")},
        {"U+FFFF in 4 bytes", BYTES("\xf0\x8f\xbf\xbf")},
        {"the first surrogate", BYTES("\xed\xa0\x80")},
        {"the last surrogate", BYTES("\xed\xbf\xbf")},
        {"a pair of surrogates", BYTES("\xed\xa0\xbd\xed\xb8\x80")},
        {"U+110000", BYTES("\xf4\x90\x80\x80")},
        {"U+140000", BYTES("\xf5\x80\x80\x80")},
        {"a form of 5 bytes", BYTES("\xf8\x88\x80\x80\x80")},
        {"a form of 6 bytes", BYTES("\xfc\x84\x80\x80\x80\x80")},
        {"no first byte", BYTES("\xfe\x80")},
        {"no first byte", BYTES("\xff\x80")},
        {"2 bytes, cut", BYTES("\xc3")},
        {"3 bytes, cut", BYTES("\xe2\x82")},
        {"4 bytes, cut", BYTES("\xf0\x9f\x90")},
        {"2 bytes, left", BYTES("\xc3(")},
        {"3 bytes, left", BYTES("\xe2\x82(")},
        {"4 bytes, left", BYTES("\xf0\x9f\x90(")},
        {"left for another character", BYTES("\xe2\xc3\xa9")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t value = 77;
        if (decode((const unsigned char *)rows[i].text.ptr, rows[i].text.len, &value) ||
            value != 77)
            fail_msg("%s is a character", rows[i].why);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_pieces),
        cmocka_unit_test(all_values),
        cmocka_unit_test(no_other_form),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
