/*
 * The registry: which options exist, what they are set to and by whom. Knows rows and texts; does
 * not know how a command line or a file is written, nor how anything is printed.
 *
 * Invariants: names are sorted and unique; an option's owner and its `values` here always agree; a
 * bask_conf_add() or bask_conf_set() that fails leaves the conf as it was.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdlib.h>

struct bask_conf_kept {
    struct bask_conf_kept *next;
    char bytes[];
};

struct bask_conf *
bask_conf_new(void)
{
    return calloc(1, sizeof(struct bask_conf));
}

void
bask_conf_free(struct bask_conf **conf)
{
    struct bask_conf *c = *conf;
    if (!c)
        return;
    for (size_t i = 0; i < c->setting_count; i++)
        free(c->settings[i].values.items);
    for (struct bask_conf_kept *kept = c->kept, *next; kept; kept = next) {
        next = kept->next;
        free(kept);
    }
    free(c->arguments.items);
    free(c->warnings.items);
    free(c->files.items);
    free(c->block.items.items);
    free(c->entries);
    free(c->declared);
    free(c->names);
    free(c->settings);
    free(c->tables);
    free(c);
    *conf = NULL;
}

int
bask_conf_keep(struct bask_conf *conf, bask_str text, bask_str *ret_copy)
{
    struct bask_conf_kept *kept = malloc(sizeof *kept + text.len + 1);
    if (!kept)
        return BASK_E_NOMEM;
    if (text.len)
        memcpy(kept->bytes, text.ptr, text.len);
    kept->bytes[text.len] = '\0';
    kept->next = conf->kept;
    conf->kept = kept;
    *ret_copy = bask_str_n(kept->bytes, text.len);
    return BASK_OK;
}

/* Options are few and set at start: one at a time is fast enough, and needs no second counter. */
static void *
grown(void *array, size_t count, size_t size)
{
    return realloc(array, (count + 1) * size);
}

int
bask_conf_push(struct bask_values *values, struct bask_value value)
{
    struct bask_value *items = grown(values->items, values->count, sizeof *items);
    if (!items)
        return BASK_E_NOMEM;
    values->items = items;
    values->items[values->count++] = value;
    return BASK_OK;
}

static void
tell_owner(const struct bask_conf *conf, const struct bask_conf_setting *setting, int64_t number)
{
    const struct bask_option *row = setting->row;
    if (row->type >= BASK_OPT_ACTION)
        return;
    void *at = (char *)conf->tables[setting->table].values + row->offset;
    bool flag = number != 0;
    switch (row->type) {
    case BASK_OPT_FLAG:
        memcpy(at, &flag, sizeof flag);
        break;
    case BASK_OPT_INT:
    case BASK_OPT_SIZE:
    case BASK_OPT_DURATION:
        memcpy(at, &number, sizeof number);
        break;
    case BASK_OPT_STRING:
        memcpy(at, setting->values.count ? &setting->values.items[0].text : &(bask_str){NULL, 0},
               sizeof(bask_str));
        break;
    case BASK_OPT_LIST:
        memcpy(at, &setting->values, sizeof setting->values);
        break;
    case BASK_OPT_ACTION:
    case BASK_OPT_DIRECTIVE:
        break;
    }
}

/* The value is good; only memory can fail now. */
static int
store(struct bask_conf *conf, struct bask_conf_setting *setting, struct bask_value value,
      int64_t number)
{
    bool more = setting->given && setting->row->type == BASK_OPT_LIST;
    if (!more && setting->values.count) {
        setting->values.items[0] = value;
        setting->values.count = 1;
    } else {
        int err = bask_conf_push(&setting->values, value);
        if (err)
            return err;
    }
    tell_owner(conf, setting, number);
    return BASK_OK;
}

