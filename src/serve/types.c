/* Media types: a table of the ends of names, open addressing, never more than half full. */
#include "serve/types.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"

#include <stdlib.h>

enum { END_MAX = 15, TYPE_MAX = 127 };

struct type {
    bask_str end, name;
};

struct bask_types {
    struct type *items; /* `size` of them, a power of two; free: no end */
    size_t size, count;
    struct bask_arena text;
};

static const char common[] = "text/html html htm\n"
                             "text/css css\n"
                             "text/javascript js mjs\n"
                             "text/plain txt\n"
                             "text/markdown md\n"
                             "text/csv csv\n"
                             "text/xml xml\n"
                             "application/json json map\n"
                             "application/manifest+json webmanifest\n"
                             "application/pdf pdf\n"
                             "application/wasm wasm\n"
                             "application/zip zip\n"
                             "application/gzip gz\n"
                             "image/svg+xml svg\n"
                             "image/png png\n"
                             "image/jpeg jpg jpeg\n"
                             "image/gif gif\n"
                             "image/webp webp\n"
                             "image/avif avif\n"
                             "image/x-icon ico\n"
                             "font/woff woff\n"
                             "font/woff2 woff2\n"
                             "font/ttf ttf\n"
                             "font/otf otf\n"
                             "audio/mpeg mp3\n"
                             "audio/ogg ogg\n"
                             "audio/x-wav wav\n"
                             "video/mp4 mp4\n"
                             "video/webm webm\n";

/* The place of an end, in lower case, or where it would be. */
static struct type *
place_of(const struct bask_types *types, bask_str end)
{
    static const struct bask_hash_seed seed; /* who writes the files is no enemy */
    for (uint64_t at = bask_hash(&seed, end);; at++) {
        struct type *type = &types->items[at & (types->size - 1)];
        if (!type->end.ptr || bask_str_eq(type->end, end))
            return type;
    }
}

static int
grow(struct bask_types *types)
{
    struct bask_types larger = {.size = types->size ? types->size * 2 : 64};
    larger.items = calloc(larger.size, sizeof *larger.items);
    if (!larger.items)
        return BASK_E_NOMEM;
    for (size_t i = 0; i < types->size; i++)
        if (types->items[i].end.ptr)
            *place_of(&larger, types->items[i].end) = types->items[i];
    free(types->items);
    types->items = larger.items;
    types->size = larger.size;
    return BASK_OK;
}

struct bask_types *
bask_types_new(void)
{
    struct bask_types *types = calloc(1, sizeof *types);
    if (types && grow(types))
        bask_types_free(&types);
    return types;
}

void
bask_types_free(struct bask_types **types)
{
    if (*types) {
        bask_arena_fini(&(*types)->text);
        free((*types)->items);
    }
    free(*types);
    *types = NULL;
}

static int
copy(struct bask_types *types, bask_str text, bask_str *ret_copy)
{
    char *bytes = bask_arena_alloc(&types->text, text.len);
    if (!bytes)
        return BASK_E_NOMEM;
    memcpy(bytes, text.ptr, text.len);
    *ret_copy = bask_str_n(bytes, text.len);
    return BASK_OK;
}

/* `name` is a copy already. */
static int
add(struct bask_types *types, bask_str end, bask_str name)
{
    char text[END_MAX];
    if (end.len > END_MAX)
        return BASK_OK;
    for (size_t i = 0; i < end.len; i++)
        text[i] = bask_lower(end.ptr[i]);
    end.ptr = text;
    if (types->count * 2 >= types->size && grow(types))
        return BASK_E_NOMEM;
    struct type *type = place_of(types, end);
    if (type->end.ptr)
        return BASK_OK;
    if (copy(types, end, &end))
        return BASK_E_NOMEM;
    *type = (struct type){end, name};
    types->count++;
    return BASK_OK;
}

/* It becomes the value of a field. */
static bool
is_type(bask_str word)
{
    if (!word.len || word.len > TYPE_MAX || !memchr(word.ptr, '/', word.len))
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] <= ' ' || word.ptr[i] > '~')
            return false;
    return true;
}

static int
read_line(struct bask_types *types, bask_str line)
{
    bask_str comment, end, name = {0};
    bask_str_cut(line, '#', &line, &comment);
    bask_str type = bask_str_take_word(&line);
    int err = is_type(type) ? BASK_OK : BASK_E_SYNTAX;
    while (!err && (end = bask_str_take_word(&line)).len) {
        if (!name.ptr)
            err = copy(types, type, &name);
        if (!err)
            err = add(types, end, name);
    }
    return err == BASK_E_SYNTAX ? BASK_OK : err;
}

int
bask_types_read(struct bask_types *types, bask_str text)
{
    int err = BASK_OK;
    for (bool more = true; more && !err;) {
        bask_str line = text;
        more = bask_str_cut(text, '\n', &line, &text);
        err = read_line(types, line);
    }
    return err;
}

int
bask_types_add_common(struct bask_types *types)
{
    return bask_types_read(types, bask_str_n(common, sizeof common - 1));
}

bask_str
bask_types_find(const struct bask_types *types, bask_str name)
{
    char text[END_MAX];
    size_t len = 0;
    while (len < name.len && name.ptr[name.len - 1 - len] != '.') {
        char c = name.ptr[name.len - 1 - len];
        if (len == END_MAX || c == '/')
            return (bask_str){0};
        text[END_MAX - 1 - len++] = bask_lower(c);
    }
    if (len == name.len || !len)
        return (bask_str){0};
    return place_of(types, bask_str_n(text + END_MAX - len, len))->name;
}
