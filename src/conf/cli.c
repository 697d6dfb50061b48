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

/* Sets an option whose value, if it must have one and none is attached, is the next word. */
static int
set(struct reader *r, struct bask_conf_hit hit, bask_str option, bask_str value)
{
    struct bask_conf_place place = {.option = option};
    if (!value.ptr && bask_conf_arity(hit.setting->row) == BASK_CONF_REQUIRED &&
        r->at + 1 < r->argc && r->argv[r->at + 1])
        value = bask_str_of(r->argv[++r->at]);
    int err = origin(r, &place.origin);
    return err ? err : bask_conf_set(r->conf, hit, value, place, r->error);
}

static int
long_option(struct reader *r, bask_str word)
{
    bask_str option = word, value = {NULL, 0};
    bask_str_cut(word, '=', &option, &value);
    bask_str name = bask_str_n(option.ptr + 2, option.len - 2);
    struct bask_conf_hit hit;
    if (!bask_conf_find(r->conf, name, &hit))
        return bask_conf_fail(r->error, BASK_E_NOTFOUND,
                              "command line, argument %d: unknown option %s%s", r->at,
                              bask_conf_shown(option).text, bask_conf_nearest(r->conf, name).text);
    return set(r, hit, option, value);
}

/* -Z, or the Z of -MZ; and -master, if --master was meant. */
static int
unknown_short(struct reader *r, bask_str word, size_t k)
{
    struct bask_conf_hit meant;
    bask_str name = bask_str_n(word.ptr + 1, word.len - 1);
    bask_str_cut(name, '=', &name, &(bask_str){NULL, 0});
    bool dash = name.len > 1 && bask_conf_find(r->conf, name, &meant);
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
        struct bask_conf_hit hit = {&r->conf->settings[number - 1], false};
        char dashed[] = {'-', (char)c};
        bask_str rest = {NULL, 0};
        bool last = bask_conf_arity(hit.setting->row) != BASK_CONF_NO_VALUE;
        if (last && k + 1 < word.len)
            rest = bask_str_n(word.ptr + k + 1, word.len - k - 1);
        int err = set(r, hit, bask_str_n(dashed, 2), rest);
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

int
bask_conf_parse_args(struct bask_conf *conf, int argc, char **argv,
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
    return err;
}
