/*
 * Loops and conditions: "for = a b", "if-env = NAME=value", up to "endfor" and "endif". As in uWSGI
 * an entry in a loop is taken for each item before the next entry is looked at, %(_) is the item,
 * and blocks do not stand inside blocks.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

#include <glob.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TIMES = 10000 };

/* What a loop or a condition is given. */
struct question {
    struct bask_conf *conf;
    bask_str text;
    struct bask_conf_place place;
    struct bask_conf_error *error;
    struct bask_conf_block *block; /* to be filled */
};

/* Loops: how the items come about. */

static int
add_item(struct question *q, bask_str text)
{
    struct bask_value item = {.text = {NULL, 0}};
    if (q->block->items.count == MAX_TIMES)
        return bask_conf_fail(q->error, BASK_E_LIMIT, "%.*s: more than %d times",
                              BASK_FMT(q->place.origin), MAX_TIMES);
    int err = bask_conf_keep(q->conf, text, &item.text);
    if (!err)
        err = bask_conf_push(&q->block->items, item);
    return err ? bask_conf_no_memory(q->error, q->place) : BASK_OK;
}

static int
split(struct question *q, bask_str text, char separator)
{
    int err = BASK_OK;
    for (bool more = true; more && !err;) {
        bask_str word = text;
        more = bask_str_cut(text, separator, &word, &text);
        if (word.len && word.ptr[word.len - 1] == '\r')
            word.len--;
        if (word.len)
            err = add_item(q, word);
    }
    return err;
}

static int
loop_words(struct question *q)
{
    return split(q, q->text, ' ');
}

static int
loop_times(struct question *q)
{
    char digits[24];
    long long times;
    if (bask_str_to_i64(q->text, &times))
        return bask_conf_fail(q->error, BASK_E_SYNTAX, "%.*s: %.*s expects a number, not \"%s\"",
                              BASK_FMT(q->place.origin), BASK_FMT(q->place.option),
                              bask_conf_shown(q->text).text);
    int err = BASK_OK;
    for (long long i = 1; i <= times && !err; i++)
        err = add_item(q, bask_str_n(digits, (size_t)snprintf(digits, sizeof digits, "%lld", i)));
    return err;
}

static int
loop_glob(struct question *q)
{
    glob_t found;
    int err = glob(q->text.ptr, GLOB_NOCHECK, NULL, &found);
    if (err)
        return bask_conf_fail(q->error, BASK_E_SYSTEM, "%.*s: cannot search for %s",
                              BASK_FMT(q->place.origin), bask_conf_shown(q->text).text);
    for (size_t i = 0; i < found.gl_pathc && !err; i++)
        err = add_item(q, bask_str_of(found.gl_pathv[i]));
    globfree(&found);
    return err;
}

static int
loop_lines(struct question *q)
{
    const char *why;
    bask_str text;
    int err = bask_conf_slurp(q->conf, q->text, &text, &why);
    if (err)
        return bask_conf_fail(q->error, err, "%.*s: cannot read %s: %s", BASK_FMT(q->place.origin),
                              bask_conf_shown(q->text).text, why);
    err = split(q, text, '\n');
    free((char *)text.ptr);
    return err;
}

/* Conditions. What they find becomes %(_). */

/* "name" or "name=value" against what the name has. */
static bool
compare(struct question *q, bask_str (*find)(struct question *, bask_str))
{
    bask_str name = q->text, wanted = {NULL, 0};
    bask_str_cut(q->text, '=', &name, &wanted);
    q->block->data = find(q, name);
    return q->block->data.ptr && (!wanted.ptr || bask_str_eq(wanted, q->block->data));
}

static bask_str
find_variable(struct question *q, bask_str name)
{
    return bask_conf_getenv(q->conf, name);
}

static bask_str
find_option(struct question *q, bask_str name)
{
    const struct bask_conf_entry *entry = bask_conf_entry(q->conf, name);
    if (!entry)
        return (bask_str){NULL, 0};
    return entry->text.ptr ? entry->text : BASK_STR("true");
}

static bool
if_env(struct question *q)
{
    return compare(q, find_variable);
}

static bool
if_opt(struct question *q)
{
    return compare(q, find_option);
}

static bool
if_exists(struct question *q)
{
    return access(q->text.ptr, F_OK) == 0;
}

static bool
if_file(struct question *q)
{
    struct stat st;
    return stat(q->text.ptr, &st) == 0 && S_ISREG(st.st_mode);
}

