/*
 * Options that are done as soon as they are read: other files, placeholders, loops and conditions.
 * A row and what it does have the same index.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

#include <stdlib.h>

enum directive {
    INI,
    YAML,
    JSON,
    XML,
    INCLUDE,
    INHERIT,
    SET,
    SET_PLACEHOLDER,
    DECLARE_OPTION,
    STRICT,
    FOR,
    FOR_GLOB,
    FOR_TIMES,
    FOR_READLINE,
    ENDFOR,
    IF_ENV,
    IF_OPT,
    IF_EXISTS,
    IF_FILE,
    IF_DIR,
    IF_PLUGIN,
    IF_HOSTNAME,
    IF_HOSTNAME_MATCH,
    IF_RELOAD,
    ELSE,
    ENDIF,
    DIRECTIVES,
};

#define DIRECTIVE(name, aliases, letter, argument, help)                                           \
    {                                                                                              \
        name, aliases, letter, BASK_OPT_DIRECTIVE, 0, 0, 0, NULL, argument, help                   \
    }
#define CONDITION(name, more, argument, help)                                                      \
    DIRECTIVE("if-" name, "if-not-" name more, 0, argument, help)

static const struct bask_option rows[DIRECTIVES] = {
    [INI] = DIRECTIVE("ini", NULL, 0, "FILE[:SECTION]",
                      "read options from an ini file; a bare FILE.ini does the same"),
    [YAML] = DIRECTIVE("yaml", "yml", 'y', "FILE[:SECTION]", "read options from a YAML file"),
    [JSON] = DIRECTIVE("json", "js", 'j', "FILE[:SECTION]", "read options from a JSON file"),
    [XML] = DIRECTIVE("xml", NULL, 'x', "FILE[:SECTION]", "read options from an XML file"),
    [INCLUDE] = DIRECTIVE("include", NULL, 0, "FILE[:SECTION]",
                          "read another file of options here; its ending tells the format"),
    [INHERIT] = DIRECTIVE("inherit", NULL, 0, "FILE[:SECTION]",
                          "read another file of options after all others"),
    [SET] = DIRECTIVE("set", NULL, 'S', "NAME=VALUE", "set a placeholder, or an option"),
    [SET_PLACEHOLDER] = DIRECTIVE("set-placeholder", "set-ph", 0, "NAME=VALUE",
                                  "set a placeholder, in strict files too"),
    [DECLARE_OPTION] =
        DIRECTIVE("declare-option", NULL, 0, "NAME=OPTION=$1;OPTION=$2",
                  "make an option of others; $1 to $9 are the words that it is given"),
    [STRICT] = DIRECTIVE("strict", NULL, 0, "[BOOL]",
                         "an unknown key in a file is an error, not a placeholder"),
    [FOR] = DIRECTIVE("for", NULL, 0, "WORDS",
                      "what follows, up to endfor, once for each word; %(_) is the word"),
    [FOR_GLOB] = DIRECTIVE("for-glob", NULL, 0, "PATTERN", "the same for each file that matches"),
    [FOR_TIMES] = DIRECTIVE("for-times", NULL, 0, "N", "the same for each number from 1 to N"),
    [FOR_READLINE] = DIRECTIVE("for-readline", NULL, 0, "FILE", "the same for each line of a file"),
    [ENDFOR] = DIRECTIVE("endfor", "end-for", 0, "[ANY]", "the end of what began with for"),
    [IF_ENV] = CONDITION("env", " ifenv", "NAME[=VALUE]",
                         "what follows, up to endif, only if the variable is set, or is VALUE "
                         "(if-not-env: is not); %(_) is its value"),
    [IF_OPT] = CONDITION("opt", " ifopt", "NAME[=VALUE]",
                         "the same for an option or a placeholder that was set before"),
    [IF_EXISTS] = CONDITION("exists", " ifexists", "PATH", "the same if the path exists"),
    [IF_FILE] = CONDITION("file", "", "PATH", "the same if the path is a file"),
    [IF_DIR] = CONDITION("dir", " ifdir", "PATH", "the same if the path is a folder"),
    [IF_PLUGIN] = CONDITION("plugin", " ifplugin", "NAME", "the same if there is such a plugin"),
    [IF_HOSTNAME] = CONDITION("hostname", "", "NAME", "the same if the host has this name"),
    [IF_HOSTNAME_MATCH] =
        CONDITION("hostname-match", "", "REGEX", "the same if the name of the host matches"),
    [IF_RELOAD] =
        CONDITION("reload", "", "[ANY]", "the same if the file is read again for a reload"),
    [ELSE] = DIRECTIVE("else", NULL, 0, "[ANY]", "up to endif, what holds otherwise"),
    [ENDIF] = DIRECTIVE("endif", "end-if end", 0, "[ANY]", "the end of what began with if"),
};

const struct bask_option_table *
bask_conf_directive_table(void)
{
    static const struct bask_option_table table = {
        .group = "Configuration files", .rows = rows, .count = DIRECTIVES};
    return &table;
}

/* A value that could not wait is resolved with what is known so far. */
static int
load(struct bask_conf *conf, const struct bask_option *row, const struct bask_conf_entry *entry,
     struct bask_conf_error *ret_error)
{
    bask_str format = row == &rows[INCLUDE] ? (bask_str){NULL, 0} : bask_str_of(row->name), name;
    int err = bask_conf_expand(conf, entry->text, entry->place, &name, ret_error);
    return err ? err : bask_conf_load(conf, format, name, entry->place, ret_error);
}

