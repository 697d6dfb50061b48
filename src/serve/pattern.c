/* The C library's regular expressions, with views instead of strings. */
#include "serve/pattern.h"

#include "base/err.h"

#include <stdio.h>

enum { PATTERN_MAX = 1023, SUBJECT_MAX = 8191 };

/* Escapes that the C library would take for the letter. `\w`, `\s` and `\b` it knows. */
static const char unknown_escapes[] = "dDAzZGQEhHvVRnrtfuUxpP0";

/* What would mean something else than it was meant to; NULL: nothing. */
static const char *
find_foreign(bask_str text)
{
    bool in_brackets = false;
    for (size_t i = 0; i + 1 < text.len; i++) {
        char here = text.ptr[i], next = text.ptr[i + 1];
        if (here == '(' && next == '?' && !in_brackets)
            return "\"(?\" is not known here: these are POSIX extended expressions";
        in_brackets = here == '[' || (in_brackets && here != ']');
        if (here != '\\')
            continue;
        bool is_letter = bask_lower(next) >= 'a' && bask_lower(next) <= 'z';
        if (in_brackets ? is_letter
                        : memchr(unknown_escapes, next, sizeof unknown_escapes - 1) != NULL)
            return "this escape is not known here, write [0-9] for a digit: these are POSIX "
                   "extended expressions";
        i++;
    }
    return NULL;
}

int
bask_pattern_compile(regex_t *ret_pattern, bask_str text, char *error, size_t error_size)
{
    char copy[PATTERN_MAX + 1];
    const char *foreign = find_foreign(text);
    if (foreign || !text.len || text.len > PATTERN_MAX) {
        snprintf(error, error_size, "%s", foreign ? foreign : "expected a pattern");
        return BASK_E_SYNTAX;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    int code = regcomp(ret_pattern, copy, REG_EXTENDED | REG_NOSUB);
    if (code)
        regerror(code, ret_pattern, error, error_size);
    return code ? BASK_E_SYNTAX : BASK_OK;
}

bool
bask_pattern_matches(const regex_t *pattern, bask_str text)
{
    char copy[SUBJECT_MAX + 1];
    if (!text.ptr || text.len > SUBJECT_MAX)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return regexec(pattern, copy, 0, NULL, 0) == 0;
}
