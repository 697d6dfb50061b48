/* Descriptions of caches, read; and the caches, made from them. */
#include "svc/caches.h"

#include "base/err.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>

/* What a key of a description says. */
enum kind {
    COUNT,   /* a number, min..max */
    SIZE,    /* the same in bytes */
    NUMBER,  /* any number */
    FLAG,    /* 1, or nothing; 0 */
    TEXT,    /* as it is */
    NOTHING, /* is understood, but makes no difference here: there is one way to hash keys */
    MISSING, /* is uWSGI's, and not to be had */
};

struct key {
    bask_str name;
    enum kind kind;
    size_t offset;
    int64_t min, max;
};

#define AT(member) offsetof(struct bask_cache_spec, member)

static const struct key keys[] = {
    {{"name", 4}, TEXT, AT(name), 0, 0},
    {{"items", 5}, COUNT, AT(shape.items), 1, BASK_CACHE_COUNT_MAX},
    {{"max_items", 9}, COUNT, AT(shape.items), 1, BASK_CACHE_COUNT_MAX},
    {{"maxitems", 8}, COUNT, AT(shape.items), 1, BASK_CACHE_COUNT_MAX},
    {{"blocks", 6}, COUNT, AT(shape.blocks), 1, BASK_CACHE_COUNT_MAX},
    {{"blocksize", 9}, SIZE, AT(shape.blocksize), BASK_CACHE_BLOCK_MIN, 1 << 30},
    {{"keysize", 7}, SIZE, AT(shape.keysize), 1, BASK_CACHE_KEY_MAX},
    {{"key_size", 8}, SIZE, AT(shape.keysize), 1, BASK_CACHE_KEY_MAX},
    {{"hashsize", 8}, COUNT, AT(shape.buckets), 1, BASK_CACHE_COUNT_MAX},
    {{"hash_size", 9}, COUNT, AT(shape.buckets), 1, BASK_CACHE_COUNT_MAX},
    {{"bitmap", 6}, FLAG, AT(spans), 0, 0},
    {{"purge_lru", 9}, FLAG, AT(purge_lru), 0, 0},
    {{"lru", 3}, FLAG, AT(purge_lru), 0, 0},
    {{"clear_on_full", 13}, FLAG, AT(clear_on_full), 0, 0},
    {{"ignore_full", 11}, FLAG, AT(ignore_full), 0, 0},
    {{"lazy_expire", 11}, FLAG, AT(lazy), 0, 0},
    {{"lazy", 4}, FLAG, AT(lazy), 0, 0},
    {{"no_expire", 9}, FLAG, AT(lazy), 0, 0},
    {{"math_initial", 12}, NUMBER, AT(math_initial), 0, 0},
    {{"store", 5}, TEXT, AT(store), 0, 0},
    {{"store_sync", 10}, COUNT, AT(store_sync), 0, 86400},
    {{"storesync", 9}, COUNT, AT(store_sync), 0, 86400},
    {{"store_delete", 12}, FLAG, AT(store_delete), 0, 0},
    {{"storedelete", 11}, FLAG, AT(store_delete), 0, 0},
    {{"hash", 4}, NOTHING, 0, 0, 0},
    {{"lastmod", 7}, NOTHING, 0, 0, 0},
    {{"sweep_on_full", 13}, NOTHING, 0, 0, 0},
    {{"node", 4}, MISSING, 0, 0, 0},
    {{"nodes", 5}, MISSING, 0, 0, 0},
    {{"sync", 4}, MISSING, 0, 0, 0},
    {{"udp", 3}, MISSING, 0, 0, 0},
    {{"udp_server", 10}, MISSING, 0, 0, 0},
    {{"udp_servers", 11}, MISSING, 0, 0, 0},
    {{"udpserver", 9}, MISSING, 0, 0, 0},
    {{"udpservers", 10}, MISSING, 0, 0, 0},
};

/* What is wrong with the value of a key, as "expected ..."; 0: nothing. */
static int
read_value(const struct key *key, bask_str text, void *place, char *expected, size_t size)
{
    bool is_negative = key->kind == NUMBER && bask_str_starts(text, BASK_STR("-"));
    bask_str digits = is_negative ? bask_str_n(text.ptr + 1, text.len - 1) : text;
    long long number = 0;
    int64_t bytes = 0;
    int err = BASK_OK;
    if (key->kind == FLAG && text.len) {
        err = bask_str_to_i64(text, &number);
        *(bool *)place = number != 0;
        snprintf(expected, size, "expected 1 or 0");
    } else if (key->kind == FLAG) {
        *(bool *)place = true;
    } else if (key->kind == TEXT) {
        err = text.len ? BASK_OK : BASK_E_SYNTAX;
        *(bask_str *)place = text;
        snprintf(expected, size, "expected a text");
    } else if (key->kind == NUMBER) {
        err = bask_str_to_i64(digits, &number);
        *(int64_t *)place = is_negative ? -number : number;
        snprintf(expected, size, "expected a number");
    } else {
        err = bask_size_parse(text, &bytes);
        if (!err && (bytes < key->min || bytes > key->max))
            err = BASK_E_RANGE;
        *(int64_t *)place = bytes;
        snprintf(expected, size, "expected %lld to %lld", (long long)key->min, (long long)key->max);
    }
    return err;
}

