/*
 * From the text of a value to its number, and the words for what a row accepts. Knows one row at a
 * time; knows nothing of sources.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"
#include "base/units.h"
#include "sys/cpus.h"

#include <inttypes.h>

enum bask_conf_arity
bask_conf_arity(const struct bask_option *row)
{
    if (row->type == BASK_OPT_FLAG || (row->type >= BASK_OPT_ACTION && !row->argument))
        return BASK_CONF_NO_VALUE;
    if (row->argument && row->argument[0] == '[')
        return BASK_CONF_OPTIONAL;
    return BASK_CONF_REQUIRED;
}

bask_str
bask_conf_argument(const struct bask_option *row)
{
    static const bask_str words[] = {
        [BASK_OPT_FLAG] = BASK_STR("BOOL"),   [BASK_OPT_INT] = BASK_STR("N"),
        [BASK_OPT_SIZE] = BASK_STR("SIZE"),   [BASK_OPT_DURATION] = BASK_STR("TIME"),
        [BASK_OPT_STRING] = BASK_STR("TEXT"), [BASK_OPT_LIST] = BASK_STR("TEXT"),
        [BASK_OPT_ACTION] = BASK_STR("TEXT"), [BASK_OPT_DIRECTIVE] = BASK_STR("TEXT"),
    };
    if (!row->argument)
        return words[row->type];
    bask_str word = bask_str_of(row->argument);
    if (word.len >= 2 && word.ptr[0] == '[' && word.ptr[word.len - 1] == ']')
        return bask_str_n(word.ptr + 1, word.len - 2);
    return word;
}

static int
parse_bool(bask_str text, int64_t *ret_number)
{
    static const struct {
        bask_str word;
        bool value;
    } words[] = {
        {BASK_STR("true"), true}, {BASK_STR("yes"), true},    {BASK_STR("on"), true},
        {BASK_STR("1"), true},    {BASK_STR("false"), false}, {BASK_STR("no"), false},
        {BASK_STR("off"), false}, {BASK_STR("0"), false},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (bask_str_eq_nocase(text, words[i].word)) {
            *ret_number = words[i].value;
            return BASK_OK;
        }
    return BASK_E_SYNTAX;
}

static int
parse_int(bask_str text, int64_t *ret_number)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    if (negative)
        text = bask_str_n(text.ptr + 1, text.len - 1);
    /* The one number whose opposite is not an int64_t. */
    if (negative && bask_str_eq(text, BASK_STR("9223372036854775808"))) {
        *ret_number = INT64_MIN;
        return BASK_OK;
    }
    long long number;
    int err = bask_str_to_i64(text, &number);
    if (!err)
        *ret_number = negative ? -number : number;
    return err;
}

static int
parse(const struct bask_option *row, bask_str text, int64_t *ret_number)
{
    switch (row->type) {
    case BASK_OPT_FLAG:
        return parse_bool(text, ret_number);
    case BASK_OPT_INT:
        if (row->flags & BASK_OPT_CPUS && bask_str_eq_nocase(text, BASK_STR("auto"))) {
            *ret_number = bask_cpus();
            return BASK_OK;
        }
        return parse_int(text, ret_number);
    case BASK_OPT_SIZE:
        return bask_size_parse(text, ret_number);
    case BASK_OPT_DURATION:
        return bask_duration_parse(text, ret_number);
    case BASK_OPT_STRING:
    case BASK_OPT_LIST:
    case BASK_OPT_ACTION:
    case BASK_OPT_DIRECTIVE:
        break;
    }
    *ret_number = 0;
    return BASK_OK;
}

bool
bask_conf_is_number(const struct bask_option *row)
{
    return row->type == BASK_OPT_INT || row->type == BASK_OPT_SIZE ||
           row->type == BASK_OPT_DURATION;
}

