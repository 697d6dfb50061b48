/*
 * What follows from values once all of them are known: options that imply others, and options that
 * a reload cannot change. Knows rows and their values, nothing of sources.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

/* Given, and not as false, 0 or nothing. */
static bool
is_on(const struct bask_conf_setting *setting)
{
    int64_t number;
    if (!setting->given || !setting->values.count)
        return false;
    bask_str text = setting->values.items[setting->values.count - 1].text;
    if (bask_conf_number(setting->row, text, &number))
        return true; /* a flag in a file may be any word */
    switch (setting->row->type) {
    case BASK_OPT_STRING:
    case BASK_OPT_LIST:
        return text.len > 0 || bask_conf_arity(setting->row) == BASK_CONF_OPTIONAL;
    case BASK_OPT_ACTION:
    case BASK_OPT_DIRECTIVE:
        return false;
    default:
        return number != 0;
    }
}

/* Whoever said no to an option that another one needs means it, and should hear of it. */
static int
warn_of_conflict(struct bask_conf *conf, const struct bask_conf_setting *by,
                 const struct bask_conf_setting *target)
{
    if (is_on(target))
        return BASK_OK;
    return bask_conf_warn(conf, "%.*s: %s needs %s, which is switched off (%.*s)",
                          BASK_FMT(by->values.items[by->values.count - 1].origin), by->row->name,
                          target->row->name, BASK_FMT(target->values.items[0].origin));
}

/* `by` is on, and so shall be the option `name`. */
static int
imply(struct bask_conf *conf, const struct bask_conf_setting *by, bask_str name,
      struct bask_conf_error *ret_error)
{
    struct bask_conf_hit hit;
    char words[200];
    bask_str where = by->values.items[by->values.count - 1].origin;
    struct bask_conf_place place = {.option = name};
    if (!bask_conf_find(conf, name, &hit) || hit.setting->row->type != BASK_OPT_FLAG)
        return bask_conf_fail(ret_error, BASK_E_STATE, "--%s implies --%.*s, which is no flag",
                              by->row->name, BASK_FMT(name));
    int length = snprintf(words, sizeof words, "implied by %s (%s)", by->row->name,
                          bask_conf_shown(where).text);
    if (hit.setting->given)
        return warn_of_conflict(conf, by, hit.setting) ? bask_conf_no_memory(ret_error, place)
                                                       : BASK_OK;
    if (bask_conf_keep(conf, bask_str_n(words, (size_t)length), &place.origin))
        return bask_conf_fail(ret_error, BASK_E_NOMEM, "%.*s: out of memory", BASK_FMT(where));
    return bask_conf_set(conf, hit, BASK_STR("true"), place, ret_error);
}

int
bask_conf_imply(struct bask_conf *conf, struct bask_conf_error *ret_error)
{
    int err = BASK_OK;
    for (size_t i = 0; i < conf->setting_count && !err; i++) {
        const struct bask_conf_setting *by = &conf->settings[i];
        const char *rest = by->row->implies;
        if (by->implied || !rest || !is_on(by))
            continue;
        conf->settings[i].implied = true;
        while (!err && *(rest += strspn(rest, " "))) {
            size_t length = strcspn(rest, " ");
            err = imply(conf, by, bask_str_n(rest, length), ret_error);
            rest += length;
        }
        i = (size_t)-1; /* what is on now may imply more */
    }
    return err;
}

/* Two spellings of one value are the same. */
static bool
same(const struct bask_conf_setting *a, const struct bask_conf_setting *b)
{
    if (a->values.count != b->values.count)
        return false;
    for (size_t i = 0; i < a->values.count; i++) {
        bask_str one = a->values.items[i].text, other = b->values.items[i].text;
        int64_t x = 0, y = 0;
        bool numbers = a->row->type <= BASK_OPT_DURATION && !bask_conf_number(a->row, one, &x) &&
                       !bask_conf_number(a->row, other, &y);
        if (numbers ? x != y : !bask_str_eq(one, other))
            return false;
    }
    return true;
}

static struct bask_conf_phrase
spelled(const struct bask_conf_setting *setting)
{
    struct bask_conf_phrase phrase = {.text = "not set"};
    const struct bask_values *values = &setting->values;
    if (values->count == 1)
        return bask_conf_shown(values->items[0].text);
    if (values->count > 1)
        snprintf(phrase.text, sizeof phrase.text, "%zu values", values->count);
    return phrase;
}

int
bask_conf_keep_fixed(struct bask_conf *conf, const struct bask_conf *before,
                     struct bask_conf_error *ret_error)
{
    for (size_t i = 0; i < conf->setting_count; i++) {
        struct bask_conf_setting *now = &conf->settings[i];
        bask_str name = bask_str_of(now->row->name);
        const struct bask_conf_setting *then = bask_conf_setting(before, name);
        if (!(now->row->flags & BASK_OPT_FIXED) || !then || same(now, then))
            continue;
        struct bask_conf_place place = {.origin = bask_conf_origin(conf, name)};
        int err = bask_conf_warn(
            conf,
            "%.*s: %.*s cannot change at a reload: it stays \"%s\" (%.*s), not \"%s\"; "
            "restart or upgrade the server",
            BASK_FMT(place.origin), BASK_FMT(name), spelled(then).text,
            BASK_FMT(bask_conf_origin(before, name)), spelled(now).text);
        if (!err)
            err = bask_conf_copy(conf, now, then);
        if (err)
            return bask_conf_no_memory(ret_error, place);
    }
    return BASK_OK;
}
