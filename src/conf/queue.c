/*
 * The queue between sources and values. Every source offers its entries here; directives among them
 * are done at once, the rest waits until all is read, because a value may refer to one that comes
 * later. Then the queue is applied in order.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

#include <stdlib.h>

/* Far more than anybody writes, and soon reached by a loop that was not meant. */
enum { MAX_ENTRIES = 10000 };

int
bask_conf_queue(struct bask_conf *conf, const struct bask_conf_entry *entry,
                struct bask_conf_error *ret_error)
{
    if (conf->entry_count == MAX_ENTRIES)
        return bask_conf_fail(ret_error, BASK_E_LIMIT, "%.*s: more than %d settings",
                              BASK_FMT(entry->place.origin), MAX_ENTRIES);
    struct bask_conf_entry *entries =
        realloc(conf->entries, (conf->entry_count + 1) * sizeof *entries);
    if (!entries)
        return bask_conf_no_memory(ret_error, entry->place);
    conf->entries = entries;
    entries[conf->entry_count++] = *entry;
    return BASK_OK;
}

/* The value of an option that is a file of options besides. What it says counts before it. */
static int
take_also_ini(struct bask_conf *conf, const struct bask_conf_entry *entry,
              struct bask_conf_error *ret_error)
{
    struct bask_conf_entry read = *entry;
    bask_str name;
    if (!entry->text.len)
        return bask_conf_queue(conf, entry, ret_error);
    int err = bask_conf_expand(conf, entry->text, entry->place, &name, ret_error);
    if (!err)
        err = bask_conf_load_also(conf, name, entry->place, &read.text, ret_error);
    return err ? err : bask_conf_queue(conf, &read, ret_error);
}

int
bask_conf_take(struct bask_conf *conf, const struct bask_conf_entry *entry,
               struct bask_conf_error *ret_error)
{
    struct bask_conf_hit hit;
    if (entry->placeholder)
        return bask_conf_queue(conf, entry, ret_error);
    if (bask_conf_is_declared(conf, entry->key))
        return bask_conf_run_declared(conf, entry, ret_error);
    if (!bask_conf_find(conf, entry->key, &hit))
        return bask_conf_queue(conf, entry, ret_error);
    const struct bask_option *row = hit.setting->row;
    if (row->type == BASK_OPT_DIRECTIVE)
        return bask_conf_direct(conf, row, entry, ret_error);
    if (row->flags & BASK_OPT_AT_ONCE && entry->place.file && conf->facts.at_once) {
        bask_str text;
        int err = bask_conf_expand(conf, entry->text, entry->place, &text, ret_error);
        if (!err)
            err =
                conf->facts.at_once(conf->facts.context, row, text, entry->place.origin, ret_error);
        if (err)
            return err;
    }
    return row->flags & BASK_OPT_ALSO_INI ? take_also_ini(conf, entry, ret_error)
                                          : bask_conf_queue(conf, entry, ret_error);
}

int
bask_conf_offer(struct bask_conf *conf, const struct bask_conf_entry *entry,
                struct bask_conf_error *ret_error)
{
    return conf->block.open ? bask_conf_in_block(conf, entry, ret_error)
                            : bask_conf_take(conf, entry, ret_error);
}

struct bask_conf_entry *
bask_conf_entry(const struct bask_conf *conf, bask_str key)
{
    for (size_t i = 0; i < conf->entry_count; i++)
        if (bask_str_eq(conf->entries[i].key, key))
            return &conf->entries[i];
    const struct bask_conf_setting *wanted = bask_conf_setting(conf, key);
    for (size_t i = 0; wanted && i < conf->entry_count; i++)
        if (!conf->entries[i].placeholder &&
            bask_conf_setting(conf, conf->entries[i].key) == wanted)
            return &conf->entries[i];
    return NULL;
}

static bask_str
value_of(const struct bask_conf_entry *entry)
{
    return entry->text.ptr ? entry->text : BASK_STR("true");
}

int
bask_conf_placeholder(const struct bask_conf *conf, bask_str name, size_t index, bask_str *ret_text)
{
    for (size_t i = 0; i < conf->entry_count; i++)
        if (bask_str_eq(conf->entries[i].key, name) && index-- == 0) {
            *ret_text = value_of(&conf->entries[i]);
            return BASK_OK;
        }
    return BASK_E_NOTFOUND;
}

bool
bask_conf_is_first_placeholder(const struct bask_conf *conf, size_t number)
{
    struct bask_conf_hit hit;
    bask_str key = conf->entries[number].key;
    if (bask_conf_find(conf, key, &hit))
        return false;
    for (size_t i = 0; i < number; i++)
        if (bask_str_eq(conf->entries[i].key, key))
            return false;
    return true;
}

