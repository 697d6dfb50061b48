/*
 * Any bytes as the template of a line, and as what a client sent that it shows:
 *
 *   escape (one byte: odd is JSON) template \n value
 *
 * A line is one line and not too long; a quote in a value ends no field; JSON is UTF-8.
 */
#include "obs/line.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bask_str
find_variable(const void *request, bask_str name, char *number)
{
    (void)name, (void)number;
    return *(const bask_str *)request;
}

static bask_str
find_note(const void *request, bask_str name)
{
    (void)name;
    return *(const bask_str *)request;
}

/* The line without its newline, in `out`, of BASK_LINE_MAX bytes. */
static bask_str
line_of(bask_str template, bask_str escape, bask_str value, char *out)
{
    static const struct bask_access_finder finder = {find_variable, find_note};
    struct bask_line_options options = {.template = template, .escape = escape};
    const struct bask_access_entry entry = {
        .uri = value,
        .method = value,
        .remote_addr = value,
        .protocol = value,
        .note = "",
        .finder = &finder,
        .request = &value,
    };
    struct bask_line line;
    const char *name;
    char error[256];
    if (bask_line_options_settle(&options, &name, error, sizeof error)) {
        assert(template.len > BASK_LINE_TEMPLATE_MAX / BASK_LINE_NUMBER);
        return (bask_str){0};
    }
    assert(!bask_line_init(&line, &options));
    size_t len = bask_line_write(&line, &entry, out);
    assert(len > 0 && len <= BASK_LINE_MAX && out[len - 1] == '\n');
    assert(memchr(out, '\n', len) == out + len - 1);
    bask_line_fini(&line);
    free(options.format);
    return bask_str_n(out, len - 1);
}

/* What stands between quotes has none of its own. */
static void
check_quotes(bask_str line)
{
    assert(line.len >= 2 && line.ptr[0] == '"' && line.ptr[line.len - 1] == '"');
    for (size_t i = 1; i + 1 < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        assert(c >= 0x20 && c != 0x7f && c != '"');
        i += c == '\\';
        assert(i + 1 < line.len);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    char *copy = malloc(size); /* exactly as long: a read behind the end is found */
    char *out = malloc(BASK_LINE_MAX);
    assert(copy && out);
    for (size_t i = 1; i < size; i++)
        copy[i - 1] = (char)data[i];
    bool is_json = data[0] & 1;
    bask_str escape = is_json ? BASK_STR("json") : BASK_STR("hex");
    bask_str text = bask_str_n(copy, size - 1), template = text, value = text;
    bask_str_cut(text, '\n', &template, &value);
    if (!memchr(template.ptr, '\n', template.len))
        line_of(template, escape, value, out);
    line_of((bask_str){0}, escape, value, out);
    bask_str quoted = line_of(BASK_STR("\"%(uri)\""), escape, value, out);
    check_quotes(quoted);
    struct bask_utf8 utf8 = {0};
    assert(bask_utf8_take(&utf8, quoted) && bask_utf8_is_whole(&utf8));
    free(copy);
    free(out);
    return 0;
}
