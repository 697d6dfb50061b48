/* What --metric-threshold says. */
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
read_pair(bask_str key, bask_str value, struct bask_metric_limit *limit, char *error,
          size_t error_size)
{
    const struct {
        bask_str key;
        bask_str *text;
        int64_t *number;
    } keys[] = {
        {BASK_STR("key"), &limit->name, NULL},    {BASK_STR("value"), NULL, &limit->value},
        {BASK_STR("alarm"), &limit->alarm, NULL}, {BASK_STR("msg"), &limit->message, NULL},
        {BASK_STR("rate"), NULL, &limit->rate_s}, {BASK_STR("reset"), NULL, &limit->reset_to},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!bask_str_eq(key, keys[i].key))
            continue;
        if (keys[i].text)
            *keys[i].text = value;
        else if (metrics_read_number(value, keys[i].number))
            return complain(error, error_size, "expected a number, not \"%.*s\"", value);
        limit->resets |= keys[i].number == &limit->reset_to;
        return BASK_OK;
    }
    return complain(error, error_size,
                    "expected key, value, alarm, rate, msg or reset, not \"%.*s\"", key);
}

int
bask_metric_limit_parse(bask_str text, struct bask_metric_limit *ret_limit, char *error,
                        size_t error_size)
{
    struct bask_metric_limit limit = {.value = INT64_MIN};
    while (text.len) {
        bask_str pair = text, rest = {"", 0};
        bask_str_cut(text, ',', &pair, &rest);
        text = rest;
        bask_str key = pair, value = {"", 0};
        bask_str_cut(pair, '=', &key, &value);
        int err = read_pair(key, value, &limit, error, error_size);
        if (err)
            return err;
    }
    if (!limit.name.len || limit.value == INT64_MIN)
        return complain(error, error_size, "it needs key=NAME and value=NUMBER%.*s", text);
    if (limit.rate_s < 0 || limit.rate_s > 86400)
        return complain(error, error_size, "\"rate\": expected seconds, at most a day%.*s", text);
    *ret_limit = limit;
    return BASK_OK;
}
