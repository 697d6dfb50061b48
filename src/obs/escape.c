/* What escaped text looks like. Pure. */
#include "obs/escape.h"

#include "base/utf8.h"

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
    size_t size = c < 0x80 ? 0 : bask_utf8_decode(text, &value);
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
