/* Parsing of --cron and its relatives. Pure. */
#include "master/cron_spec.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT_MAX_S = 86400 * 366 };

static int
parse_field(enum bask_cron_field which, bask_str text, struct bask_cron *cron,
            struct bask_words words)
{
    const struct bask_cron_range *range = &bask_cron_ranges[which];
    bool is_negative = text.len && *text.ptr == '-';
    bask_str digits = bask_str_n(text.ptr + is_negative, text.len - is_negative);
    long long number;
    if (!bask_str_to_i64(digits, &number) && number <= INT16_MAX) {
        int32_t field = is_negative ? -(int32_t)number : (int32_t)number;
        bool is_minus_zero = is_negative && field == 0;
        if (!is_minus_zero && bask_cron_field_is_valid(which, field)) {
            cron->fields[which] = field;
            return BASK_OK;
        }
    }
    return bask_complain(
        words, BASK_E_SYNTAX,
        "%s \"%.*s\": expected %d to %d, -1 for any, or -2 to -%d for every so many", range->name,
        BASK_FMT(text), range->least, range->most, range->every);
}

static int
parse_plain(bask_str *text, struct cron_spec *spec, struct bask_words words)
{
    for (int i = 0; i < BASK_CRON_FIELDS; i++) {
        bask_str word = bask_str_take_word(text);
        if (!word.len)
            return bask_complain(words, BASK_E_SYNTAX,
                                 "expected minute, hour, day, month, weekday and a command");
        int err = parse_field((enum bask_cron_field)i, word, &spec->when, words);
        if (err)
            return err;
    }
    return BASK_OK;
}

static int
parse_unique(bask_str text, struct cron_spec *spec, struct bask_words words)
{
    spec->is_unique = bask_str_eq(text, BASK_STR("1")) || bask_str_eq(text, BASK_STR("true"));
    if (spec->is_unique || bask_str_eq(text, BASK_STR("0")) || bask_str_eq(text, BASK_STR("false")))
        return BASK_OK;
    return bask_complain(words, BASK_E_SYNTAX, "unique \"%.*s\": expected 0 or 1", BASK_FMT(text));
}

static int
parse_limit(bask_str text, struct cron_spec *spec, struct bask_words words)
{
    long long seconds;
    if (bask_str_to_i64(text, &seconds) || seconds > LIMIT_MAX_S)
        return bask_complain(words, BASK_E_SYNTAX,
                             "harakiri \"%.*s\": expected seconds, 0 for no limit", BASK_FMT(text));
    spec->limit_s = seconds;
    return BASK_OK;
}

static int
parse_pair(bask_str name, bask_str value, struct cron_spec *spec, struct bask_words words)
{
    for (int i = 0; i < BASK_CRON_FIELDS; i++)
        if (bask_str_eq(name, bask_str_of(bask_cron_ranges[i].name)))
            return parse_field((enum bask_cron_field)i, value, &spec->when, words);
    if (bask_str_eq(name, BASK_STR("unique")))
        return parse_unique(value, spec, words);
    if (bask_str_eq(name, BASK_STR("harakiri")))
        return parse_limit(value, spec, words);
    if (bask_str_eq(name, BASK_STR("legion")))
        return bask_complain(words, BASK_E_SYNTAX,
                             "there are no legions here, and no key \"legion\"");
    return bask_complain(words, BASK_E_SYNTAX,
                         "there is no key \"%.*s\", but minute, hour, day, month, week, unique and "
                         "harakiri",
                         BASK_FMT(name));
}

/* The first word says when, if there is a "=" in it. */
static int
parse_described(bask_str *text, struct cron_spec *spec, struct bask_words words)
{
    bask_str rest = *text, pairs = bask_str_take_word(&rest), pair, name, value;
    if (!pairs.len || !memchr(pairs.ptr, '=', pairs.len))
        return BASK_OK;
    *text = rest;
    for (bool more = true; more;) {
        more = bask_str_cut(pairs, ',', &pair, &pairs);
        if (!more)
            pair = pairs;
        if (!bask_str_cut(pair, '=', &name, &value))
            return bask_complain(words, BASK_E_SYNTAX, "expected key=value at \"%.*s\"",
                                 BASK_FMT(pair));
        int err = parse_pair(name, value, spec, words);
        if (err)
            return err;
    }
    return BASK_OK;
}

int
cron_spec_parse(enum cron_form form, bask_str text, struct cron_spec *ret_spec, char *error,
                size_t error_size)
{
    struct bask_words words = {error, error_size};
    struct cron_spec spec = {
        .when = {{-1, -1, -1, -1, -1}}, .is_unique = form == CRON_UNIQUE, .limit_s = -1};
    if (text.len && memchr(text.ptr, '\0', text.len))
        return bask_complain(words, BASK_E_SYNTAX, "there is a NUL byte in it");
    int err = form == CRON_DESCRIBED ? parse_described(&text, &spec, words)
                                     : parse_plain(&text, &spec, words);
    if (err)
        return err;
    text = bask_str_trim(text);
    if (!text.len)
        return bask_complain(words, BASK_E_SYNTAX, "there is no command");
    spec.command = strndup(text.ptr, text.len);
    if (!spec.command) {
        bask_complain(words, BASK_E_SYNTAX, "out of memory");
        return BASK_E_NOMEM;
    }
    *ret_spec = spec;
    return BASK_OK;
}

void
cron_spec_fini(struct cron_spec *spec)
{
    free(spec->command);
    *spec = (struct cron_spec){0};
}
