/*
 * Range: "bytes=0-99", "bytes=100-", "bytes=-100", and lists of these.
 *
 * What is not well formed, or of another unit, is as if it were not there (RFC 9110 14.2). Numbers
 * beyond what a file can have are no error: they lie behind its end.
 */
#include "proto/range.h"

#include "proto/octets.h"

/* The number at the front of *text, INT64_MAX if it is greater; false if there is none. */
static bool
take_number(bask_str *text, int64_t *ret_number)
{
    int64_t number = 0;
    size_t i = 0;
    for (; i < text->len && bask_octet_is(text->ptr[i], BASK_OCTET_DIGIT); i++) {
        int digit = text->ptr[i] - '0';
        number = number > (INT64_MAX - digit) / 10 ? INT64_MAX : number * 10 + digit;
    }
    *text = bask_str_n(text->ptr + i, text->len - i);
    *ret_number = number;
    return i > 0;
}

/* One of the list. False: malformed. *ret_range has no bytes if it lies outside. */
static bool
read_one(bask_str text, int64_t size, struct bask_range *ret_range)
{
    int64_t first, last = INT64_MAX;
    bool has_first = take_number(&text, &first);
    if (!text.len || *text.ptr != '-')
        return false;
    text = bask_str_n(text.ptr + 1, text.len - 1);
    bool has_last = take_number(&text, &last);
    if (text.len || (!has_first && !has_last) || (has_first && has_last && last < first))
        return false;
    *ret_range = (struct bask_range){0};
    if (!has_first) { /* so many bytes at the end */
        int64_t length = last < size ? last : size;
        *ret_range = (struct bask_range){size - length, length};
    } else if (first < size) {
        int64_t end = has_last && last < size ? last + 1 : size;
        *ret_range = (struct bask_range){first, end - first};
    }
    return true;
}

/* A file of no bytes has an end all the same: "the last hundred bytes" are there, and are none. */
static bool
is_whole_of_nothing(bask_str text, int64_t size)
{
    int64_t number;
    if (size || !text.len || *text.ptr != '-')
        return false;
    text = bask_str_n(text.ptr + 1, text.len - 1);
    return take_number(&text, &number) && number > 0;
}

enum bask_range_asked
bask_range_read(bask_str field, int64_t size, struct bask_range *ret_range)
{
    const bask_str unit = BASK_STR("bytes=");
    struct bask_range found = {0}, one;
    unsigned asked = 0, there = 0;
    if (field.len < unit.len || !bask_str_eq_nocase(bask_str_n(field.ptr, unit.len), unit))
        return BASK_RANGE_WHOLE;
    bask_str rest = bask_str_n(field.ptr + unit.len, field.len - unit.len);
    for (bool more = true; more;) {
        bask_str item = rest;
        more = bask_str_cut(rest, ',', &item, &rest);
        item = bask_str_trim(item);
        if (!item.len)
            continue; /* empty members of a list are allowed (RFC 9110 5.6.1.2) */
        if (!read_one(item, size, &one) || is_whole_of_nothing(item, size))
            return BASK_RANGE_WHOLE;
        asked++;
        if (!one.length)
            continue;
        found = one;
        there++;
    }
    if (there == 1)
        *ret_range = found;
    return there == 1 ? BASK_RANGE_PART : there || !asked ? BASK_RANGE_WHOLE : BASK_RANGE_NOTHING;
}