static int
wait(struct bask_conf *conf, const struct bask_option *row, const struct bask_conf_entry *entry,
     struct bask_conf_error *ret_error)
{
    (void)row;
    return bask_conf_queue(conf, entry, ret_error);
}

static int
set(struct bask_conf *conf, const struct bask_option *row, const struct bask_conf_entry *entry,
    struct bask_conf_error *ret_error)
{
    struct bask_conf_hit hit;
    struct bask_conf_entry made = *entry;
    if (!bask_str_cut(entry->text, '=', &made.key, &made.text) || !made.key.len)
        return bask_conf_fail(ret_error, BASK_E_SYNTAX, "%.*s: %s expects NAME=VALUE, not \"%s\"",
                              BASK_FMT(entry->place.origin),
                              bask_conf_shown(entry->place.option).text,
                              bask_conf_shown(entry->text).text);
    made.key = bask_str_trim(made.key);
    made.text = bask_str_trim(made.text);
    made.place.option = made.key;
    made.placeholder = row == &rows[SET_PLACEHOLDER] || (!bask_conf_find(conf, made.key, &hit) &&
                                                         !bask_conf_is_declared(conf, made.key));
    return bask_conf_take(conf, &made, ret_error);
}

static int
declare(struct bask_conf *conf, const struct bask_option *row, const struct bask_conf_entry *entry,
        struct bask_conf_error *ret_error)
{
    struct bask_conf_declared made;
    struct bask_conf_hit hit;
    (void)row;
    if (!bask_str_cut(entry->text, '=', &made.name, &made.body) || !made.name.len)
        return bask_conf_fail(ret_error, BASK_E_SYNTAX,
                              "%.*s: declare-option expects NAME=OPTION=VALUE;..., not \"%s\"",
                              BASK_FMT(entry->place.origin), bask_conf_shown(entry->text).text);
    if (bask_conf_find(conf, made.name, &hit))
        return bask_conf_fail(ret_error, BASK_E_STATE, "%.*s: \"%s\" is an option already",
                              BASK_FMT(entry->place.origin), bask_conf_shown(made.name).text);
    struct bask_conf_declared *declared =
        realloc(conf->declared, (conf->declared_count + 1) * sizeof *declared);
    if (!declared)
        return bask_conf_no_memory(ret_error, entry->place);
    conf->declared = declared;
    declared[conf->declared_count++] = made;
    return BASK_OK;
}

static int
be_strict(struct bask_conf *conf, const struct bask_option *row,
          const struct bask_conf_entry *entry, struct bask_conf_error *ret_error)
{
    const struct bask_option flag = {.type = BASK_OPT_FLAG};
    int64_t number = 1;
    (void)row;
    if (entry->text.len && bask_conf_number(&flag, entry->text, &number))
        return bask_conf_fail(ret_error, BASK_E_SYNTAX,
                              "%.*s: strict expects true or false, not \"%s\"",
                              BASK_FMT(entry->place.origin), bask_conf_shown(entry->text).text);
    conf->strict = number != 0;
    return BASK_OK;
}

