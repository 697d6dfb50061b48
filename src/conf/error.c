/*
 * The words of an error: what the user typed, made harmless, and what was probably meant. Knows the
 * names of the options and nothing of their values.
 */
#include "conf/private.h"

#include "base/str.h"

#include <stdarg.h>

enum {
    LONGEST = 64, /* longer names are not compared */
    SUGGESTIONS = 3,
};

int
bask_conf_fail(struct bask_conf_error *ret_error, int err, const char *format, ...)
{
    if (ret_error) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(ret_error->text, sizeof ret_error->text, format, arguments);
        va_end(arguments);
    }
    return err;
}

struct bask_conf_phrase
bask_conf_shown(bask_str text)
{
    struct bask_conf_phrase phrase;
    size_t used = 0, i;
    for (i = 0; i < text.len && used < 80; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' || c == 0x7f)
            used += (size_t)sprintf(phrase.text + used, "\\x%02x", c);
        else
            phrase.text[used++] = (char)c;
    }
    snprintf(phrase.text + used, sizeof phrase.text - used, "%s", i < text.len ? "..." : "");
    return phrase;
}

/* Damerau-Levenshtein: insertions, deletions, changes and swaps of neighbours each cost 1. Three
 * rows of the matrix are enough. Both names are at most LONGEST long. */
static size_t
distance(bask_str a, bask_str b)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = last[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return row[b.len];
}

struct found {
    const struct bask_conf_name *names[SUGGESTIONS];
    size_t count;
};

/* At most SUGGESTIONS, and one name of each option. */
static void
add(struct found *found, const struct bask_conf_name *name)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->names[i]->setting == name->setting)
            return;
    if (found->count < SUGGESTIONS)
        found->names[found->count++] = name;
}

/* The names at the smallest distance, if a third of the letters or fewer are wrong, and never more
 * than three of them. */
static struct found
misspelt(const struct bask_conf *conf, bask_str name, bool flags_only)
{
    struct found found = {.count = 0};
    size_t best = (name.len + 1) / 3;
    if (name.len > LONGEST)
        return found;
    if (best > 3)
        best = 3;
    for (size_t i = 0; i < conf->name_count; i++) {
        const struct bask_conf_name *other = &conf->names[i];
        size_t gap =
            name.len > other->text.len ? name.len - other->text.len : other->text.len - name.len;
        if (gap > best || other->text.len > LONGEST)
            continue;
        if (flags_only && conf->settings[other->setting].row->type != BASK_OPT_FLAG)
            continue;
        size_t d = distance(name, other->text);
        if (d > best)
            continue;
        if (d < best)
            found.count = 0;
        best = d;
        add(&found, other);
    }
    return found;
}

/* The names that begin with what was written: getopt would have completed it. */
static struct found
abbreviated(const struct bask_conf *conf, bask_str name)
{
    struct found found = {.count = 0};
    for (size_t i = 0; name.len >= 3 && i < conf->name_count; i++)
        if (bask_str_starts(conf->names[i].text, name))
            add(&found, &conf->names[i]);
    return found;
}

/* What is put before and after each name that was found. */
static struct bask_conf_phrase
ask(const struct found *found, const char *before, const char *after)
{
    struct bask_conf_phrase phrase = {.text = ""};
    size_t used = 0;
    for (size_t i = 0; i < found->count && used < sizeof phrase.text; i++) {
        const char *join = i == 0 ? "; did you mean " : i + 1 < found->count ? ", " : " or ";
        used += (size_t)snprintf(phrase.text + used, sizeof phrase.text - used, "%s%s%.*s%s", join,
                                 before, BASK_FMT(found->names[i]->text), after);
    }
    if (found->count && used < sizeof phrase.text)
        snprintf(phrase.text + used, sizeof phrase.text - used, "?");
    return phrase;
}

struct bask_conf_phrase
bask_conf_nearest(const struct bask_conf *conf, bask_str name)
{
    const char *dashes = "--";
    if (bask_conf_is_foreign(name)) {
        struct bask_conf_phrase phrase;
        const char *hint = bask_conf_hint(name);
        snprintf(phrase.text, sizeof phrase.text, ", which is uWSGI's and not in this server%s%s",
                 hint ? "; " : "", hint ? hint : "");
        return phrase;
    }
    struct found found = misspelt(conf, name, false);
    if (!found.count)
        found = abbreviated(conf, name);
    if (!found.count && bask_str_starts(name, BASK_STR("no-"))) {
        dashes = "--no-";
        found = misspelt(conf, bask_str_n(name.ptr + 3, name.len - 3), true);
    }
    return ask(&found, dashes, "");
}

struct bask_conf_phrase
bask_conf_nearest_key(const struct bask_conf *conf, bask_str name)
{
    struct found found = misspelt(conf, name, false);
    return ask(&found, "\"", "\"");
}
