/* What --metric says of a metric: a name, or a list of keys and values. */
#include "base/err.h"
#include "base/str.h"
#include "svc/metrics_private.h"

#include <stdio.h>

static int
complain(char *error, size_t error_size, const char *format, bask_str text)
{
    snprintf(error, error_size, format, BASK_FMT(text));
    return BASK_E_SYNTAX;
}

static int
read_type(bask_str value, enum bask_metric_type *ret_type, char *error, size_t error_size)
{
    static const bask_str types[] = {
        [BASK_METRIC_COUNTER] = BASK_STR("counter"),
        [BASK_METRIC_GAUGE] = BASK_STR("gauge"),
        [BASK_METRIC_ABSOLUTE] = BASK_STR("absolute"),
        [BASK_METRIC_ALIAS] = BASK_STR("alias"),
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (bask_str_eq(value, types[i])) {
            *ret_type = (enum bask_metric_type)i;
            return BASK_OK;
        }
    return complain(error, error_size,
                    "\"type\": expected counter, gauge, absolute or alias, not \"%.*s\"", value);
}

static int
read_pair(bask_str pair, struct bask_metric *metric, char *error, size_t error_size)
{
    bask_str name = pair, value = {"", 0};
    bask_str_cut(pair, '=', &name, &value);
    name = bask_str_trim(name);
    value = bask_str_trim(value);
    if (bask_str_eq(name, BASK_STR("name")))
        metric->name = value;
    else if (bask_str_eq(name, BASK_STR("alias")))
        metric->alias = value;
    else if (bask_str_eq(name, BASK_STR("initial_value"))) {
        if (metrics_read_number(value, &metric->initial))
            return complain(error, error_size, "\"initial_value\": expected a number, not \"%.*s\"",
                            value);
    } else if (bask_str_eq(name, BASK_STR("type")))
        return read_type(value, &metric->type, error, error_size);
    else if (bask_str_eq(name, BASK_STR("oid")))
        metric->oid = value;
    else if (bask_str_eq(name, BASK_STR("reset_after_push")))
        metric->resets = true; /* whatever the value, as in uWSGI */
    else
        return complain(error, error_size,
                        "expected name, type, initial_value, alias, oid or reset_after_push, not "
                        "\"%.*s\"",
                        name);
    return BASK_OK;
}

/* uWSGI's rule; a file in --metrics-dir has the name, so it has to begin with something visible. */
static bool
is_name(bask_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = bask_lower(name.ptr[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !memchr(".-_", c, 3))
            return false;
    }
    return name.len <= 200 && name.ptr[0] != '.';
}

int
metrics_parse(bask_str text, struct bask_metric *metric, char *error, size_t error_size)
{
    if (!memchr(text.len ? text.ptr : "", '=', text.len)) {
        metric->name = text;
        text.len = 0;
    }
    while (text.len) {
        bask_str pair = text, rest = {"", 0};
        bask_str_cut(text, ',', &pair, &rest);
        text = rest;
        int err = read_pair(pair, metric, error, error_size);
        if (err)
            return err;
    }
    if (!metric->name.len)
        return complain(error, error_size, "it needs a name%.*s", text);
    if (!is_name(metric->name))
        return complain(
            error, error_size,
            "a name has at most 200 letters, digits, \".\", \"-\" and \"_\", not \"%.*s\"",
            metric->name);
    if (metric->type == BASK_METRIC_ALIAS && !metric->alias.len)
        return complain(error, error_size, "%.*s: an alias needs \"alias\"", metric->name);
    if (metric->alias.len)
        metric->type = BASK_METRIC_ALIAS;
    return BASK_OK;
}
