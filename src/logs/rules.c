/*
 * Patterns that lines are held against. Two things of Perl's expressions that are in everybody's
 * configuration have the same meaning in other words, and get them.
 */
#include "base/err.h"
#include "logs/private.h"

#include <stdio.h>
#include <string.h>

enum { PATTERN_MAX = 1023, SEEN_MAX = 8191 };

/* "\d" is [0-9] and "(?:" is "(". False: it is too long. */
static bool
translate(bask_str text, char *out, size_t size, size_t *ret_len)
{
    size_t used = 0;
    bool in_brackets = false;
    for (size_t i = 0; i < text.len; i++) {
        bask_str rest = bask_str_n(text.ptr + i, text.len - i), become = bask_str_n(rest.ptr, 1);
        if (bask_str_starts(rest, BASK_STR("\\d"))) {
            become = in_brackets ? BASK_STR("0-9") : BASK_STR("[0-9]");
            i++;
        } else if (*rest.ptr == '\\' && rest.len > 1) {
            become.len = 2;
            i++;
        } else if (!in_brackets && bask_str_starts(rest, BASK_STR("(?:"))) {
            i += 2;
        } else {
            in_brackets = *rest.ptr == '[' || (in_brackets && *rest.ptr != ']');
        }
        if (used + become.len > size)
            return false;
        memcpy(out + used, become.ptr, become.len);
        used += become.len;
    }
    *ret_len = used;
    return true;
}

int
rule_compile(struct rule *rule, bask_str pattern, char *error, size_t error_size)
{
    char text[PATTERN_MAX];
    size_t len;
    if (!translate(pattern, text, sizeof text, &len)) {
        snprintf(error, error_size, "the pattern is too long");
        return BASK_E_SYNTAX;
    }
    return bask_pattern_compile(&rule->pattern, bask_str_n(text, len), error, error_size);
}

bool
rule_matches(const struct rule *rule, bask_str line)
{
    bool has_newline = line.len && line.ptr[line.len - 1] == '\n';
    size_t len = line.len - has_newline;
    return bask_pattern_matches(&rule->pattern,
                                bask_str_n(line.ptr, len < SEEN_MAX ? len : SEEN_MAX));
}
