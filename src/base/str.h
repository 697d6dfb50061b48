/*
 * What can be done with a bask_str. No function here allocates, and none reads past `len`.
 */
#pragma once

#include <bask/str.h>

#include <string.h>

static inline bask_str
bask_str_of(const char *cstring)
{
    return (bask_str){cstring, cstring ? strlen(cstring) : 0};
}

static inline bask_str
bask_str_n(const char *ptr, size_t len)
{
    return (bask_str){ptr, len};
}

static inline bool
bask_str_eq(bask_str a, bask_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII only, whatever the locale. */
static inline char
bask_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool bask_str_eq_nocase(bask_str a, bask_str b);
bool bask_str_starts(bask_str s, bask_str prefix);
bool bask_str_ends(bask_str s, bask_str suffix);
/* Is it this word, or, if the word ends in '*', does it begin so? */
bool bask_str_fits(bask_str s, bask_str word);

/* The part before and after the first `c`; false, and nothing written, if there is none. */
bool bask_str_cut(bask_str s, char c, bask_str *ret_before, bask_str *ret_after);

/* Without spaces and tabs at either end. */
bask_str bask_str_trim(bask_str s);

/* The first word, which is taken off with the blanks around it; empty if there is none. Blanks are
 * spaces, tabs and ends of lines. */
bask_str bask_str_take_word(bask_str *text);

/* The non-negative decimal number that is the whole of s: BASK_E_SYNTAX if it is not one,
 * BASK_E_RANGE if it exceeds INT64_MAX. No sign and no space is accepted. */
int bask_str_to_i64(bask_str s, long long *ret_value);
