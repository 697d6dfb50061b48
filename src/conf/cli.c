/*
 * The command line as a source of values. The syntax is getopt_long's, as uWSGI uses it: --name
 * value,
 * --name=value, -s value, -svalue, -ML, "--" ends the options, bare words may stand anywhere. Names
 * are not completed: --proc is an error that names --processes.
 *
 * Does not know what the options mean; words are counted as a user counts them, from 1.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

/* The words, and the one being read. */
struct reader {
    struct bask_conf *conf;
    int argc;
    char **argv;
    int at;
    struct bask_conf_error *error;
};

static int
origin(struct reader *r, bask_str *ret_origin)
{
    char text[48];
    int len = snprintf(text, sizeof text, "command line, argument %d", r->at);
    if (bask_conf_keep(r->conf, bask_str_n(text, (size_t)len), ret_origin))
        return bask_conf_fail(r->error, BASK_E_NOMEM, "%s: out of memory", text);
    return BASK_OK;
}

/* An option whose value, if it must have one and none is attached, is the next word. */
static int
offer(struct reader *r, bask_str key, enum bask_conf_arity arity, bask_str option, bask_str value)
{
    struct bask_conf_entry entry = {.key = key, .place.option = option};
    if (!value.ptr && arity == BASK_CONF_REQUIRED && r->at + 1 < r->argc && r->argv[r->at + 1])
        value = bask_str_of(r->argv[++r->at]);
    entry.text = value;
    int err = origin(r, &entry.place.origin);
    return err ? err : bask_conf_offer(r->conf, &entry, r->error);
}

static int
long_option(struct reader *r, bask_str word)
{
    bask_str option = word, value = {NULL, 0};
    bask_str_cut(word, '=', &option, &value);
    bask_str name = bask_str_n(option.ptr + 2, option.len - 2);
    struct bask_conf_hit hit;
    if (bask_conf_is_declared(r->conf, name))
        return offer(r, name, BASK_CONF_REQUIRED, option, value);
    if (!bask_conf_find(r->conf, name, &hit))
        return bask_conf_fail(r->error, BASK_E_NOTFOUND,
                              "command line, argument %d: unknown option %s%s", r->at,
                              bask_conf_shown(option).text, bask_conf_nearest(r->conf, name).text);
    return offer(r, name, bask_conf_arity(hit.setting->row), option, value);
}

/* -master, if --master was meant. */
static bool
lacks_a_dash(const struct reader *r, bask_str word, bask_str *ret_name)
{
    struct bask_conf_hit meant;
    bask_str name = bask_str_n(word.ptr + 1, word.len - 1);
    bask_str_cut(name, '=', &name, &(bask_str){NULL, 0});
    *ret_name = name;
    return name.len > 1 && bask_conf_find(r->conf, name, &meant);
}

/* -Z, or the Z of -MZ. */
static int
unknown_short(struct reader *r, bask_str word, size_t k)
{
    bask_str name;
    bool dash = lacks_a_dash(r, word, &name);
    struct bask_conf_phrase all = bask_conf_shown(word);
    return bask_conf_fail(
        r->error, BASK_E_NOTFOUND, "command line, argument %d: unknown option -%s%s%s%s%s%s", r->at,
        bask_conf_shown(bask_str_n(word.ptr + k, 1)).text, word.len > 2 ? " in " : "",
        word.len > 2 ? all.text : "", dash ? "; did you mean --" : "",
        dash ? bask_conf_shown(name).text : "", dash ? "?" : "");
}

/* Flags, and at most one option with a value at the end, which may be attached. */
static int
bundle(struct reader *r, bask_str word)
{
    for (size_t k = 1; k < word.len; k++) {
        unsigned char c = (unsigned char)word.ptr[k];
        size_t number = c < 128 ? r->conf->shorts[c] : 0;
        if (!number)
            return unknown_short(r, word, k);
        const struct bask_option *row = r->conf->settings[number - 1].row;
        bask_str rest = {NULL, 0}, dashed, name;
        bool last = bask_conf_arity(row) != BASK_CONF_NO_VALUE;
        /* A value that need not be there is not what stands here. */
        if (k == 1 && bask_conf_arity(row) == BASK_CONF_OPTIONAL && lacks_a_dash(r, word, &name))
            return unknown_short(r, word, k);
        if (last && k + 1 < word.len)
            rest = bask_str_n(word.ptr + k + 1, word.len - k - 1);
        if (bask_conf_keep(r->conf, bask_str_n((char[]){'-', (char)c}, 2), &dashed))
            return bask_conf_fail(r->error, BASK_E_NOMEM,
                                  "command line, argument %d: out of memory", r->at);
        int err = offer(r, bask_str_of(row->name), bask_conf_arity(row), dashed, rest);
        if (err || last)
            return err;
    }
    return BASK_OK;
}

static int
bare(struct reader *r, bask_str word)
{
    struct bask_value value = {.text = word};
    int err = origin(r, &value.origin);
    if (err)
        return err;
    err = bask_conf_push(&r->conf->arguments, value);
    return err ? bask_conf_fail(r->error, err, "%.*s: out of memory", BASK_FMT(value.origin)) : err;
}

/* Files of options are named among the bare words, and read after all options, as in uWSGI. */
static int
load_files(struct reader *r)
{
    struct bask_values *words = &r->conf->arguments;
    size_t left = 0;
    int err = BASK_OK;
    for (size_t i = 0; i < words->count && !err; i++) {
        struct bask_conf_hit hit;
        bask_str format = bask_conf_format_of(words->items[i].text);
        if (!format.ptr || !bask_conf_find(r->conf, format, &hit))
            words->items[left++] = words->items[i];
        else
            err = bask_conf_load(r->conf, format, words->items[i].text,
                                 (struct bask_conf_place){.origin = words->items[i].origin},
                                 r->error);
    }
    words->count = left;
    return err;
}

int
bask_conf_read_args(struct bask_conf *conf, int argc, char **argv,
                    struct bask_conf_error *ret_error)
{
    struct reader r = {conf, argv ? argc : 0, argv, 1, ret_error};
    bool ended = false;
    int err = BASK_OK;
    for (; !err && r.at < r.argc && argv[r.at]; r.at++) {
        bask_str word = bask_str_of(argv[r.at]);
        if (ended || word.len < 2 || word.ptr[0] != '-') {
            if (ended || word.len == 0 || word.ptr[0] != '[')
                err = bare(&r, word);
        } else if (bask_str_eq(word, BASK_STR("--"))) {
            ended = true;
        } else if (word.ptr[1] == '-') {
            err = long_option(&r, word);
        } else {
            err = bundle(&r, word);
        }
    }
    if (!err)
        err = bask_conf_block_ended(conf, ret_error);
    return err ? err : load_files(&r);
}

int
bask_conf_parse_args(struct bask_conf *conf, int argc, char **argv,
                     struct bask_conf_error *ret_error)
{
    int err = bask_conf_read_args(conf, argc, argv, ret_error);
    return err ? err : bask_conf_apply(conf, ret_error);
}
