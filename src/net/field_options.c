/* The rows of fields that answers get and lose, and the rules that follow from them. */
#include "net/field_options.h"

#include "base/err.h"
#include "req/response.h"

#include <stdio.h>
#include <stdlib.h>

#define AT(member) offsetof(struct bask_field_options, member)

enum { FIELD_MOST = 8192, SHOWN = 100 /* of a value that is wrong */ };

static const struct bask_option rows[] = {
    {"add-header", NULL, 0, BASK_OPT_LIST, AT(added), 0, 0, NULL, "\"NAME: VALUE\"",
     "a header field that every answer gets, of the application or a static file, beside those "
     "that it has"},
    {"rem-header", "del-header", 0, BASK_OPT_LIST, AT(removed), 0, 0, NULL, "NAME",
     "take this header field from every answer before --add-header adds any"},
};

struct bask_option_table
bask_field_option_table(struct bask_field_options *values)
{
    return (struct bask_option_table){
        .group = "Header fields of answers",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

static int
complain(const char *option, const struct bask_value *value, const char *why, char *error,
         size_t size)
{
    int shown = value->text.len < SHOWN ? (int)value->text.len : SHOWN;
    snprintf(error, size, "%.*s: --%s \"%.*s\": %s", BASK_FMT(value->origin), option, shown,
             value->text.ptr, why);
    return BASK_E_SYNTAX;
}

/* By the measure that heads of applications are held to. */
static bool
is_line(const char *before, bask_str text, const char *after, struct bask_head_facts *ret_facts)
{
    char head[FIELD_MOST + 64];
    const struct bask_response_traits traits = {.chunked = true};
    struct bask_response response;
    if (!text.len || text.len > FIELD_MOST)
        return false;
    int len = snprintf(head, sizeof head, "200 OK\r\n%s%.*s%s\r\n", before, BASK_FMT(text), after);
    if (bask_response_plan(&response, &traits, bask_str_n(head, (size_t)len), 1, -1))
        return false;
    *ret_facts = response.facts;
    return true;
}

/* Fields that say how an answer is framed, and when it was made. What Connection may say is done
 * by what it means: RFC 9112 9.6. NULL: it is none of them. */
static const char *
refusal_of(bask_str name)
{
    static const struct {
        bask_str name;
        const char *why;
    } server_owned[] = {
        {BASK_STR("content-length"), "how long an answer is, the server knows"},
        {BASK_STR("transfer-encoding"), "how an answer is framed is the server's to say"},
        {BASK_STR("date"), "the server tells the time of each answer"},
    };
    for (size_t i = 0; i < sizeof server_owned / sizeof *server_owned; i++)
        if (bask_str_eq_nocase(name, server_owned[i].name))
            return server_owned[i].why;
    return NULL;
}

/* 1: it is a line to add. 0: it is done otherwise. */
static int
judge_line(struct bask_field_options *options, const struct bask_value *value, char *error,
           size_t size)
{
    struct bask_head_facts facts;
    bask_str name = {0}, content = {0};
    bask_str_cut(value->text, ':', &name, &content);
    const char *why = refusal_of(name);
    if (!why && !is_line("", value->text, "", &facts))
        why = "expected \"Name: value\" without control bytes";
    if (why)
        return complain("add-header", value, why, error, size);
    if (!facts.has_connection)
        return 1;
    content = bask_str_trim(content);
    if (bask_str_eq_nocase(content, BASK_STR("close")))
        options->closes = true;
    else if (!bask_str_eq_nocase(content, BASK_STR("keep-alive")))
        return complain("add-header", value, "of Connection only close or keep-alive", error, size);
    return 0;
}

static int
add_lines(struct bask_field_options *options, char *error, size_t size)
{
    struct bask_field_rules *rules = &options->rules;
    size_t room = 1;
    for (size_t i = 0; i < options->added.count; i++)
        room += options->added.items[i].text.len + 2;
    char *lines = malloc(room);
    if (!lines)
        return BASK_E_NOMEM;
    rules->added = bask_str_n(lines, 0);
    for (size_t i = 0; i < options->added.count; i++) {
        const struct bask_value *value = &options->added.items[i];
        int is_one = judge_line(options, value, error, size);
        if (is_one < 0)
            return is_one;
        if (!is_one)
            continue;
        memcpy(lines + rules->added.len, value->text.ptr, value->text.len);
        memcpy(lines + rules->added.len + value->text.len, "\r\n", 2);
        rules->added.len += value->text.len + 2;
        rules->added_count++;
    }
    return BASK_OK;
}

static int
remove_names(struct bask_field_options *options, char *error, size_t size)
{
    size_t count = options->removed.count;
    bask_str *names = malloc((count + 1) * sizeof *names);
    struct bask_head_facts facts;
    if (!names)
        return BASK_E_NOMEM;
    options->rules.removed = names;
    options->rules.removed_count = count;
    for (size_t i = 0; i < count; i++) {
        names[i] = options->removed.items[i].text;
        /* Whatever it is: an application's Transfer-Encoding, which would be refused, may go. */
        if (!names[i].len || memchr(names[i].ptr, ':', names[i].len) ||
            !is_line("x", names[i], ": x", &facts))
            return complain("rem-header", &options->removed.items[i],
                            "expected the name of a header field", error, size);
    }
    return BASK_OK;
}

/* A generation that reads its options again has what followed from those before. */
static void
forget(struct bask_field_options *options)
{
    free((char *)options->rules.added.ptr);
    free((bask_str *)options->rules.removed);
    options->rules = (struct bask_field_rules){0};
    options->is_given = options->closes = false;
}

int
bask_field_options_settle(struct bask_field_options *options, char *error, size_t error_size)
{
    forget(options);
    snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
    if (!options->added.count && !options->removed.count)
        return BASK_OK;
    int err = add_lines(options, error, error_size);
    if (!err)
        err = remove_names(options, error, error_size);
    options->is_given = options->rules.added.len || options->rules.removed_count;
    return err;
}
