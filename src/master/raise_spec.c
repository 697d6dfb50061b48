/* Parsing of --timer, --touch-signal and their relatives. Pure. */
#include "master/raise_spec.h"

#include "base/err.h"
#include "base/units.h"

#include <bask/service_signal.h>

#include <limits.h>
#include <stdio.h>

#define YEAR_MS (INT64_C(366) * 86400000)

static const char *const expected[] = {
    [RAISE_TIMER] = "\"SIGNAL SECONDS\"",
    [RAISE_RB_TIMER] = "\"SIGNAL SECONDS [TIMES]\"",
    [RAISE_TOUCH] = "\"FILE SIGNAL\"",
    [RAISE_FS] = "\"PATH SIGNAL\"",
};

static bool
parse_number(bask_str text, uint32_t *ret_number)
{
    long long number;
    if (bask_str_to_i64(text, &number) || number >= BASK_SIGNALS)
        return false;
    *ret_number = (uint32_t)number;
    return true;
}

static bool
parse_timer(bask_str text, bool may_end, struct raise_spec *spec)
{
    int64_t interval_ms;
    long long times = 0;
    bask_str number = bask_str_take_word(&text), interval = bask_str_take_word(&text);
    bask_str count = bask_str_take_word(&text);
    if (!parse_number(number, &spec->number) || bask_duration_parse(interval, &interval_ms) ||
        interval_ms < 1 || interval_ms > YEAR_MS)
        return false;
    if (count.len && (!may_end || bask_str_to_i64(count, &times) || times > UINT32_MAX))
        return false;
    if (text.len)
        return false;
    spec->interval_us = interval_ms * 1000;
    spec->times = (uint32_t)times;
    return true;
}

static bool
parse_file(bask_str text, struct raise_spec *spec)
{
    bask_str path = bask_str_take_word(&text), number = bask_str_take_word(&text);
    if (!path.len || path.len >= PATH_MAX || text.len || !parse_number(number, &spec->number))
        return false;
    spec->path = path;
    return true;
}

int
raise_spec_parse(enum raise_kind kind, bask_str text, struct raise_spec *ret_spec, char *error,
                 size_t error_size)
{
    struct raise_spec spec = {0};
    bool is_file = kind == RAISE_TOUCH || kind == RAISE_FS;
    bool has_nul = text.len && memchr(text.ptr, '\0', text.len);
    if (has_nul ||
        !(is_file ? parse_file(text, &spec) : parse_timer(text, kind == RAISE_RB_TIMER, &spec))) {
        snprintf(error, error_size, "expected %s, with a signal from 0 to 255%s", expected[kind],
                 is_file ? "" : " and up to a year");
        return BASK_E_SYNTAX;
    }
    *ret_spec = spec;
    return BASK_OK;
}