int
bask_conf_number(const struct bask_option *row, bask_str text, int64_t *ret_number)
{
    int64_t number;
    int err = parse(row, text, &number);
    if (err && bask_conf_is_number(row) && bask_conf_arity(row) == BASK_CONF_OPTIONAL)
        err = text.len ? parse_bool(text, &number) : parse_bool(BASK_STR("1"), &number);
    if (err)
        return err;
    if (bask_conf_is_number(row) && (number < row->min || number > row->max))
        return BASK_E_RANGE;
    *ret_number = number;
    return BASK_OK;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where a number ends and a comment begins: white space, then "#", ";" or "//". */
static bool
cut_comment(bask_str *text)
{
    size_t end = 0, next;
    while (end < text->len && !is_blank(text->ptr[end]))
        end++;
    for (next = end; next < text->len && is_blank(text->ptr[next]);)
        next++;
    bask_str rest = bask_str_n(text->ptr + next, text->len - next);
    if (!end || !(bask_str_starts(rest, BASK_STR("#")) || bask_str_starts(rest, BASK_STR(";")) ||
                  bask_str_starts(rest, BASK_STR("//"))))
        return false;
    text->len = end;
    return true;
}

static bool
cut_quotes(bask_str *text)
{
    char quote = text->len > 2 ? text->ptr[0] : '\0';
    if ((quote != '"' && quote != '\'') || text->ptr[text->len - 1] != quote)
        return false;
    *text = bask_str_n(text->ptr + 1, text->len - 2);
    return true;
}

bool
bask_conf_lax_number(const struct bask_option *row, bask_str *text)
{
    int64_t number;
    if (!bask_conf_is_number(row))
        return false;
    bool cut = cut_comment(text);
    cut = cut_quotes(text) || cut;
    if (cut && parse(row, *text, &number) == BASK_OK)
        return true;
    if (text->len && parse_bool(*text, &number))
        return false;
    if (bask_conf_arity(row) != BASK_CONF_OPTIONAL) /* there they have a meaning */
        *text = BASK_STR("0");
    return true;
}

/* A number the way a user would write it: the largest unit that divides it. */
static void
spell(const struct bask_option *row, int64_t number, char *to, size_t size)
{
    static const struct {
        enum bask_option_type type;
        int64_t factor;
        const char *suffix;
    } units[] = {
        {BASK_OPT_SIZE, 1 << 30, "g"},     {BASK_OPT_SIZE, 1 << 20, "m"},
        {BASK_OPT_SIZE, 1 << 10, "k"},     {BASK_OPT_DURATION, 86400000, "d"},
        {BASK_OPT_DURATION, 3600000, "h"}, {BASK_OPT_DURATION, 60000, "m"},
        {BASK_OPT_DURATION, 1000, "s"},    {BASK_OPT_DURATION, 1, "ms"},
    };
    for (size_t i = 0; number && i < sizeof units / sizeof *units; i++)
        if (units[i].type == row->type && number % units[i].factor == 0) {
            snprintf(to, size, "%" PRId64 "%s", number / units[i].factor, units[i].suffix);
            return;
        }
    snprintf(to, size, "%" PRId64, number);
}

struct bask_conf_phrase
bask_conf_expected(const struct bask_option *row)
{
    static const char *const kinds[] = {
        [BASK_OPT_FLAG] = "true or false",
        [BASK_OPT_INT] = "a whole number",
        [BASK_OPT_SIZE] = "a size in bytes (or with k, m, g)",
        [BASK_OPT_DURATION] = "a time in seconds (or with ms, s, m, h, d)",
        [BASK_OPT_STRING] = "a text",
        [BASK_OPT_LIST] = "a text",
        [BASK_OPT_ACTION] = "a text",
        [BASK_OPT_DIRECTIVE] = "a text",
    };
    struct bask_conf_phrase phrase;
    const char *kind = kinds[row->type];
    char min[32], max[32];
    spell(row, row->min, min, sizeof min);
    spell(row, row->max, max, sizeof max);
    /* Sizes and times are never negative, so for them 0 is no limit worth telling. */
    bool low = row->min > (row->type == BASK_OPT_INT ? INT64_MIN : 0), high = row->max < INT64_MAX;
    if (!bask_conf_is_number(row) || (!low && !high))
        snprintf(phrase.text, sizeof phrase.text, "%s", kind);
    else if (!high)
        snprintf(phrase.text, sizeof phrase.text, "%s, at least %s", kind, min);
    else if (!low)
        snprintf(phrase.text, sizeof phrase.text, "%s, at most %s", kind, max);
    else
        snprintf(phrase.text, sizeof phrase.text, "%s from %s to %s", kind, min, max);
    if (row->flags & BASK_OPT_CPUS)
        strcat(phrase.text, ", or auto");
    return phrase;
}
