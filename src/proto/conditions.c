/*
 * Conditions, in the order of RFC 9110 13.2.2. One that cannot be read is as if it were not there,
 * but for If-Match, which then names no file that exists.
 */
#include "proto/conditions.h"

#include "proto/date.h"
#include "proto/octets.h"

/* The next entity tag of a list. False: the list has ended or is malformed. */
static bool
next_tag(bask_str *list, bask_str *ret_tag, bool *ret_weak)
{
    bask_str rest = bask_str_trim(*list);
    while (rest.len && *rest.ptr == ',')
        rest = bask_str_trim(bask_str_n(rest.ptr + 1, rest.len - 1));
    *ret_weak = bask_str_starts(rest, BASK_STR("W/"));
    if (*ret_weak)
        rest = bask_str_n(rest.ptr + 2, rest.len - 2);
    if (rest.len < 2 || *rest.ptr != '"')
        return false;
    const char *end = memchr(rest.ptr + 1, '"', rest.len - 1);
    if (!end)
        return false;
    size_t len = (size_t)(end + 1 - rest.ptr);
    *ret_tag = bask_str_n(rest.ptr, len);
    *list = bask_str_trim(bask_str_n(rest.ptr + len, rest.len - len));
    return !list->len || *list->ptr == ',';
}

/* Whether the list holds the tag; a strong comparison does not hear of weak ones (8.8.3.2). */
static bool
lists(bask_str list, bask_str etag, bool strongly)
{
    bask_str tag;
    bool weak;
    if (bask_str_eq(bask_str_trim(list), BASK_STR("*")))
        return true;
    while (next_tag(&list, &tag, &weak))
        if (bask_str_eq(tag, etag) && !(weak && strongly))
            return true;
    return false;
}

unsigned
bask_conditions_judge(const struct bask_conditions *conditions, const struct bask_validators *file)
{
    int64_t date;
    if (conditions->match.ptr) {
        if (!lists(conditions->match, file->etag, true))
            return 412;
    } else if (conditions->unmodified_since.ptr &&
               !bask_date_read(conditions->unmodified_since, &date) && file->modified > date) {
        return 412;
    }
    if (conditions->none_match.ptr)
        return lists(conditions->none_match, file->etag, false) ? 304 : 200;
    if (conditions->modified_since.ptr && !bask_date_read(conditions->modified_since, &date) &&
        file->modified <= date)
        return 304;
    return 200;
}

bool
bask_conditions_allow_range(const struct bask_conditions *conditions,
                            const struct bask_validators *file)
{
    bask_str range = bask_str_trim(conditions->range);
    int64_t date;
    if (!conditions->range.ptr)
        return true;
    if (!bask_date_read(range, &date))
        return date == file->modified;
    return bask_str_eq(range, file->etag); /* one tag, compared strongly (13.1.5) */
}
