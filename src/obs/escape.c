/* What escaped text looks like. Pure. */
#include "obs/escape.h"

#include <stdint.h>

/* What UTF-8 leaves of a character's value in its first byte, and the least value that is not
 * written in fewer bytes, by the number of bytes (RFC 3629). */
static const struct {
    unsigned char mark, bits;
    uint32_t least;
} forms[] = {{0xc0, 0x1f, 0x80}, {0xe0, 0x0f, 0x800}, {0xf0, 0x07, 0x10000}};

/* The character at the front, and its bytes; 0: it is none. */
static size_t
decode(bask_str text, uint32_t *ret_value)
{
    unsigned char first = (unsigned char)text.ptr[0];
    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
        size_t size = form + 2;
        if ((first & ~forms[form].bits) != forms[form].mark || size > text.len)
            continue;
        uint32_t value = first & forms[form].bits;
        for (size_t i = 1; i < size; i++) {
            unsigned char next = (unsigned char)text.ptr[i];
            if ((next & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (next & 0x3f);
        }
        bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
        if (value < forms[form].least || value > 0x10ffff || is_surrogate)
            return 0;
        *ret_value = value;
        return size;
    }
    return 0;
}

static size_t
put_hex(char *out, const char *before, uint32_t value, int digits)
{
    size_t used = strlen(before);
    memcpy(out, before, used);
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        out[used++] = "0123456789abcdef"[value >> shift & 15];
    return used;
}

/* Whether it stands for itself in JSON and ends no line, wherever it is shown: U+0085, U+2028 and
 * U+2029 are ends of lines, too. */
static bool
is_harmless(uint32_t value)
{
    return value >= 0xa0 && value != 0x2028 && value != 0x2029;
}

/* One character of `text` that is not plain; how many bytes of it, and in `*ret_used` of `out`,
 * which has 6. */
static size_t
put_json(char *out, bask_str text, size_t *ret_used)
{
    unsigned char c = (unsigned char)text.ptr[0];
    uint32_t value = c;
    size_t size = c < 0x80 ? 0 : decode(text, &value);
    if (size && is_harmless(value)) {
        memcpy(out, text.ptr, size);
        *ret_used = size;
        return size;
    }
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = (char)c;
        *ret_used = 2;
        return 1;
    }
    *ret_used = put_hex(out, "\\u", value, 4);
    return size ? size : 1;
}

/* It stands for itself, whatever the line is. Most bytes do. */
static inline bool
is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
}

size_t
bask_escape(char *out, size_t room, bask_str text, enum bask_escape how)
{
    char one[8];
    size_t used = 0, at = 0;
    while (at < text.len && used < room) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (is_plain(c)) {
            out[used++] = (char)c;
            at++;
            continue;
        }
        bask_str rest = bask_str_n(text.ptr + at, text.len - at);
        size_t taken = 1, size;
        if (how == BASK_ESCAPE_JSON)
            taken = put_json(one, rest, &size);
        else
            size = put_hex(one, "\\x", c, 2);
        if (size > room - used)
            break;
        memcpy(out + used, one, size);
        used += size;
        at += taken;
    }
    return used;
}
