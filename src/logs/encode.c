/*
 * Encoders: what becomes of a line before a logger gets it. Each is a row; those that are given are
 * applied one after the other. A message may end with a newline; it does not grow a second one.
 */
#include "base/err.h"
#include "base/utf8.h"
#include "logs/private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TIME_MAX = 256, FORMAT_MAX = 1023 };

struct work {
    const struct encoder *encoder;
    bask_str message; /* without its newline */
    bool has_newline;
    const struct moment *now;
    struct bask_buf *out;
};

static const char *const names[] = {
    [ENCODER_PREFIX] = "prefix", [ENCODER_SUFFIX] = "suffix", [ENCODER_NL] = "nl",
    [ENCODER_FORMAT] = "format", [ENCODER_JSON] = "json",
};

static int
put(struct work *work, bask_str text)
{
    return bask_buf_append(work->out, text);
}

static int
put_control(struct work *work, char c)
{
    static const char letters[] = "b\bf\fn\nr\rt\t\"\"\\\\";
    char text[8];
    for (size_t i = 0; i + 1 < sizeof letters; i += 2)
        if (letters[i + 1] == c)
            return put(work, bask_str_n((char[]){'\\', letters[i]}, 2));
    return put(work, bask_str_n(text, (size_t)snprintf(text, sizeof text, "\\u%04x", c)));
}

/* As part of a string of JSON: what is no UTF-8 becomes U+FFFD, or nobody could read the line. */
static int
put_json(struct work *work, bask_str text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    uint32_t value;
    int err = BASK_OK;
    for (size_t i = 0, run; i < text.len && !err; i += run) {
        run = bask_utf8_decode(bask_str_n(text.ptr + i, text.len - i), &value);
        if (!run) {
            run = 1;
            err = put(work, BASK_STR("\xef\xbf\xbd"));
        } else if (bytes[i] < 0x20 || bytes[i] == 0x7f || bytes[i] == '"' || bytes[i] == '\\') {
            err = put_control(work, text.ptr[i]);
        } else {
            err = put(work, bask_str_n(text.ptr + i, run));
        }
    }
    return err;
}

static int
put_value(struct work *work, bask_str text)
{
    return work->encoder->kind == ENCODER_JSON ? put_json(work, text) : put(work, text);
}

static int
put_number(struct work *work, int64_t number)
{
    char text[24];
    return put(work,
               bask_str_n(text, (size_t)snprintf(text, sizeof text, "%lld", (long long)number)));
}

static int
put_time(struct work *work, bask_str format)
{
    char copy[FORMAT_MAX + 1], text[TIME_MAX];
    memcpy(copy, format.ptr, format.len);
    copy[format.len] = '\0';
    return put_value(work, bask_str_n(text, strftime(text, sizeof text, copy, &work->now->fields)));
}

/* What stands between "${" and "}". An unknown name is nothing, as in uWSGI. */
static int
put_variable(struct work *work, bask_str name)
{
    bask_str prefix = BASK_STR("strftime:");
    if (bask_str_eq(name, BASK_STR("msg")))
        return put_value(work, work->message);
    if (bask_str_eq(name, BASK_STR("msgnl"))) {
        int err = put_value(work, work->message);
        return err || !work->has_newline ? err : put_value(work, BASK_STR("\n"));
    }
    if (bask_str_eq(name, BASK_STR("unix")))
        return put_number(work, work->now->wall_us / 1000000);
    if (bask_str_eq(name, BASK_STR("millis")))
        return put_number(work, work->now->wall_us / 1000);
    if (bask_str_eq(name, BASK_STR("micros")))
        return put_number(work, work->now->wall_us);
    if (bask_str_starts(name, prefix) && name.len - prefix.len <= FORMAT_MAX)
        return put_time(work, bask_str_n(name.ptr + prefix.len, name.len - prefix.len));
    return BASK_OK;
}

static int
put_format(struct work *work)
{
    bask_str rest = work->encoder->argument;
    int err = BASK_OK;
    while (rest.len && !err) {
        const char *end = NULL, *start = memmem(rest.ptr, rest.len, "${", 2);
        size_t left = start ? (size_t)(rest.ptr + rest.len - start) : 0;
        if (start)
            end = memchr(start, '}', left);
        if (!end)
            return put(work, rest);
        err = put(work, bask_str_n(rest.ptr, (size_t)(start - rest.ptr)));
        if (!err)
            err = put_variable(work, bask_str_n(start + 2, (size_t)(end - start) - 2));
        rest = bask_str_n(end + 1, left - (size_t)(end - start) - 1);
    }
    return err;
}

int
encoder_apply(const struct encoder *encoder, bask_str message, const struct moment *now,
              struct bask_buf *out)
{
    bool has_newline = message.len && message.ptr[message.len - 1] == '\n';
    struct work work = {encoder, bask_str_n(message.ptr, message.len - has_newline), has_newline,
                        now, out};
    int err = BASK_OK;
    if (encoder->kind == ENCODER_FORMAT || encoder->kind == ENCODER_JSON)
        return put_format(&work);
    if (encoder->kind == ENCODER_PREFIX)
        err = put(&work, encoder->argument);
    if (!err)
        err = put(&work, work.message);
    if (!err && encoder->kind == ENCODER_SUFFIX)
        err = put(&work, encoder->argument);
    return err || (!has_newline && encoder->kind != ENCODER_NL) ? err : put(&work, BASK_STR("\n"));
}

int
encoder_parse(bask_str text, struct encoder *ret_encoder, char *error, size_t error_size)
{
    struct encoder encoder = {0};
    bask_str head = text, name;
    bask_str_cut(text, ' ', &head, &encoder.argument);
    name = head;
    bask_str_cut(head, ':', &name, &encoder.logger);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bask_str_eq(name, bask_str_of(names[i]))) {
            encoder.kind = (enum encoder_kind)i;
            *ret_encoder = encoder;
            return BASK_OK;
        }
    snprintf(error, error_size,
             "there is no encoder \"%.*s\" here; there are prefix, suffix, nl, format and json",
             BASK_FMT(name));
    return BASK_E_NOTFOUND;
}
