/*
 * What values refer to: %(name) is another value, $(NAME) a variable of the environment, @(file)
 * the contents of a file. %(a + b) computes. What is not known stays as it is written, because
 * other things are written so, too: the formats of logs have %(method).
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

#include <stdlib.h>

enum {
    DEEPEST = 16,       /* references inside references: more is a circle */
    LONGEST = 64 << 10, /* bytes of a value */
    MOST = 20000,       /* references that are followed, in all values together */
};

struct expansion {
    struct bask_conf *conf;
    struct bask_conf_place place;
    struct bask_conf_error *error;
    int depth;
};

static int expand(struct expansion *x, bask_str text, struct bask_buf *out);

bask_str
bask_conf_getenv(const struct bask_conf *conf, bask_str name)
{
    for (char **env = conf->facts.env; env && *env; env++) {
        bask_str key, value;
        if (bask_str_cut(bask_str_of(*env), '=', &key, &value) && bask_str_eq(key, name))
            return value;
    }
    return (bask_str){NULL, 0};
}

static int
append(struct expansion *x, struct bask_buf *out, bask_str text)
{
    if (bask_buf_len(out) + text.len > LONGEST)
        return bask_conf_fail(x->error, BASK_E_LIMIT, "%.*s: a value of more than %d bytes",
                              BASK_FMT(x->place.origin), LONGEST);
    return bask_buf_append(out, text) ? bask_conf_no_memory(x->error, x->place) : BASK_OK;
}

/* The value of an option or a placeholder, resolved. */
static int
refer(struct expansion *x, struct bask_conf_entry *entry, struct bask_buf *out)
{
    if (x->depth == DEEPEST || x->conf->expansions++ == MOST)
        return bask_conf_fail(x->error, BASK_E_LIMIT, "%.*s: %%(%s) refers to itself%s",
                              BASK_FMT(x->place.origin), bask_conf_shown(entry->key).text,
                              x->depth == DEEPEST ? "" : ", or there are too many references");
    x->depth++;
    entry->used = true;
    int err = expand(x, entry->text.ptr ? entry->text : BASK_STR("true"), out);
    x->depth--;
    return err;
}

/* As atoi: the number at the beginning, 0 if there is none. */
static int64_t
number(bask_str text)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%.*s", (int)(text.len < 31 ? text.len : 31),
             text.ptr ? text.ptr : "");
    return strtoll(digits, NULL, 10);
}

static int64_t
compute(int64_t a, char operation, int64_t b)
{
    int64_t result;
    switch (operation) {
    case '+':
        return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
    case '-':
        return __builtin_sub_overflow(a, b, &result) ? INT64_MIN : result;
    case '*':
        return __builtin_mul_overflow(a, b, &result) ? INT64_MAX : result;
    default:
        if (b == 0)
            return 0; /* as uWSGI has it */
        return a == INT64_MIN && b == -1 ? INT64_MAX : a / b;
    }
}

static void
replace_by_number(struct bask_buf *result, int64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
    bask_buf_consume(result, bask_buf_len(result));
    bask_buf_append(result, bask_str_n(digits, (size_t)length)); /* no growth: see compute_all */
}

/* One operand: a name that has a value, or itself. Joined to what there is. */
static int
operand(struct expansion *x, bask_str word, char operation, struct bask_buf *result)
{
    struct bask_conf_entry *entry = bask_conf_entry(x->conf, word);
    struct bask_buf value = {0};
    int err = entry ? refer(x, entry, &value) : append(x, &value, word);
    if (!err && operation)
        replace_by_number(result, compute(number(bask_conf_built(result)), operation,
                                          number(bask_conf_built(&value))));
    else if (!err)
        err = append(x, result, bask_conf_built(&value));
    bask_buf_fini(&value);
    return err;
}

/* "a b" is both, "a + b" the sum, "a ++" one more. */
static int
compute_all(struct expansion *x, bask_str words, struct bask_buf *out)
{
    struct bask_buf result = {0};
    char operation = 0;
    int err = bask_buf_reserve(&result, 64) ? bask_conf_no_memory(x->error, x->place) : BASK_OK;
    for (bool more = true; more && !err;) {
        bask_str word = words;
        more = bask_str_cut(words, ' ', &word, &words);
        if (word.len == 1 && strchr("+-*/", word.ptr[0])) {
            operation = word.ptr[0];
        } else if (bask_str_eq(word, BASK_STR("++")) || bask_str_eq(word, BASK_STR("--"))) {
            replace_by_number(&result, compute(number(bask_conf_built(&result)), word.ptr[0], 1));
        } else if (word.len) {
            err = operand(x, word, operation, &result);
            operation = 0;
        }
    }
    if (!err)
        err = append(x, out, bask_conf_built(&result));
    bask_buf_fini(&result);
    return err;
}

