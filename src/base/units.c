/* One loop for both kinds of unit: digits, then a suffix that a table turns into a factor. */
#include "base/units.h"

#include "base/err.h"

struct unit {
    bask_str suffix;
    int64_t factor;
};

static int
parse(bask_str text, const struct unit *units, size_t count, int64_t *ret_value)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    long long number;
    int err = bask_str_to_i64(bask_str_n(text.ptr, digits), &number);
    if (err)
        return err;
    bask_str suffix = bask_str_n(text.ptr + digits, text.len - digits);
    for (size_t i = 0; i < count; i++) {
        if (!bask_str_eq_nocase(suffix, units[i].suffix))
            continue;
        if (number > INT64_MAX / units[i].factor)
            return BASK_E_RANGE;
        *ret_value = number * units[i].factor;
        return BASK_OK;
    }
    return BASK_E_SYNTAX;
}

int
bask_size_parse(bask_str text, int64_t *ret_bytes)
{
    static const struct unit units[] = {
        {BASK_STR(""), 1},         {BASK_STR("b"), 1},        {BASK_STR("k"), 1 << 10},
        {BASK_STR("kb"), 1 << 10}, {BASK_STR("m"), 1 << 20},  {BASK_STR("mb"), 1 << 20},
        {BASK_STR("g"), 1 << 30},  {BASK_STR("gb"), 1 << 30},
    };
    return parse(text, units, sizeof units / sizeof *units, ret_bytes);
}

int
bask_duration_parse(bask_str text, int64_t *ret_ms)
{
    static const struct unit units[] = {
        {BASK_STR(""), 1000},   {BASK_STR("ms"), 1},      {BASK_STR("s"), 1000},
        {BASK_STR("m"), 60000}, {BASK_STR("h"), 3600000}, {BASK_STR("d"), 86400000},
    };
    return parse(text, units, sizeof units / sizeof *units, ret_ms);
}
