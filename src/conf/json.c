/*
 * The JSON format: {"uwsgi": {"http-socket": [":8000", ":8001"], "master": true}}. A list repeats
 * its key; true is "1", false and null are "0", as in uWSGI. Every value keeps its line, which is
 * why this is not left to a library.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

enum { DEEPEST = 64 };

struct json {
    struct bask_conf_reading *reading;
    const char *at, *end;
    size_t line;
    struct bask_buf text; /* of the last string */
    int depth;
};

static int
expected(const struct json *j, const char *what)
{
    if (j->at == j->end)
        return bask_conf_bad_line(j->reading, j->line, "expected %s, not the end of the file",
                                  what);
    size_t left = (size_t)(j->end - j->at);
    return bask_conf_bad_line(j->reading, j->line, "expected %s, not \"%s\"", what,
                              bask_conf_shown(bask_str_n(j->at, left < 20 ? left : 20)).text);
}

/* The next character that is not space; NUL at the end: the text itself has none. */
static char
peek(struct json *j)
{
    while (j->at < j->end && strchr(" \t\r\n", *j->at)) {
        j->line += *j->at == '\n';
        j->at++;
    }
    return j->at < j->end ? *j->at : '\0';
}

static bool
skip(struct json *j, char c)
{
    if (peek(j) != c)
        return false;
    j->at++;
    return true;
}

static int
no_memory(const struct json *j)
{
    return bask_conf_fail(j->reading->error, BASK_E_NOMEM, "%s:%zu: out of memory",
                          bask_conf_shown(j->reading->name).text, j->line);
}

static int
append(struct json *j, const char *bytes, size_t count)
{
    return bask_buf_append(&j->text, bask_str_n(bytes, count)) ? no_memory(j) : BASK_OK;
}

static int
append_code(struct json *j, unsigned code)
{
    char bytes[4];
    size_t n = 0;
    if (code < 0x80) {
        bytes[n++] = (char)code;
    } else if (code < 0x800) {
        bytes[n++] = (char)(0xc0 | code >> 6);
        bytes[n++] = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
        bytes[n++] = (char)(0xe0 | code >> 12);
        bytes[n++] = (char)(0x80 | (code >> 6 & 63));
        bytes[n++] = (char)(0x80 | (code & 63));
    } else {
        bytes[n++] = (char)(0xf0 | code >> 18);
        bytes[n++] = (char)(0x80 | (code >> 12 & 63));
        bytes[n++] = (char)(0x80 | (code >> 6 & 63));
        bytes[n++] = (char)(0x80 | (code & 63));
    }
    return append(j, bytes, n);
}

/* Four hexadecimal digits at `at`; -1 if they are not there. */
static int
hex4(const struct json *j, const char *at)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *found = at + i < j->end ? strchr(digits, bask_lower(at[i])) : NULL;
        if (!found || !*found)
            return -1;
        value = value * 16 + (int)(found - digits);
    }
    return value;
}