/* "%(name)" or "%(a + b)"; left as it is if the name is not known. */
static int
placeholder(struct expansion *x, bask_str whole, bask_str name, struct bask_buf *out)
{
    struct bask_conf_entry *entry = bask_conf_entry(x->conf, name);
    if (entry)
        return refer(x, entry, out);
    if (name.len && memchr(name.ptr, ' ', name.len))
        return compute_all(x, name, out);
    return append(x, out, whole);
}

static int
variable(struct expansion *x, bask_str whole, bask_str name, struct bask_buf *out)
{
    bask_str value = bask_conf_getenv(x->conf, name);
    if (value.ptr)
        return append(x, out, value);
    if (bask_conf_warn(x->conf, "%.*s: %s is not set in the environment", BASK_FMT(x->place.origin),
                       bask_conf_shown(whole).text))
        return bask_conf_no_memory(x->error, x->place);
    return append(x, out, whole);
}

/* The contents of a file, without the end of the last line. */
static int
contents(struct expansion *x, bask_str name, struct bask_buf *out)
{
    const char *why;
    bask_str text;
    int err = bask_conf_slurp(x->conf, name, &text, &why);
    if (err)
        return bask_conf_fail(x->error, err, "%.*s: cannot read %s: %s", BASK_FMT(x->place.origin),
                              bask_conf_shown(name).text, why);
    bask_str used = text;
    while (used.len && (used.ptr[used.len - 1] == '\n' || used.ptr[used.len - 1] == '\r'))
        used.len--;
    err = append(x, out, used);
    free((char *)text.ptr);
    return err;
}

/* Appends the text with all that it refers to. */
static int
expand(struct expansion *x, bask_str text, struct bask_buf *out)
{
    int err = BASK_OK;
    size_t done = 0;
    for (size_t i = 0; i + 2 < text.len && !err; i++) {
        if (text.ptr[i + 1] != '(' || !strchr("%$@", text.ptr[i]) || !text.ptr[i])
            continue;
        const char *end = memchr(text.ptr + i, ')', text.len - i);
        if (!end)
            break;
        bask_str whole = bask_str_n(text.ptr + i, (size_t)(end - text.ptr) - i + 1);
        bask_str name = bask_str_n(whole.ptr + 2, whole.len - 3);
        err = append(x, out, bask_str_n(text.ptr + done, i - done));
        if (!err && text.ptr[i] == '%')
            err = placeholder(x, whole, name, out);
        else if (!err)
            err = text.ptr[i] == '$' ? variable(x, whole, name, out) : contents(x, name, out);
        done = i + whole.len;
        i = done - 1;
    }
    return err ? err : append(x, out, bask_str_n(text.ptr + done, text.len - done));
}

int
bask_conf_expand(struct bask_conf *conf, bask_str text, struct bask_conf_place place,
                 bask_str *ret_text, struct bask_conf_error *ret_error)
{
    struct expansion x = {conf, place, ret_error, 0};
    struct bask_buf out = {0};
    if (!text.len || !memchr(text.ptr, '(', text.len)) {
        *ret_text = text;
        return BASK_OK;
    }
    int err = expand(&x, text, &out);
    if (!err && bask_conf_keep(conf, bask_conf_built(&out), ret_text))
        err = bask_conf_no_memory(ret_error, place);
    bask_buf_fini(&out);
    return err;
}

int
bask_conf_replace(struct bask_conf *conf, bask_str text, bask_str from, bask_str to,
                  bask_str *ret_text)
{
    struct bask_buf out = {0};
    size_t done = 0;
    int err = BASK_OK;
    for (size_t i = 0; i + from.len <= text.len && !err; i++) {
        if (memcmp(text.ptr + i, from.ptr, from.len) != 0)
            continue;
        err = bask_buf_append(&out, bask_str_n(text.ptr + done, i - done));
        if (!err)
            err = bask_buf_append(&out, to);
        if (bask_buf_len(&out) > LONGEST)
            err = BASK_E_LIMIT;
        done = i + from.len;
        i = done - 1;
    }
    if (!done && !err) {
        *ret_text = text;
        return BASK_OK;
    }
    if (!err)
        err = bask_buf_append(&out, bask_str_n(text.ptr + done, text.len - done));
    if (!err)
        err = bask_conf_keep(conf, bask_conf_built(&out), ret_text);
    bask_buf_fini(&out);
    return err;
}