static bool
if_dir(struct question *q)
{
    struct stat st;
    return stat(q->text.ptr, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
if_plugin(struct question *q)
{
    return q->conf->facts.has_plugin && q->conf->facts.has_plugin(q->conf->facts.context, q->text);
}

static bool
if_hostname(struct question *q)
{
    return bask_str_eq(q->text, bask_str_of(q->conf->facts.hostname));
}

static bool
if_hostname_match(struct question *q)
{
    regex_t pattern;
    if (!q->conf->facts.hostname || regcomp(&pattern, q->text.ptr, REG_EXTENDED | REG_NOSUB))
        return false;
    bool matches = regexec(&pattern, q->conf->facts.hostname, 0, NULL, 0) == 0;
    regfree(&pattern);
    return matches;
}

static bool
if_reload(struct question *q)
{
    return q->conf->facts.reload;
}

static const struct {
    bask_str name;
    int (*fill)(struct question *q);
} loops[] = {
    {BASK_STR("for"), loop_words},
    {BASK_STR("for-glob"), loop_glob},
    {BASK_STR("for-times"), loop_times},
    {BASK_STR("for-readline"), loop_lines},
};

/* Names without "if", a dash, and "not-". */
static const struct {
    bask_str name;
    bool (*holds)(struct question *q);
} conditions[] = {
    {BASK_STR("env"), if_env},           {BASK_STR("opt"), if_opt},
    {BASK_STR("exists"), if_exists},     {BASK_STR("file"), if_file},
    {BASK_STR("dir"), if_dir},           {BASK_STR("plugin"), if_plugin},
    {BASK_STR("hostname"), if_hostname}, {BASK_STR("hostname-match"), if_hostname_match},
    {BASK_STR("reload"), if_reload},
};

static int
open_condition(struct question *q, bask_str key)
{
    bool negated;
    bask_str name = bask_str_n(key.ptr + 2, key.len - 2);
    if (name.len && name.ptr[0] == '-')
        name = bask_str_n(name.ptr + 1, name.len - 1);
    negated = bask_str_starts(name, BASK_STR("not-"));
    if (negated)
        name = bask_str_n(name.ptr + 4, name.len - 4);
    q->block->data = q->text;
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (bask_str_eq(name, conditions[i].name)) {
            q->block->truth = conditions[i].holds(q) != negated;
            if (!q->block->data.ptr)
                q->block->data = BASK_STR("");
            return BASK_OK;
        }
    return bask_conf_fail(q->error, BASK_E_NOTFOUND, "%.*s: unknown condition %s",
                          BASK_FMT(q->place.origin), bask_conf_shown(key).text);
}

bool
bask_conf_opens_block(bask_str key)
{
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++)
        if (bask_str_eq(key, loops[i].name))
            return true;
    return key.len > 4 && bask_str_starts(key, BASK_STR("if"));
}

int
bask_conf_open_block(struct bask_conf *conf, const struct bask_conf_entry *entry,
                     struct bask_conf_error *ret_error)
{
    struct bask_conf_block block = {
        .open = true, .opener = entry->key, .origin = entry->place.origin};
    struct question q = {conf, {NULL, 0}, entry->place, ret_error, &block};
    int err = bask_conf_expand(conf, entry->text.ptr ? entry->text : BASK_STR(""), entry->place,
                               &q.text, ret_error);
    /* Paths and patterns go to the system, which wants a NUL behind them. */
    if (!err && bask_conf_keep(conf, q.text, &q.text))
        err = bask_conf_no_memory(ret_error, entry->place);
    for (size_t i = 0; i < sizeof loops / sizeof *loops && !err; i++)
        if (bask_str_eq(entry->key, loops[i].name)) {
            block.loop = true;
            err = loops[i].fill(&q);
        }
    if (!err && !block.loop)
        err = open_condition(&q, entry->key);
    if (err)
        free(block.items.items);
    else
        conf->block = block;
    return err;
}

static void
close_block(struct bask_conf *conf)
{
    free(conf->block.items.items);
    conf->block = (struct bask_conf_block){.open = false};
}

/* "endfor", "end-for", "endif", "end-if", "end". */
static bool
ends(bask_str key, bool loop)
{
    static const bask_str words[][3] = {
        {BASK_STR("endif"), BASK_STR("end-if"), BASK_STR("end")},
        {BASK_STR("endfor"), BASK_STR("end-for"), BASK_STR("end")},
    };
    for (size_t i = 0; i < 3; i++)
        if (bask_str_eq(key, words[loop][i]))
            return true;
    return false;
}

static int
take_as(struct bask_conf *conf, const struct bask_conf_entry *entry, bask_str item,
        struct bask_conf_error *ret_error)
{
    struct bask_conf_entry copy = *entry;
    int err = bask_conf_replace(conf, entry->key, BASK_STR("%(_)"), item, &copy.key);
    if (!err && entry->text.ptr)
        err = bask_conf_replace(conf, entry->text, BASK_STR("%(_)"), item, &copy.text);
    if (err)
        return bask_conf_fail(ret_error, err, "%.*s: %s", BASK_FMT(entry->place.origin),
                              bask_err_text(err));
    return bask_conf_take(conf, &copy, ret_error);
}

int
bask_conf_in_block(struct bask_conf *conf, const struct bask_conf_entry *entry,
                   struct bask_conf_error *ret_error)
{
    struct bask_conf_block *block = &conf->block;
    if (ends(entry->key, block->loop)) {
        close_block(conf);
        return BASK_OK;
    }
    if (bask_conf_opens_block(entry->key) || ends(entry->key, !block->loop))
        return bask_conf_fail(ret_error, BASK_E_SYNTAX,
                              "%.*s: %s inside %.*s, which began at %.*s; expected %s first",
                              BASK_FMT(entry->place.origin), bask_conf_shown(entry->key).text,
                              BASK_FMT(block->opener), BASK_FMT(block->origin),
                              block->loop ? "endfor" : "endif");
    if (!block->loop && bask_str_eq(entry->key, BASK_STR("else"))) {
        block->truth = !block->truth;
        return BASK_OK;
    }
    if (!block->loop)
        return block->truth ? take_as(conf, entry, block->data, ret_error) : BASK_OK;
    int err = BASK_OK;
    for (size_t i = 0; i < block->items.count && !err; i++)
        err = take_as(conf, entry, block->items.items[i].text, ret_error);
    return err;
}

int
bask_conf_block_ended(const struct bask_conf *conf, struct bask_conf_error *ret_error)
{
    const struct bask_conf_block *block = &conf->block;
    if (!block->open)
        return BASK_OK;
    return bask_conf_fail(ret_error, BASK_E_SYNTAX, "%.*s: %.*s has no end; expected %s",
                          BASK_FMT(block->origin), BASK_FMT(block->opener),
                          block->loop ? "endfor" : "endif");
}
