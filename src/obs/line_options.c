/* The rows of what lines contain, and what they mean. */
#include "base/err.h"
#include "obs/line.h"

#include <stdio.h>

#define AT(member) offsetof(struct bask_line_options, member)

static const struct bask_option rows[] = {
    {"log-format", "logformat", 0, BASK_OPT_STRING, AT(template), 0, 0, NULL, "TEXT",
     "the line of a request: text with %(uri), %(status) ..., %(var.NAME), %(metric.NAME), and "
     "%(NAME) of uwsgi.set_logvar"},
    {"log-format-strftime", "logformat-strftime", 0, BASK_OPT_FLAG, AT(own_ftime), 0, 0, NULL, NULL,
     "%(ftime) in it is a time as --log-date writes it"},
    {"log-format-escape", NULL, 0, BASK_OPT_STRING, AT(escape), 0, 0, "hex", "hex|json",
     "how bytes that clients chose stand in it: \\xNN, or for a template that is JSON \\u00NN"},
    {"log-micros", NULL, 0, BASK_OPT_FLAG, AT(micros), 0, 0, NULL, NULL,
     "the built-in line of a request tells its time in microseconds"},
    {"log-x-forwarded-for", NULL, 0, BASK_OPT_FLAG, AT(forwarded), 0, 0, NULL, NULL,
     "the address in a request's line is what X-Forwarded-For says, if a --trusted-proxy sent it"},
    {"memory-report", NULL, 'm', BASK_OPT_INT, AT(memory), 0, 2, "0", "[1|2]",
     "the built-in line begins with the memory of its process: address space and RSS; 2: also USS "
     "and PSS, which is slow"},
    {"log-date", "logdate log-prefix", 0, BASK_OPT_STRING, AT(date), 0, 0, NULL, "[FORMAT]",
     "the server's own lines begin with a date as strftime(3) has it, or with any text; without a "
     "value as uWSGI's",
     .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_line_option_table(struct bask_line_options *values)
{
    return (struct bask_option_table){
        .group = "Lines of the log",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

/* "log-date = true" is one without a value. */
static bask_str
date_of(bask_str text)
{
    const bask_str yes = BASK_STR("%a %b %e %T %Y");
    static const struct {
        bask_str word;
        bool is_yes;
    } words[] = {
        {BASK_STR(""), true},   {BASK_STR("true"), true}, {BASK_STR("1"), true},
        {BASK_STR("on"), true}, {BASK_STR("yes"), true},  {BASK_STR("false"), false},
        {BASK_STR("0"), false}, {BASK_STR("off"), false}, {BASK_STR("no"), false},
    };
    for (size_t i = 0; text.ptr && i < sizeof words / sizeof *words; i++)
        if (bask_str_eq_nocase(text, words[i].word))
            return words[i].is_yes ? yes : (bask_str){0};
    return text;
}

int
bask_line_options_settle(struct bask_line_options *options, const char **ret_name, char *error,
                         size_t error_size)
{
    options->format = NULL;
    options->how =
        bask_str_eq(options->escape, BASK_STR("json")) ? BASK_ESCAPE_JSON : BASK_ESCAPE_HEX;
    if (options->how == BASK_ESCAPE_HEX && !bask_str_eq(options->escape, BASK_STR("hex"))) {
        *ret_name = "log-format-escape";
        snprintf(error, error_size, "\"%.*s\", expected hex or json", BASK_FMT(options->escape));
        return BASK_E_SYNTAX;
    }
    options->date = date_of(options->date);
    if (!options->template.len)
        return BASK_OK;
    int err = bask_line_format_parse(options->template, &options->format);
    *ret_name = "log-format";
    if (err == BASK_E_LIMIT)
        snprintf(error, error_size, "expected at most %d bytes, and each %%(name) counts as %d",
                 BASK_LINE_TEMPLATE_MAX, BASK_LINE_NUMBER);
    else if (err)
        snprintf(error, error_size, "%s", bask_err_text(err));
    return err;
}