static bask_str
left_out(const struct bask_option *row)
{
    switch (row->type) {
    case BASK_OPT_FLAG:
        return BASK_STR("true");
    case BASK_OPT_INT:
    case BASK_OPT_SIZE:
    case BASK_OPT_DURATION:
        return BASK_STR("1");
    case BASK_OPT_STRING:
    case BASK_OPT_LIST:
        return BASK_STR("");
    case BASK_OPT_ACTION:
    case BASK_OPT_DIRECTIVE:
        return row->argument ? BASK_STR("") : BASK_STR("true");
    }
    return BASK_STR("");
}

int
bask_conf_no_memory(struct bask_conf_error *ret_error, struct bask_conf_place place)
{
    return bask_conf_fail(ret_error, BASK_E_NOMEM, "%.*s: out of memory", BASK_FMT(place.origin));
}

int
bask_conf_warn(struct bask_conf *conf, const char *format, ...)
{
    char line[sizeof(struct bask_conf_error)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    struct bask_value warning = {.text = {NULL, 0}};
    int err = bask_conf_keep(conf, bask_str_of(line), &warning.text);
    return err ? err : bask_conf_push(&conf->warnings, warning);
}

const struct bask_values *
bask_conf_warnings(const struct bask_conf *conf)
{
    return &conf->warnings;
}

/* A file may hold what uWSGI's atoi() and its four words for true read. `*text` becomes what is
 * meant. BASK_OK: it counts; there may be a warning. */
static int
read_laxly(struct bask_conf *conf, const struct bask_option *row, bask_str *text,
           struct bask_conf_place place, int64_t *ret_number)
{
    bask_str written = *text;
    struct bask_conf_phrase option = bask_conf_shown(place.option);
    if (row->type == BASK_OPT_FLAG) {
        *ret_number = 1; /* as in uWSGI, where all but four words is true */
        return text->len
                   ? bask_conf_warn(conf, "%.*s: %s expects true or false; \"%s\" counts as true",
                                    BASK_FMT(place.origin), option.text,
                                    bask_conf_shown(written).text)
                   : BASK_OK;
    }
    if (!bask_conf_lax_number(row, text))
        return BASK_E_SYNTAX;
    int err = bask_conf_number(row, *text, ret_number);
    return err ? err
               : bask_conf_warn(conf, "%.*s: %s expects %s; \"%s\" counts as %.*s",
                                BASK_FMT(place.origin), option.text, bask_conf_expected(row).text,
                                bask_conf_shown(written).text, BASK_FMT(*text));
}

static int
read_number(struct bask_conf *conf, const struct bask_option *row, bask_str *text,
            struct bask_conf_place place, int64_t *ret_number, struct bask_conf_error *ret_error)
{
    bask_str written = *text;
    int err = bask_conf_number(row, *text, ret_number);
    if (err && place.file)
        err = read_laxly(conf, row, text, place, ret_number);
    if (err == BASK_E_NOMEM)
        return bask_conf_no_memory(ret_error, place);
    if (err)
        return bask_conf_fail(ret_error, err, "%.*s: %s expects %s, not \"%s\"",
                              BASK_FMT(place.origin), bask_conf_shown(place.option).text,
                              bask_conf_expected(row).text, bask_conf_shown(written).text);
    return BASK_OK;
}

int
bask_conf_set(struct bask_conf *conf, struct bask_conf_hit hit, bask_str text,
              struct bask_conf_place place, struct bask_conf_error *ret_error)
{
    const struct bask_option *row = hit.setting->row;
    struct bask_conf_phrase option = bask_conf_shown(place.option);
    bool required = bask_conf_arity(row) == BASK_CONF_REQUIRED;
    if (!text.ptr && required && place.file && bask_conf_is_number(row) && row->min <= 0)
        text = BASK_STR("");
    if (!text.ptr && required)
        return bask_conf_fail(ret_error, BASK_E_SYNTAX, "%.*s: %s expects a value (%.*s)",
                              BASK_FMT(place.origin), option.text,
                              BASK_FMT(bask_conf_argument(row)));
    if (text.ptr && row->type == BASK_OPT_ACTION && !row->argument)
        return bask_conf_fail(ret_error, BASK_E_SYNTAX, "%.*s: %s takes no value",
                              BASK_FMT(place.origin), option.text);
    if (!text.ptr)
        text = left_out(row);
    int64_t number;
    int err = read_number(conf, row, &text, place, &number, ret_error);
    if (err)
        return err;
    if (hit.negated) {
        number = !number;
        text = number ? BASK_STR("true") : BASK_STR("false");
    }
    err = store(conf, hit.setting, (struct bask_value){text, place.origin}, number);
    if (err)
        return bask_conf_no_memory(ret_error, place);
    hit.setting->given = true;
    if (row->type == BASK_OPT_ACTION && !conf->action)
        conf->action = row->name;
    return BASK_OK;
}

/* Where a name is, or would be; `*ret_there` says which. */
static size_t
search(const struct bask_conf *conf, bask_str name, bool *ret_there)
{
    size_t low = 0, high = conf->name_count;
    *ret_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bask_str other = conf->names[middle].text;
        size_t shorter = other.len < name.len ? other.len : name.len;
        int order = shorter ? memcmp(other.ptr, name.ptr, shorter) : 0;
        if (order == 0)
            order = (other.len > name.len) - (other.len < name.len);
        if (order == 0) {
            *ret_there = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool
bask_conf_find(const struct bask_conf *conf, bask_str name, struct bask_conf_hit *ret_hit)
{
    bool there;
    size_t at = search(conf, name, &there);
    bool negated = !there && bask_str_starts(name, BASK_STR("no-"));
    if (negated)
        at = search(conf, bask_str_n(name.ptr + 3, name.len - 3), &there);
    if (!there)
        return false;
    struct bask_conf_setting *setting = &conf->settings[conf->names[at].setting];
    if (negated && setting->row->type != BASK_OPT_FLAG)
        return false;
    *ret_hit = (struct bask_conf_hit){setting, negated};
    return true;
}

static const char *
group_of(const struct bask_conf *conf, size_t setting)
{
    return conf->tables[conf->settings[setting].table].group;
}

/* Enters a name of the newest setting. */
static int
enter_name(struct bask_conf *conf, bask_str name)
{
    size_t newest = conf->setting_count - 1;
    bool good = name.len > 0 && name.ptr[0] != '-', there;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
    }
    if (!good)
        return bask_conf_fail(&conf->message, BASK_E_STATE,
                              "\"%s\" in \"%s\" is not a name for an option",
                              bask_conf_shown(name).text, group_of(conf, newest));
    size_t at = search(conf, name, &there);
    if (there)
        return bask_conf_fail(&conf->message, BASK_E_STATE,
                              "--%.*s is declared twice, in \"%s\" and in \"%s\"", BASK_FMT(name),
                              group_of(conf, conf->names[at].setting), group_of(conf, newest));
    struct bask_conf_name *names = grown(conf->names, conf->name_count, sizeof *names);
    if (!names)
        return BASK_E_NOMEM;
    conf->names = names;
    memmove(names + at + 1, names + at, (conf->name_count - at) * sizeof *names);
    names[at] = (struct bask_conf_name){name, newest};
    conf->name_count++;
    return BASK_OK;
}

static int
enter_names(struct bask_conf *conf, const struct bask_option *row)
{
    int err = enter_name(conf, bask_str_of(row->name));
    const char *rest = row->aliases ? row->aliases : "";
    while (!err && *(rest += strspn(rest, " "))) {
        size_t len = strcspn(rest, " ");
        err = enter_name(conf, bask_str_n(rest, len));
        rest += len;
    }
    if (err || !row->short_name)
        return err;
    unsigned char c = (unsigned char)row->short_name;
    if (c <= ' ' || c == '-' || c >= 127)
        return bask_conf_fail(&conf->message, BASK_E_STATE, "--%s: not a short name", row->name);
    if (conf->shorts[c])
        return bask_conf_fail(&conf->message, BASK_E_STATE,
                              "-%c is declared twice, for --%s and for --%s", c,
                              conf->settings[conf->shorts[c] - 1].row->name, row->name);
    conf->shorts[c] = conf->setting_count;
    return BASK_OK;
}

static int
check_row(struct bask_conf *conf, const struct bask_option_table *table,
          const struct bask_option *row)
{
    const char *name = row->name ? row->name : "", *wrong = NULL;
    bool ranged = bask_conf_is_number(row);
    if (row->type > BASK_OPT_DIRECTIVE)
        wrong = "has no valid type";
    else if (!row->name || !row->help)
        wrong = "needs a name and a line of help";
    else if (ranged && row->min >= row->max)
        wrong = "needs a range: min below max";
    else if (!table->values && row->type < BASK_OPT_ACTION)
        wrong = "has no struct to be written to";
    else if (row->initial && row->type >= BASK_OPT_ACTION)
        wrong = "is an action and can have no default";
    else if (row->flags & BASK_OPT_CPUS && row->type != BASK_OPT_INT)
        wrong = "counts CPUs and is no whole number";
    if (wrong)
        return bask_conf_fail(&conf->message, BASK_E_STATE, "--%s in \"%s\" %s", name, table->group,
                              wrong);
    return BASK_OK;
}

static int
set_default(struct bask_conf *conf, struct bask_conf_setting *setting)
{
    const struct bask_option *row = setting->row;
    int64_t number;
    if (!row->initial) {
        if (row->type == BASK_OPT_LIST)
            tell_owner(conf, setting, 0);
        return BASK_OK;
    }
    bask_str text = bask_str_of(row->initial);
    if (bask_conf_number(row, text, &number))
        return bask_conf_fail(&conf->message, BASK_E_STATE,
                              "the default of --%s is \"%s\", which is not %s", row->name,
                              bask_conf_shown(text).text, bask_conf_expected(row).text);
    return store(conf, setting, (struct bask_value){text, BASK_STR("default")}, number);
}

static int
declare(struct bask_conf *conf, const struct bask_option *row)
{
    size_t table = conf->table_count - 1;
    int err = check_row(conf, &conf->tables[table], row);
    if (err)
        return err;
    struct bask_conf_setting *settings =
        grown(conf->settings, conf->setting_count, sizeof *settings);
    if (!settings)
        return BASK_E_NOMEM;
    conf->settings = settings;
    settings[conf->setting_count++] = (struct bask_conf_setting){.row = row, .table = table};
    err = enter_names(conf, row);
    return err ? err : set_default(conf, &settings[conf->setting_count - 1]);
}

/* Undoes a table that was only half added: the settings from `first` on, their names, the table. */
static void
forget(struct bask_conf *conf, size_t first)
{
    for (size_t i = first; i < conf->setting_count; i++) {
        struct bask_conf_setting *setting = &conf->settings[i];
        free(setting->values.items);
        setting->values = (struct bask_values){NULL, 0};
        if (setting->row->type == BASK_OPT_LIST)
            tell_owner(conf, setting, 0);
    }
    size_t left = 0;
    for (size_t i = 0; i < conf->name_count; i++)
        if (conf->names[i].setting < first)
            conf->names[left++] = conf->names[i];
    conf->name_count = left;
    for (size_t i = 0; i < sizeof conf->shorts / sizeof *conf->shorts; i++)
        if (conf->shorts[i] > first)
            conf->shorts[i] = 0;
    conf->setting_count = first;
    conf->table_count--;
}

int
bask_conf_add(struct bask_conf *conf, const struct bask_option_table *table)
{
    conf->message.text[0] = '\0';
    if (!table->group)
        return bask_conf_fail(&conf->message, BASK_E_STATE, "a table has no heading");
    struct bask_option_table *tables = grown(conf->tables, conf->table_count, sizeof *tables);
    if (!tables)
        return bask_conf_fail(&conf->message, BASK_E_NOMEM, "out of memory");
    conf->tables = tables;
    tables[conf->table_count++] = *table;
    size_t first = conf->setting_count;
    int err = BASK_OK;
    for (size_t i = 0; i < table->count && !err; i++)
        err = declare(conf, &table->rows[i]);
    if (!err)
        return BASK_OK;
    forget(conf, first);
    if (err == BASK_E_NOMEM)
        bask_conf_fail(&conf->message, err, "out of memory");
    return err;
}

const char *
bask_conf_message(const struct bask_conf *conf)
{
    return conf->message.text;
}

const struct bask_values *
bask_conf_arguments(const struct bask_conf *conf)
{
    return &conf->arguments;
}

const char *
bask_conf_action(const struct bask_conf *conf)
{
    return conf->action;
}

const struct bask_conf_setting *
bask_conf_setting(const struct bask_conf *conf, bask_str name)
{
    bool there;
    size_t at = search(conf, name, &there);
    return there ? &conf->settings[conf->names[at].setting] : NULL;
}

bask_str
bask_conf_origin(const struct bask_conf *conf, bask_str name)
{
    const struct bask_conf_setting *setting = bask_conf_setting(conf, name);
    if (!setting)
        return (bask_str){NULL, 0};
    if (!setting->values.count)
        return BASK_STR("default");
    return setting->values.items[setting->values.count - 1].origin;
}

int
bask_conf_get(const struct bask_conf *conf, bask_str name, size_t index, bask_str *ret_text)
{
    const struct bask_conf_setting *setting = bask_conf_setting(conf, name);
    if (!setting)
        return bask_conf_placeholder(conf, name, index, ret_text);
    if (index >= setting->values.count)
        return BASK_E_NOTFOUND;
    *ret_text = setting->values.items[index].text;
    return BASK_OK;
}

bask_str
bask_conf_given(const struct bask_conf *conf, size_t n)
{
    for (size_t i = 0; i < conf->setting_count; i++)
        if (conf->settings[i].given && n-- == 0)
            return bask_str_of(conf->settings[i].row->name);
    for (size_t i = 0; i < conf->entry_count; i++)
        if (bask_conf_is_first_placeholder(conf, i) && n-- == 0)
            return conf->entries[i].key;
    return (bask_str){NULL, 0};
}

/* Text that lives as long as another conf is copied. Numbers are good: they were set before. */
int
bask_conf_copy(struct bask_conf *conf, struct bask_conf_setting *to,
               const struct bask_conf_setting *from)
{
    struct bask_values values = {NULL, 0};
    int64_t number = 0;
    int err = BASK_OK;
    for (size_t i = 0; i < from->values.count && !err; i++) {
        struct bask_value copy;
        err = bask_conf_keep(conf, from->values.items[i].text, &copy.text);
        if (!err)
            err = bask_conf_keep(conf, from->values.items[i].origin, &copy.origin);
        if (!err)
            err = bask_conf_push(&values, copy);
    }
    if (err) {
        free(values.items);
        return err;
    }
    free(to->values.items);
    to->values = values;
    to->given = from->given;
    if (values.count && bask_conf_number(to->row, values.items[0].text, &number))
        number = 1; /* a flag in a file may be any word */
    tell_owner(conf, to, number);
    return BASK_OK;
}

void
bask_conf_clear(struct bask_conf *conf)
{
    for (size_t i = 0; i < conf->setting_count; i++)
        if (!conf->settings[i].values.count)
            tell_owner(conf, &conf->settings[i], 0);
}

void
bask_conf_know(struct bask_conf *conf, const struct bask_conf_facts *facts)
{
    conf->facts = *facts;
}
