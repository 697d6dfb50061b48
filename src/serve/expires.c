/* Rules in the order of BASK_EXPIRES_KINDS, and of the command line within a kind. */
#include "serve/expires.h"

#include "base/err.h"
#include "base/units.h"
#include "proto/date.h"
#include "serve/pattern.h"

#include <stdio.h>
#include <stdlib.h>

struct rule {
    enum bask_expires_kind kind;
    bool compiled;
    regex_t pattern;
    bask_str type;
    int64_t seconds;
};

struct bask_expires {
    bool wants_name;
    size_t count;
    struct rule rules[];
};

static const char *const names[] = {
#define X(symbol, name) name,
    BASK_EXPIRES_KINDS(X)
#undef X
};

static bool
is_about_type(enum bask_expires_kind kind)
{
    return kind == BASK_EXPIRES_TYPE || kind == BASK_EXPIRES_TYPE_MTIME;
}

static bool
counts_from_change(enum bask_expires_kind kind)
{
    return kind % 2 == 1;
}

/* The part before and after the last separator. */
static bool
split(bask_str text, char separator, bask_str *ret_before, bask_str *ret_after)
{
    for (size_t at = text.len; at-- > 0;)
        if (text.ptr[at] == separator) {
            *ret_before = bask_str_trim(bask_str_n(text.ptr, at));
            *ret_after = bask_str_trim(bask_str_n(text.ptr + at + 1, text.len - at - 1));
            return ret_before->len > 0;
        }
    return false;
}

static int
read_rule(struct rule *rule, enum bask_expires_kind kind, bask_str text, char *error, size_t size)
{
    bask_str subject, time;
    int64_t ms;
    bool about_type = is_about_type(kind);
    text = bask_str_trim(text);
    if (!split(text, about_type ? '=' : ' ', &subject, &time) || bask_duration_parse(time, &ms)) {
        snprintf(error, size, "expected %s", about_type ? "TYPE=SECONDS" : "\"PATTERN SECONDS\"");
        return BASK_E_SYNTAX;
    }
    rule->kind = kind;
    rule->seconds = ms / 1000;
    rule->type = subject;
    if (about_type)
        return BASK_OK;
    int err = bask_pattern_compile(&rule->pattern, subject, error, size);
    rule->compiled = !err;
    return err;
}

static int
read_rules(struct bask_expires *expires, enum bask_expires_kind kind,
           const struct bask_values *values, char *error, size_t size)
{
    char why[256];
    for (size_t i = 0; i < values->count; i++) {
        const struct bask_value *value = &values->items[i];
        struct rule *rule = &expires->rules[expires->count++];
        int err = read_rule(rule, kind, value->text, why, sizeof why);
        if (err) {
            snprintf(error, size, "%.*s: --%s \"%.*s\": %s", BASK_FMT(value->origin), names[kind],
                     BASK_FMT(value->text), why);
            return err;
        }
    }
    return BASK_OK;
}

int
bask_expires_new(const struct bask_values *values, struct bask_expires **ret_expires, char *error,
                 size_t error_size)
{
    size_t count = 0;
    for (int kind = 0; kind < BASK_EXPIRES_KIND_COUNT; kind++)
        count += values[kind].count;
    struct bask_expires *expires = calloc(1, sizeof *expires + count * sizeof *expires->rules);
    if (!expires) {
        snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
        return BASK_E_NOMEM;
    }
    int err = BASK_OK;
    for (int kind = 0; kind < BASK_EXPIRES_KIND_COUNT && !err; kind++)
        err = read_rules(expires, (enum bask_expires_kind)kind, &values[kind], error, error_size);
    if (err) {
        bask_expires_free(&expires);
        return err;
    }
    expires->wants_name = values[BASK_EXPIRES_NAME].count || values[BASK_EXPIRES_NAME_MTIME].count;
    *ret_expires = expires;
    return BASK_OK;
}

void
bask_expires_free(struct bask_expires **expires)
{
    for (size_t i = 0; *expires && i < (*expires)->count; i++)
        if ((*expires)->rules[i].compiled)
            regfree(&(*expires)->rules[i].pattern);
    free(*expires);
    *expires = NULL;
}

bool
bask_expires_wants_name(const struct bask_expires *expires)
{
    return expires->wants_name;
}

static bool
fits(const struct rule *rule, const struct bask_expires_file *file)
{
    const bask_str subjects[] = {file->name, file->path, file->uri};
    if (is_about_type(rule->kind))
        return bask_str_eq(rule->type, file->type);
    return bask_pattern_matches(&rule->pattern, subjects[rule->kind / 2]);
}

int64_t
bask_expires_at(const struct bask_expires *expires, const struct bask_expires_file *file,
                int64_t now)
{
    for (size_t i = 0; i < expires->count; i++) {
        const struct rule *rule = &expires->rules[i];
        if (!fits(rule, file))
            continue;
        int64_t from = counts_from_change(rule->kind) ? file->modified : now;
        if (from < 0)
            from = 0;
        return from > BASK_DATE_MAX - rule->seconds ? BASK_DATE_MAX : from + rule->seconds;
    }
    return -1;
}