/* Behind "\u": one code, or the two halves of one. */
static int
unicode(struct json *j)
{
    int code = hex4(j, j->at), low;
    if (code <= 0)
        return expected(j, "four hexadecimal digits, not all 0");
    j->at += 4;
    if (code < 0xd800 || code > 0xdfff)
        return append_code(j, (unsigned)code);
    low = j->end - j->at >= 6 && j->at[0] == '\\' && j->at[1] == 'u' ? hex4(j, j->at + 2) : -1;
    if (code > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return expected(j, "the second half of a character");
    j->at += 6;
    return append_code(j, 0x10000 + ((unsigned)(code - 0xd800) << 10) + (unsigned)(low - 0xdc00));
}

static int
escape(struct json *j)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *found = j->at < j->end ? strchr(names, *j->at) : NULL;
    if (j->at < j->end && *j->at == 'u') {
        j->at++;
        return unicode(j);
    }
    if (!found)
        return expected(j, "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    j->at++;
    return append(j, &values[found - names], 1);
}

/* A string into j->text. */
static int
string(struct json *j)
{
    int err = BASK_OK;
    if (!skip(j, '"'))
        return expected(j, "a string");
    bask_buf_consume(&j->text, bask_buf_len(&j->text));
    while (!err && j->at < j->end && *j->at != '"') {
        if ((unsigned char)*j->at < ' ')
            return expected(j, "the end of a string");
        if (*j->at++ == '\\')
            err = escape(j);
        else
            err = append(j, j->at - 1, 1);
    }
    if (!err && j->at == j->end)
        err = expected(j, "the end of a string");
    j->at += !err;
    return err;
}

/* A number, true, false or null: what uWSGI makes of it. */
static int
literal(struct json *j, bask_str *ret_text)
{
    static const struct {
        bask_str word, value;
    } words[] = {
        {BASK_STR("true"), BASK_STR("1")},
        {BASK_STR("false"), BASK_STR("0")},
        {BASK_STR("null"), BASK_STR("0")},
    };
    size_t length = 0;
    while (j->at + length < j->end &&
           strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", j->at[length]))
        length++;
    bask_str word = bask_str_n(j->at, length);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (bask_str_eq(word, words[i].word)) {
            j->at += length;
            *ret_text = words[i].value;
            return BASK_OK;
        }
    if (!length || !strchr("-0123456789", word.ptr[0]))
        return expected(j, "a value");
    j->at += length;
    *ret_text = word;
    return BASK_OK;
}

/* The part between the brackets: each member, with its key, or the key of a list that it is in.
 * `handle` gets an absent key in what is only passed over. */
static int
members(struct json *j, char close, bask_str key, int (*handle)(struct json *, bask_str))
{
    int err = BASK_OK;
    if (j->depth++ == DEEPEST)
        return expected(j, "less depth");
    j->at++;
    for (bool first = true; !err && !(first && skip(j, close)); first = false) {
        bask_str name = key;
        if (close == '}') {
            err = string(j);
            if (!err && !skip(j, ':'))
                err = expected(j, "a colon");
            if (!err && bask_conf_keep(j->reading->conf, bask_conf_built(&j->text), &name))
                err = no_memory(j);
        }
        if (!err)
            err = handle(j, name);
        if (!err && !skip(j, ',')) {
            if (!skip(j, close))
                err = expected(j, close == '}' ? "a comma or }" : "a comma or ]");
            break;
        }
    }
    j->depth--;
    return err;
}

/* Something that nobody wants to know. */
static int
pass_over(struct json *j, bask_str key)
{
    bask_str text;
    char c = peek(j);
    (void)key;
    if (c == '{' || c == '[')
        return members(j, c == '{' ? '}' : ']', (bask_str){NULL, 0}, pass_over);
    return c == '"' ? string(j) : literal(j, &text);
}

/* The value of an option, or one of several. */
static int
value(struct json *j, bask_str key)
{
    bask_str text;
    char c = peek(j);
    size_t line = j->line;
    int err;
    if (c == '[')
        return j->depth > 2 ? expected(j, "a text, a number, true or false")
                            : members(j, ']', key, value);
    if (c == '{')
        return expected(j, "a text, a number, true, false or a list of them");
    if (c == '"') {
        err = string(j);
        text = bask_conf_built(&j->text);
    } else {
        err = literal(j, &text);
    }
    return err ? err : bask_conf_item(j->reading, line, key, text);
}

/* A member of the outermost object: a section. */
static int
section(struct json *j, bask_str name)
{
    if (!bask_conf_wants(j->reading, name))
        return pass_over(j, name);
    if (peek(j) != '{')
        return expected(j, "{");
    return members(j, '}', name, value);
}

int
bask_conf_json(struct bask_conf_reading *reading, bask_str text)
{
    struct json j = {.reading = reading, .at = text.ptr, .end = text.ptr + text.len, .line = 1};
    int err = peek(&j) == '{' ? members(&j, '}', (bask_str){NULL, 0}, section) : expected(&j, "{");
    if (!err && peek(&j))
        err = expected(&j, "the end of the file");
    bask_buf_fini(&j.text);
    return err;
}
