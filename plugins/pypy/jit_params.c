/* The table of PyPy's JIT parameters, and a check against it. */
#include "jit_params.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t max;
} params[] = {
    {"threshold", INT32_MAX},
    {"function_threshold", INT32_MAX},
    {"trace_eagerness", INT32_MAX},
    {"trace_limit", 16384}, /* 7.3.11 refuses more */
    {"decay", 1000},
    {"loop_longevity", INT32_MAX},
    {"inlining", 1},
    {"retrace_limit", 1000},
    {"max_retrace_guards", 1000},
    {"max_unroll_loops", 1000},
    {"disable_unrolling", 100000},
    {"max_unroll_recursion", 1000},
    {"pureop_historylength", 1000},
    {"vec", 1},
    {"vec_all", 1},
    {"vec_cost", 1000},
};

enum { COUNT = sizeof params / sizeof *params };

static bool
is_word(bask_str text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

/* -1: no number, or one that is too large to be meant. */
static int64_t
number_of(bask_str text)
{
    int64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || number > INT32_MAX)
            return -1;
        number = number * 10 + (text.ptr[i] - '0');
    }
    return text.len ? number : -1;
}

static int
complain(bask_str part, const char *expected, char *error, size_t size)
{
    snprintf(error, size, "\"%.*s\": expected %s", BASK_FMT(part), expected);
    return -1;
}

static int
unknown_name(bask_str part, char *error, size_t size)
{
    char names[512] = "off, default, or NAME=NUMBER with NAME one of";
    size_t used = strlen(names);
    for (size_t i = 0; i < COUNT; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s %s", i ? "," : "",
                                 params[i].name);
    return complain(part, names, error, size);
}

static int
check(bask_str part, char *error, size_t size)
{
    if (is_word(part, "off") || is_word(part, "default"))
        return 0;
    const char *sign = part.len ? memchr(part.ptr, '=', part.len) : NULL;
    bask_str name = {part.ptr, sign ? (size_t)(sign - part.ptr) : part.len};
    bask_str value = {sign ? sign + 1 : "", sign ? part.len - name.len - 1 : 0};
    for (size_t i = 0; i < COUNT; i++) {
        int64_t number = number_of(value);
        char expected[64];
        if (!is_word(name, params[i].name))
            continue;
        if (number >= 0 && number <= params[i].max)
            return 0;
        snprintf(expected, sizeof expected, "%s=N with N from 0 to %lld", params[i].name,
                 (long long)params[i].max);
        return complain(part, expected, error, size);
    }
    return unknown_name(part, error, size);
}

/* One value: parts between commas. Spaces around them are no part of them. */
static int
add_value(bask_str text, char *out, size_t size, char *error, size_t error_size)
{
    size_t used = strlen(out);
    for (size_t at = 0; at < text.len;) {
        const char *comma = memchr(text.ptr + at, ',', text.len - at);
        size_t end = comma ? (size_t)(comma - text.ptr) : text.len;
        bask_str part = {text.ptr + at, end - at};
        for (; part.len && part.ptr[0] == ' '; part.ptr++)
            part.len--;
        for (; part.len && part.ptr[part.len - 1] == ' ';)
            part.len--;
        if (check(part, error, error_size))
            return -1;
        int n = snprintf(out + used, size - used, "%s%.*s", used ? "," : "", BASK_FMT(part));
        if (n < 0 || (size_t)n >= size - used)
            return complain(part, "fewer parameters", error, error_size);
        used += (size_t)n;
        at = end + 1;
    }
    return 0;
}

int
jit_params_join(const char *option, const struct bask_values *values, const char *initial,
                char *out, size_t size, char *error, size_t error_size)
{
    out[0] = '\0';
    for (size_t i = 0; i < values->count; i++) {
        char wrong[600];
        if (!add_value(values->items[i].text, out, size, wrong, sizeof wrong))
            continue;
        snprintf(error, error_size, "%.*s: --%s: %s", BASK_FMT(values->items[i].origin), option,
                 wrong);
        return -1;
    }
    if (!values->count)
        snprintf(out, size, "%s", initial);
    return 0;
}
