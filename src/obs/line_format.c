/* From the text of a template to its segments. Pure. */
#include "obs/line_format.h"

#include "base/err.h"

#include <stdlib.h>

/* The next "%(name)"; false: there is none, and the rest is text. */
static bool
find(bask_str text, size_t *ret_start, bask_str *ret_name)
{
    for (size_t i = 0; i + 3 < text.len; i++) {
        if (text.ptr[i] != '%' || text.ptr[i + 1] != '(' || text.ptr[i + 2] == ')')
            continue;
        const char *name = text.ptr + i + 2, *end = memchr(name, ')', text.len - i - 2);
        if (!end)
            return false;
        *ret_start = i;
        *ret_name = bask_str_n(name, (size_t)(end - name));
        return true;
    }
    return false;
}

static struct bask_line_segment
name_segment(bask_str name)
{
    static const struct {
        bask_str prefix;
        enum bask_line_kind kind;
    } prefixes[] = {
        {BASK_STR("var."), BASK_LINE_VARIABLE},
        {BASK_STR("metric."), BASK_LINE_METRIC},
    };
    const struct bask_line_row *row = bask_line_row(name);
    if (row)
        return (struct bask_line_segment){.kind = BASK_LINE_VALUE_OF, .text = name, .of = row};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t len = prefixes[i].prefix.len;
        if (bask_str_starts(name, prefixes[i].prefix))
            return (struct bask_line_segment){.kind = prefixes[i].kind,
                                              .text = bask_str_n(name.ptr + len, name.len - len)};
    }
    return (struct bask_line_segment){.kind = BASK_LINE_NOTED, .text = name};
}

/* Fills `segments`, unless it is NULL; how many there are. */
static size_t
split(bask_str rest, struct bask_line_segment *segments)
{
    size_t count = 0, start;
    bask_str name;
    while (rest.len) {
        bool found = find(rest, &start, &name);
        bask_str text = found ? bask_str_n(rest.ptr, start) : rest;
        if (text.len && segments)
            segments[count] = (struct bask_line_segment){.kind = BASK_LINE_TEXT, .text = text};
        count += text.len > 0;
        if (!found)
            break;
        if (segments)
            segments[count] = name_segment(name);
        count++;
        const char *behind = name.ptr + name.len + 1;
        rest = bask_str_n(behind, rest.len - (size_t)(behind - rest.ptr));
    }
    return count;
}

int
bask_line_format_parse(bask_str template, struct bask_line_format **ret_format)
{
    size_t count = split(template, NULL), reserved = 0;
    struct bask_line_format *format = malloc(sizeof *format + count * sizeof *format->segments);
    if (!format)
        return BASK_E_NOMEM;
    format->count = split(template, format->segments);
    for (size_t i = count; i-- > 0;) {
        struct bask_line_segment *segment = &format->segments[i];
        segment->reserved = reserved;
        reserved += segment->kind == BASK_LINE_TEXT ? segment->text.len : BASK_LINE_NUMBER;
    }
    if (reserved > BASK_LINE_TEMPLATE_MAX) {
        free(format);
        return BASK_E_LIMIT;
    }
    *ret_format = format;
    return BASK_OK;
}

bool
bask_line_format_shows(const struct bask_line_format *format, bask_str name)
{
    for (size_t i = 0; format && i < format->count; i++)
        if (format->segments[i].kind == BASK_LINE_NOTED &&
            bask_str_eq(format->segments[i].text, name))
            return true;
    return false;
}
