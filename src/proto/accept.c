/* Accept-Encoding: "br, gzip;q=0.8, *;q=0". A member that is malformed counts as refused. */
#include "proto/accept.h"

#include "proto/octets.h"

/* "1", "0.8", "0.123" in thousandths; -1: malformed. */
static int
read_quality(bask_str text)
{
    int quality = 0, unit = 1000;
    if (!text.len || text.len > 5 || (text.len > 1 && text.ptr[1] != '.'))
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 1)
            continue;
        if (!bask_octet_is(text.ptr[i], BASK_OCTET_DIGIT))
            return -1;
        quality += (text.ptr[i] - '0') * unit;
        unit /= 10;
    }
    return quality <= 1000 ? quality : -1;
}

/* Of the parameters behind a coding, only q is known. */
static int
quality_of(bask_str parameters)
{
    bask_str name, value, rest = parameters;
    for (bool more = true; more;) {
        bask_str one = rest;
        more = bask_str_cut(rest, ';', &one, &rest);
        if (bask_str_cut(one, '=', &name, &value) &&
            bask_str_eq_nocase(bask_str_trim(name), BASK_STR("q"))) {
            int quality = read_quality(bask_str_trim(value));
            return quality < 0 ? 0 : quality;
        }
    }
    return 1000;
}

int
bask_accept_quality(bask_str field, bask_str coding)
{
    int others = 0;
    for (bool more = true; more;) {
        bask_str one = field, name, parameters = {0};
        more = bask_str_cut(field, ',', &one, &field);
        if (!bask_str_cut(one, ';', &name, &parameters))
            name = one;
        name = bask_str_trim(name);
        if (bask_str_eq_nocase(name, coding))
            return parameters.ptr ? quality_of(parameters) : 1000;
        if (bask_str_eq(name, BASK_STR("*")))
            others = parameters.ptr ? quality_of(parameters) : 1000;
    }
    return others;
}