static int
read_pair(bask_str pair, struct bask_cache_spec *spec, char *error, size_t error_size)
{
    bask_str name = pair, value = {"", 0};
    bask_str_cut(pair, '=', &name, &value);
    name = bask_str_trim(name);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char expected[64];
        if (!bask_str_eq(name, keys[i].name))
            continue;
        if (keys[i].kind == NOTHING)
            return BASK_OK;
        if (keys[i].kind == MISSING) {
            snprintf(error, error_size,
                     "\"%.*s\": caches of several servers are not kept equal here", BASK_FMT(name));
            return BASK_E_SYNTAX;
        }
        if (!read_value(&keys[i], bask_str_trim(value), (char *)spec + keys[i].offset, expected,
                        sizeof expected))
            return BASK_OK;
        snprintf(error, error_size, "\"%.*s\": %s, not \"%.*s\"", BASK_FMT(name), expected,
                 BASK_FMT(value));
        return BASK_E_SYNTAX;
    }
    snprintf(error, error_size, "there is no key \"%.*s\"", BASK_FMT(name));
    return BASK_E_SYNTAX;
}

static const struct bask_cache_spec unspecified = {
    .shape = {.blocksize = 65536, .keysize = 2048, .buckets = 65536}};

static int
complete(struct bask_cache_spec *spec, char *error, size_t error_size)
{
    struct bask_cache_shape *shape = &spec->shape;
    const char *wrong = NULL;
    if (!spec->name.len)
        wrong = "it needs a name (name=...)";
    else if (memchr(spec->name.ptr, '@', spec->name.len))
        wrong = "a name without \"@\" is expected";
    else if (!shape->items)
        wrong = "it needs a number of items (items=...)";
    else if (shape->blocks && shape->blocks < shape->items)
        wrong = "it needs a block for each item: as many blocks as items, or more";
    if (wrong) {
        snprintf(error, error_size, "%s", wrong);
        return BASK_E_SYNTAX;
    }
    if (!shape->blocks || !spec->spans) /* more would never be used */
        shape->blocks = shape->items;
    return BASK_OK;
}

int
bask_cache_parse(bask_str text, struct bask_cache_spec *ret_spec, char *error, size_t error_size)
{
    struct bask_cache_spec spec = unspecified;
    while (text.len) {
        bask_str pair = text, rest = {"", 0};
        bask_str_cut(text, ',', &pair, &rest);
        text = rest;
        int err = read_pair(pair, &spec, error, error_size);
        if (err)
            return err;
    }
    int err = complete(&spec, error, error_size);
    if (!err)
        *ret_spec = spec;
    return err;
}

static int
add(struct bask_caches *caches, const struct bask_cache_spec *spec, char *error, size_t error_size)
{
    if (caches->count && bask_caches_find(caches, spec->name)) {
        snprintf(error, error_size, "there is a cache %.*s already", BASK_FMT(spec->name));
        return BASK_E_SYNTAX;
    }
    struct bask_cache **grown = realloc(caches->items, (caches->count + 1) * sizeof *caches->items);
    if (!grown) {
        snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
        return BASK_E_NOMEM;
    }
    caches->items = grown;
    caches->items[caches->count] = bask_cache_open(spec, error, error_size);
    if (!caches->items[caches->count])
        return BASK_E_SYSTEM;
    caches->count++;
    return BASK_OK;
}

static int
add_default(struct bask_caches *caches, const struct bask_cache_options *options, char *error,
            size_t error_size)
{
    struct bask_cache_spec spec = unspecified;
    spec.name = BASK_STR("default");
    spec.shape.items = spec.shape.blocks = options->items;
    spec.shape.blocksize = options->blocksize;
    spec.store = options->store;
    spec.store_sync = options->store_sync;
    spec.lazy = options->no_expire;
    return add(caches, &spec, error, error_size);
}

static int
add_described(struct bask_caches *caches, const struct bask_cache_options *options,
              const struct bask_value *value, char *error, size_t error_size)
{
    struct bask_cache_spec spec;
    char why[512];
    int err = bask_cache_parse(value->text, &spec, why, sizeof why);
    if (!err) {
        spec.lazy |= options->no_expire;
        if (!spec.store_sync)
            spec.store_sync = options->store_sync;
        err = add(caches, &spec, why, sizeof why);
    }
    if (err)
        snprintf(error, error_size, "%.*s: --cache2 \"%.*s\": %s", BASK_FMT(value->origin),
                 BASK_FMT(value->text), why);
    return err;
}

int
bask_caches_open(struct bask_caches *caches, const struct bask_cache_options *options, char *error,
                 size_t error_size)
{
    char why[512];
    int err = BASK_OK;
    *caches = (struct bask_caches){0};
    if (options->items && (err = add_default(caches, options, why, sizeof why)))
        snprintf(error, error_size, "--cache %lld: %s", (long long)options->items, why);
    for (size_t i = 0; !err && i < options->described.count; i++)
        err = add_described(caches, options, &options->described.items[i], error, error_size);
    if (err)
        bask_caches_close(caches);
    return err;
}

void
bask_caches_close(struct bask_caches *caches)
{
    for (size_t i = 0; i < caches->count; i++)
        bask_cache_close(&caches->items[i]);
    free(caches->items);
    *caches = (struct bask_caches){0};
}

struct bask_cache *
bask_caches_find(const struct bask_caches *caches, bask_str name)
{
    for (size_t i = 0; i < caches->count; i++)
        if (!name.len || bask_str_eq(bask_cache_name(caches->items[i]), name))
            return caches->items[i];
    return NULL;
}

uint32_t
bask_caches_tend(const struct bask_caches *caches)
{
    uint32_t gone = 0;
    for (size_t i = 0; i < caches->count; i++)
        gone += bask_cache_tend(caches->items[i]);
    return gone;
}
