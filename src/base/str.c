/* Views of bytes: compare, cut, trim, convert. */
#include "base/str.h"

#include "base/err.h"

#include <limits.h>

bool
bask_str_eq_nocase(bask_str a, bask_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (bask_lower(a.ptr[i]) != bask_lower(b.ptr[i]))
            return false;
    return true;
}

bool
bask_str_starts(bask_str s, bask_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool
bask_str_ends(bask_str s, bask_str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

bool
bask_str_fits(bask_str s, bask_str word)
{
    if (word.len && word.ptr[word.len - 1] == '*')
        return bask_str_starts(s, bask_str_n(word.ptr, word.len - 1));
    return bask_str_eq(s, word);
}

bool
bask_str_cut(bask_str s, char c, bask_str *ret_before, bask_str *ret_after)
{
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    if (!at)
        return false;
    size_t before = (size_t)(at - s.ptr);
    *ret_before = bask_str_n(s.ptr, before);
    *ret_after = bask_str_n(at + 1, s.len - before - 1);
    return true;
}

bask_str
bask_str_trim(bask_str s)
{
    while (s.len && (*s.ptr == ' ' || *s.ptr == '\t')) {
        s.ptr++;
        s.len--;
    }
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t
skip_blanks(bask_str text, size_t at)
{
    while (at < text.len && is_blank(text.ptr[at]))
        at++;
    return at;
}

bask_str
bask_str_take_word(bask_str *text)
{
    if (!text->len) /* there may be no text at all */
        return (bask_str){"", 0};
    size_t begin = skip_blanks(*text, 0), end = begin;
    while (end < text->len && !is_blank(text->ptr[end]))
        end++;
    size_t next = skip_blanks(*text, end);
    bask_str word = bask_str_n(text->ptr + begin, end - begin);
    *text = bask_str_n(text->ptr + next, text->len - next);
    return word;
}

int
bask_str_to_i64(bask_str s, long long *ret_value)
{
    long long value = 0;
    if (s.len == 0)
        return BASK_E_SYNTAX;
    for (size_t i = 0; i < s.len; i++) {
        int digit = s.ptr[i] - '0';
        if (digit < 0 || digit > 9)
            return BASK_E_SYNTAX;
        if (value > (LLONG_MAX - digit) / 10)
            return BASK_E_RANGE;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return BASK_OK;
}
