/*
 * Range: "bytes=0-99", "bytes=100-", "bytes=-100", and lists of these.
 *
 * A list of many ranges, or of ranges that overlap, is how a client asks for more than there is
 * (RFC 9110 17.15): they are counted, and put together.
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

static bool
meet(struct bask_range a, struct bask_range b)
{
    return a.first <= b.first + b.length && b.first <= a.first + a.length;
}

static struct bask_range
join(struct bask_range a, struct bask_range b)
{
    int64_t first = a.first < b.first ? a.first : b.first;
    int64_t a_end = a.first + a.length, b_end = b.first + b.length;
    return (struct bask_range){first, (a_end > b_end ? a_end : b_end) - first};
}

/* There is room: there are no more than were asked for. What met neither of two that are joined
 * does not meet both together, so none is looked at twice. */
static void
add(struct bask_ranges *ranges, struct bask_range one)
{
    struct bask_range *items = ranges->items;
    size_t at = ranges->count;
    for (size_t i = 0; i < ranges->count;) {
        if (!meet(items[i], one)) {
            i++;
            continue;
        }
        one = join(items[i], one);
        at = i < at ? i : at;
        ranges->count--;
        memmove(items + i, items + i + 1, (ranges->count - i) * sizeof *items);
    }
    memmove(items + at + 1, items + at, (ranges->count - at) * sizeof *items);
    items[at] = one;
    ranges->count++;
}

enum bask_range_asked
bask_ranges_read(bask_str field, int64_t size, struct bask_ranges *ret_ranges)
{
    const bask_str unit = BASK_STR("bytes=");
    struct bask_range one;
    unsigned asked = 0;
    struct bask_ranges found;
    found.count = 0;
    if (field.len < unit.len || !bask_str_eq_nocase(bask_str_n(field.ptr, unit.len), unit))
        return BASK_RANGE_WHOLE;
    bask_str rest = bask_str_n(field.ptr + unit.len, field.len - unit.len);
    for (bool more = true; more;) {
        bask_str item = rest;
        more = bask_str_cut(rest, ',', &item, &rest);
        item = bask_str_trim(item);
        if (!item.len)
            continue; /* empty members of a list are allowed (RFC 9110 5.6.1.2) */
        if (++asked > BASK_RANGES_MOST || !read_one(item, size, &one) ||
            is_whole_of_nothing(item, size))
            return BASK_RANGE_WHOLE;
        if (one.length)
            add(&found, one);
    }
    if (found.count)
        *ret_ranges = found;
    return found.count ? BASK_RANGE_PARTS : asked ? BASK_RANGE_NOTHING : BASK_RANGE_WHOLE;
}
