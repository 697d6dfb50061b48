/* The netstring of an SCGI request. Knows nothing of what the variables mean. */
#include "proto/scgi.h"

enum { DIGITS_MAX = 8 };

int
bask_scgi_parse(const char *buf, size_t len, size_t max, bask_str *ret_variables)
{
    size_t size = 0, at = 0;
    for (;; at++) {
        if (at == len)
            return -2;
        if (buf[at] < '0' || buf[at] > '9')
            break;
        if (at == DIGITS_MAX || (at == 1 && size == 0)) /* no zero before other digits */
            return -1;
        size = size * 10 + (size_t)(buf[at] - '0');
    }
    if (at == 0 || buf[at] != ':' || size > max)
        return -1;
    at++;
    if (len - at <= size)
        return -2;
    if (buf[at + size] != ',')
        return -1;
    *ret_variables = bask_str_n(buf + at, size);
    return (int)(at + size + 1);
}

int
bask_scgi_next(bask_str *variables, bask_str *ret_name, bask_str *ret_value)
{
    bask_str name, value, rest;
    if (variables->len == 0)
        return 0;
    if (!bask_str_cut(*variables, '\0', &name, &rest) || name.len == 0 ||
        !bask_str_cut(rest, '\0', &value, &rest))
        return -1;
    *ret_name = name;
    *ret_value = value;
    *variables = rest;
    return 1;
}
