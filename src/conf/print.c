/*
 * The options on paper: --help for a terminal, the reference manual, and the bare list of names.
 * Only reads the conf; what it prints about a row comes from the row.
 */
#include "conf/private.h"

#include "base/str.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    HELP_COLUMN = 30, /* where the sentences start */
    NARROWEST = 50,
    WIDEST = 160,
};

/* Text that is broken between words. */
struct flow {
    FILE *to;
    size_t column, width;
};

static void
flow_text(struct flow *flow, const char *text)
{
    while (*(text += strspn(text, " "))) {
        size_t len = strcspn(text, " ");
        if (flow->column > HELP_COLUMN && flow->column + 1 + len > flow->width) {
            fputc('\n', flow->to);
            flow->column = 0;
        }
        if (flow->column < HELP_COLUMN) {
            fprintf(flow->to, "%*s", (int)(HELP_COLUMN - flow->column), "");
            flow->column = HELP_COLUMN;
        } else if (flow->column > HELP_COLUMN) {
            fputc(' ', flow->to);
            flow->column++;
        }
        fwrite(text, 1, len, flow->to);
        flow->column += len;
        text += len;
    }
}

static size_t
page_width(FILE *to)
{
    const char *columns = getenv("COLUMNS");
    long long width;
    if (!columns || !isatty(fileno(to)) || bask_str_to_i64(bask_str_of(columns), &width))
        return 80;
    return (size_t)(width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : width);
}

/* "--socket ADDRESS", "--keepalive[=N]", "-s ADDRESS", "-k[N]" */
static int
print_usage(const struct bask_option *row, const char *dashes, bask_str name, FILE *to)
{
    bask_str argument = bask_conf_argument(row);
    bool is_long = dashes[1] == '-';
    switch (bask_conf_arity(row)) {
    case BASK_CONF_NO_VALUE:
        break;
    case BASK_CONF_OPTIONAL:
        return fprintf(to, "%s%.*s[%s%.*s]", dashes, BASK_FMT(name), is_long ? "=" : "",
                       BASK_FMT(argument));
    case BASK_CONF_REQUIRED:
        return fprintf(to, "%s%.*s %.*s", dashes, BASK_FMT(name), BASK_FMT(argument));
    }
    return fprintf(to, "%s%.*s", dashes, BASK_FMT(name));
}

/* The next of the names in a row's aliases; absent at the end. */
static bask_str
next_alias(const char **rest)
{
    if (!*rest)
        return (bask_str){NULL, 0};
    *rest += strspn(*rest, " ");
    size_t len = strcspn(*rest, " ");
    bask_str name = {len ? *rest : NULL, len};
    *rest += len;
    return name;
}

/* The notes behind the sentence: "(default: 1; repeatable; also --workers, --procs)". */
static void
help_notes(struct flow *flow, const struct bask_option *row)
{
    char note[200];
    const char *rest = row->aliases, *open = "(";
    bask_str alias = next_alias(&rest);
    bool repeatable = row->type == BASK_OPT_LIST;
    if (row->initial) {
        snprintf(note, sizeof note, "%sdefault: %s%s", open,
                 row->initial[0] ? row->initial : "\"\"", repeatable || alias.ptr ? ";" : ")");
        flow_text(flow, note);
        open = "";
    }
    if (repeatable) {
        snprintf(note, sizeof note, "%srepeatable%s", open, alias.ptr ? ";" : ")");
        flow_text(flow, note);
        open = "";
    }
    for (const char *also = "also "; alias.ptr; also = "") {
        bask_str next = next_alias(&rest);
        snprintf(note, sizeof note, "%s%s--%.*s%s", open, also, BASK_FMT(alias),
                 next.ptr ? "," : ")");
        flow_text(flow, note);
        open = "";
        alias = next;
    }
}

static void
help_row(const struct bask_option *row, FILE *to, size_t width)
{
    char letter[] = {'-', row->short_name, ',', ' ', '\0'};
    size_t used = (size_t)fprintf(to, "  %s", row->short_name ? letter : "    ");
    used += (size_t)print_usage(row, "--", bask_str_of(row->name), to);
    struct flow flow = {to, used, width};
    if (used + 2 > HELP_COLUMN) {
        fputc('\n', to);
        flow.column = 0;
    }
    flow_text(&flow, row->help);
    help_notes(&flow, row);
    fputc('\n', to);
}

static bool
contains(const char *text, const char *part)
{
    size_t len = strlen(part);
    for (; strlen(text) >= len; text++)
        if (bask_str_eq_nocase(bask_str_n(text, len), bask_str_n(part, len)))
            return true;
    return false;
}

/* Tables with the same heading are one group; the first of them speaks for all. */
static bool
starts_group(const struct bask_conf *conf, size_t table)
{
    for (size_t i = 0; i < table; i++)
        if (strcmp(conf->tables[i].group, conf->tables[table].group) == 0)
            return false;
    return true;
}