static int
open_block(struct bask_conf *conf, const struct bask_option *row,
           const struct bask_conf_entry *entry, struct bask_conf_error *ret_error)
{
    (void)row;
    return bask_conf_open_block(conf, entry, ret_error);
}

/* In a block the word would not have come this far. */
static int
stray(struct bask_conf *conf, const struct bask_option *row, const struct bask_conf_entry *entry,
      struct bask_conf_error *ret_error)
{
    (void)conf;
    return bask_conf_fail(ret_error, BASK_E_SYNTAX, "%.*s: %s without %s before it",
                          BASK_FMT(entry->place.origin), bask_conf_shown(entry->key).text,
                          row == &rows[ENDFOR] ? "for" : "if");
}

int
bask_conf_direct(struct bask_conf *conf, const struct bask_option *row,
                 const struct bask_conf_entry *entry, struct bask_conf_error *ret_error)
{
    static int (*const actions[DIRECTIVES])(struct bask_conf *, const struct bask_option *,
                                            const struct bask_conf_entry *,
                                            struct bask_conf_error *) = {
        [INI] = load,         [YAML] = load,           [JSON] = load,
        [XML] = load,         [INCLUDE] = load,        [INHERIT] = wait,
        [SET] = set,          [SET_PLACEHOLDER] = set, [DECLARE_OPTION] = declare,
        [STRICT] = be_strict, [ENDFOR] = stray,        [ELSE] = stray,
        [ENDIF] = stray,
    };
    if (!entry->text.ptr && bask_conf_arity(row) == BASK_CONF_REQUIRED)
        return bask_conf_fail(ret_error, BASK_E_SYNTAX, "%.*s: %s expects a value (%s)",
                              BASK_FMT(entry->place.origin),
                              bask_conf_shown(entry->place.option).text, row->argument);
    int (*action)(struct bask_conf *, const struct bask_option *, const struct bask_conf_entry *,
                  struct bask_conf_error *) = actions[row - rows];
    return (action ? action : open_block)(conf, row, entry, ret_error);
}

static const struct bask_conf_declared *
find_declared(const struct bask_conf *conf, bask_str key)
{
    for (size_t i = 0; i < conf->declared_count; i++)
        if (bask_str_eq(conf->declared[i].name, key))
            return &conf->declared[i];
    return NULL;
}

bool
bask_conf_is_declared(const struct bask_conf *conf, bask_str key)
{
    return find_declared(conf, key) != NULL;
}

/* $1 to $9 become the words of `arguments`, "" where there are too few. */
static int
fill_in(struct bask_conf *conf, bask_str body, bask_str arguments, bask_str *ret_body)
{
    int err = BASK_OK;
    for (char digit = '1'; digit <= '9' && !err; digit++) {
        bask_str word = arguments;
        if (!bask_str_cut(arguments, ' ', &word, &arguments))
            arguments = BASK_STR("");
        err = bask_conf_replace(conf, body, bask_str_n((char[]){'$', digit}, 2),
                                word.ptr ? word : BASK_STR(""), &body);
    }
    *ret_body = body;
    return err;
}

int
bask_conf_run_declared(struct bask_conf *conf, const struct bask_conf_entry *entry,
                       struct bask_conf_error *ret_error)
{
    bask_str body;
    int err = fill_in(conf, find_declared(conf, entry->key)->body,
                      entry->text.ptr ? entry->text : BASK_STR(""), &body);
    if (err)
        return bask_conf_fail(ret_error, err, "%.*s: %s", BASK_FMT(entry->place.origin),
                              bask_err_text(err));
    for (bool more = true; more && !err;) {
        struct bask_conf_entry made = *entry;
        bask_str part = body;
        more = bask_str_cut(body, ';', &part, &body);
        made.key = part;
        made.text = (bask_str){NULL, 0};
        bask_str_cut(part, '=', &made.key, &made.text);
        made.key = made.place.option = bask_str_trim(made.key);
        /* Declared ones are not made of declared ones, so this ends. */
        made.placeholder = bask_conf_is_declared(conf, made.key);
        if (made.key.len)
            err = bask_conf_take(conf, &made, ret_error);
    }
    return err;
}
