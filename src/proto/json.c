/* The writing of JSON: see json.h. */
#include "proto/json.h"

#include "base/err.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

static void
put(struct bask_json *json, bask_str bytes)
{
    if (!json->err)
        json->err = bask_buf_append(json->out, bytes);
}

static void
put_break(struct bask_json *json)
{
    static const bask_str tab = {"\t", 1};
    if (json->minified)
        return;
    put(json, BASK_STR("\n"));
    for (unsigned i = 0; i < json->depth; i++)
        put(json, tab);
}

/* How many bytes at the beginning are one character that can stand as it is; 0: it cannot. */
static size_t
length_of_plain(bask_str text)
{
    unsigned char c = (unsigned char)text.ptr[0];
    uint32_t value;
    if (c >= 0x80)
        return bask_utf8_decode(text, &value);
    return c >= ' ' && c != '"' && c != '\\' && c != 0x7f;
}

static void
put_escaped(struct bask_json *json, unsigned char c)
{
    char escape[8];
    int n = snprintf(escape, sizeof escape, c == '"' || c == '\\' ? "\\%c" : "\\u%04x",
                     c >= 0x80 ? 0xfffdU : c);
    put(json, bask_str_n(escape, (size_t)n));
}

static void
put_text(struct bask_json *json, bask_str text)
{
    size_t plain = 0; /* bytes in front that can stand as they are */
    put(json, BASK_STR("\""));
    while (plain < text.len) {
        bask_str rest = bask_str_n(text.ptr + plain, text.len - plain);
        size_t length = length_of_plain(rest);
        plain += length;
        if (length)
            continue;
        put(json, bask_str_n(text.ptr, plain));
        put_escaped(json, (unsigned char)*rest.ptr);
        text = bask_str_n(rest.ptr + 1, rest.len - 1);
        plain = 0;
    }
    put(json, text);
    put(json, BASK_STR("\""));
}

/* What stands before a value: the comma behind the one before, a line of its own, its name. */
static void
begin(struct bask_json *json, const char *name)
{
    if (json->filled)
        put(json, BASK_STR(","));
    if (json->depth)
        put_break(json);
    json->filled = true;
    if (!name)
        return;
    put_text(json, bask_str_of(name));
    put(json, BASK_STR(":"));
}

static void
open(struct bask_json *json, const char *name, bask_str bracket)
{
    begin(json, name);
    put(json, bracket);
    json->depth++;
    json->filled = false;
}

static void
close(struct bask_json *json, bask_str bracket)
{
    json->depth--;
    if (json->filled)
        put_break(json);
    put(json, bracket);
    json->filled = true;
}

void
bask_json_open_object(struct bask_json *json, const char *name)
{
    open(json, name, BASK_STR("{"));
}

void
bask_json_close_object(struct bask_json *json)
{
    close(json, BASK_STR("}"));
}

void
bask_json_open_list(struct bask_json *json, const char *name)
{
    open(json, name, BASK_STR("["));
}

void
bask_json_close_list(struct bask_json *json)
{
    close(json, BASK_STR("]"));
}

static void
put_digits(struct bask_json *json, const char *name, bool negative, uint64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%s%" PRIu64, negative ? "-" : "", value);
    begin(json, name);
    put(json, bask_str_n(digits, (size_t)n));
}

void
bask_json_number(struct bask_json *json, const char *name, int64_t value)
{
    put_digits(json, name, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
bask_json_count(struct bask_json *json, const char *name, uint64_t value)
{
    put_digits(json, name, false, value);
}

void
bask_json_bool(struct bask_json *json, const char *name, bool value)
{
    begin(json, name);
    put(json, value ? BASK_STR("true") : BASK_STR("false"));
}

void
bask_json_text(struct bask_json *json, const char *name, bask_str value)
{
    begin(json, name);
    put_text(json, value);
}