/* A file that is inherited is read when all others have been. It may inherit itself from more. */
static int
inherit(struct bask_conf *conf, struct bask_conf_error *ret_error)
{
    int err = BASK_OK;
    for (size_t i = conf->applied; i < conf->entry_count && !err; i++) {
        struct bask_conf_entry entry = conf->entries[i];
        if (entry.placeholder || !bask_str_eq(entry.key, BASK_STR("inherit")))
            continue;
        if (!bask_conf_setting(conf, entry.key))
            continue;
        err = bask_conf_expand(conf, entry.text, entry.place, &entry.text, ret_error);
        if (!err)
            err = bask_conf_load(conf, (bask_str){NULL, 0}, entry.text, entry.place, ret_error);
    }
    return err;
}

/* A key of a file that is no option is a placeholder. If nothing refers to it, and it looks like an
 * option, it was probably meant to be one. */
static int
judge_unknown(struct bask_conf *conf, const struct bask_conf_entry *entry,
              struct bask_conf_error *ret_error)
{
    struct bask_conf_phrase key = bask_conf_shown(entry->key), near = {.text = ""};
    const char *what = "not an option", *hint = NULL;
    bool foreign = bask_conf_is_foreign(entry->key);
    if (foreign) {
        what = "an option of uWSGI's that this server does not have";
        hint = bask_conf_hint(entry->key);
    } else {
        near = bask_conf_nearest_key(conf, entry->key);
    }
    if (conf->strict)
        return bask_conf_fail(ret_error, BASK_E_NOTFOUND, "%.*s: \"%s\" is %s%s%s%s",
                              BASK_FMT(entry->place.origin), key.text, what, near.text,
                              hint ? "; " : "", hint ? hint : "");
    if (entry->used || (!near.text[0] && !foreign))
        return BASK_OK;
    int err = bask_conf_warn(conf, "%.*s: \"%s\" is %s%s (kept as a placeholder)%s%s",
                             BASK_FMT(entry->place.origin), key.text, what, near.text,
                             hint ? "; " : "", hint ? hint : "");
    return err ? bask_conf_no_memory(ret_error, entry->place) : BASK_OK;
}

static int
apply_one(struct bask_conf *conf, size_t i, struct bask_conf_error *ret_error)
{
    struct bask_conf_entry *entry = &conf->entries[i];
    struct bask_conf_hit hit;
    bool is_option = !entry->placeholder && bask_conf_find(conf, entry->key, &hit);
    int err = bask_conf_expand(conf, entry->text, entry->place, &entry->text, ret_error);
    if (err || !is_option || hit.setting->row->type == BASK_OPT_DIRECTIVE)
        return err;
    return bask_conf_set(conf, hit, entry->text, entry->place, ret_error);
}

int
bask_conf_apply(struct bask_conf *conf, struct bask_conf_error *ret_error)
{
    size_t first = conf->applied, end;
    int err = inherit(conf, ret_error);
    end = conf->applied = conf->entry_count;
    for (size_t i = first; i < end && !err; i++)
        err = apply_one(conf, i, ret_error);
    for (size_t i = first; i < end && !err; i++) {
        const struct bask_conf_entry *entry = &conf->entries[i];
        struct bask_conf_hit hit;
        if (!entry->placeholder && !bask_conf_find(conf, entry->key, &hit))
            err = judge_unknown(conf, entry, ret_error);
    }
    return err ? err : bask_conf_imply(conf, ret_error);
}

/* A value as an ini file must have it: there % begins something. */
static void
show_text(bask_str text, FILE *to)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '%')
            fputc('%', to);
        fputc(text.ptr[i] == '\n' ? ' ' : text.ptr[i], to);
    }
}

void
bask_conf_show(const struct bask_conf *conf, FILE *to)
{
    bask_str before = {NULL, 0};
    fputs("; The configuration as it was read.\n[uwsgi]\n", to);
    for (size_t i = 0; i < conf->entry_count; i++) {
        const struct bask_conf_entry *entry = &conf->entries[i];
        if (!bask_str_eq(before, entry->place.origin))
            fprintf(to, "; %s\n", bask_conf_shown(entry->place.origin).text);
        before = entry->place.origin;
        if (entry->placeholder)
            fputs("set-placeholder = ", to);
        show_text(entry->key, to);
        if (entry->text.ptr) {
            fputs(entry->placeholder ? "=" : " = ", to);
            show_text(entry->text, to);
        }
        fputc('\n', to);
    }
    fputs("; End of the configuration.\n", to);
}