/* Rows of the group that the table starts, one a call; NULL at the end. */
static const struct bask_option *
next_row(const struct bask_conf *conf, size_t table, size_t *cursor)
{
    while (*cursor < conf->setting_count) {
        const struct bask_conf_setting *setting = &conf->settings[(*cursor)++];
        if (strcmp(conf->tables[setting->table].group, conf->tables[table].group) == 0)
            return setting->row;
    }
    return NULL;
}

void
bask_conf_help(const struct bask_conf *conf, const char *group, FILE *to)
{
    size_t width = page_width(to), printed = 0;
    for (size_t t = 0; t < conf->table_count; t++) {
        if (!starts_group(conf, t) || (group && !contains(conf->tables[t].group, group)))
            continue;
        fprintf(to, "%s%s:\n", printed++ ? "\n" : "", conf->tables[t].group);
        size_t cursor = 0;
        for (const struct bask_option *row; (row = next_row(conf, t, &cursor));)
            help_row(row, to, width);
    }
    if (printed || !group)
        return;
    fprintf(to, "There is no group \"%s\". The groups:\n",
            bask_conf_shown(bask_str_of(group)).text);
    for (size_t t = 0; t < conf->table_count; t++)
        if (starts_group(conf, t))
            fprintf(to, "  %s\n", conf->tables[t].group);
}

/* A sentence in Markdown: its marks are taken literally. */
static void
literal(const char *text, FILE *to)
{
    for (; *text; text++) {
        if (strchr("\\`*_<[|", *text))
            fputc('\\', to);
        fputc(*text, to);
    }
}

static void
markdown_value(const struct bask_option *row, FILE *to)
{
    if (row->type == BASK_OPT_FLAG)
        fprintf(to, "- Switch: `--no-%s` or `--%s=false` turns it off\n", row->name, row->name);
    else if (row->type < BASK_OPT_ACTION || row->argument)
        fprintf(to, "- Value: %s%s%s\n", bask_conf_expected(row).text,
                bask_conf_arity(row) == BASK_CONF_OPTIONAL ? "; may be left out" : "",
                row->type == BASK_OPT_LIST ? "; repeatable" : "");
    if (row->initial)
        fprintf(to, "- Default: %s%s%s\n", row->initial[0] ? "`" : "empty", row->initial,
                row->initial[0] ? "`" : "");
    if (row->type == BASK_OPT_ACTION)
        fprintf(to, "- Does this instead of serving\n");
    const char *before = "- Implies: ", *rest = row->implies;
    for (bask_str name; (name = next_alias(&rest)).ptr; before = ", ")
        fprintf(to, "%s`--%.*s`", before, BASK_FMT(name));
    if (before[0] == ',')
        fputc('\n', to);
    if (row->flags & BASK_OPT_FIXED)
        fprintf(to, "- Cannot change at a reload\n");
}

static void
markdown_row(const struct bask_option *row, FILE *to)
{
    fprintf(to, "\n### `");
    print_usage(row, "--", bask_str_of(row->name), to);
    fprintf(to, "`\n\n");
    literal(row->help, to);
    fprintf(to, "\n\n");
    if (row->short_name) {
        fprintf(to, "- Short: `");
        print_usage(row, "-", bask_str_n(&row->short_name, 1), to);
        fprintf(to, "`\n");
    }
    const char *rest = row->aliases, *before = "- Also: ";
    for (bask_str alias; (alias = next_alias(&rest)).ptr; before = ", ")
        fprintf(to, "%s`--%.*s`", before, BASK_FMT(alias));
    if (before[0] == ',')
        fputc('\n', to);
    markdown_value(row, to);
}

void
bask_conf_markdown(const struct bask_conf *conf, FILE *to)
{
    fprintf(to,
            "<!-- Printed from the option tables by `make docs`; edit the tables. -->\n\n"
            "# Options\n\n"
            "On the command line an option is written `--name value`, `--name=value` or, if it\n"
            "has a short name, `-n value`. Sizes are bytes, or `64k`, `1m`, `2g`. Times are\n"
            "seconds, or `500ms`, `2m`, `1h`, `1d`. In a file it is `name = value`.\n");
    for (size_t t = 0; t < conf->table_count; t++) {
        if (!starts_group(conf, t))
            continue;
        fprintf(to, "\n## %s\n", conf->tables[t].group);
        size_t cursor = 0;
        for (const struct bask_option *row; (row = next_row(conf, t, &cursor));)
            markdown_row(row, to);
    }
}

void
bask_conf_list(const struct bask_conf *conf, FILE *to)
{
    for (size_t i = 0; i < conf->name_count; i++)
        fprintf(to, "%.*s\n", BASK_FMT(conf->names[i].text));
}
