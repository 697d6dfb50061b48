/*
 * The border between the library and its Python half: gen_module.py makes a cffi module of it.
 * Names that begin with embed_ are the library's own.
 */
#pragma once

#include <pypy_embed.h>

/* One operation; lives on the stack of the C function that asks for it. */
struct embed_call {
    int operation;
    const char *name; /* a name, a path, an expression: what the operation needs */
    const char *text;
    const struct pypy_embed_value *object;
    const struct pypy_embed_value *args;
    size_t count;
    void *function;
    struct pypy_embed_value result;
    char *error; /* set by embed_fail */
};

/* What Python has to know before it is set up. */
struct embed_settings {
    unsigned flags;
    const char *home, *home_label, *executable;
    int argc, adopted;
    const char *const *argv;
};

/* Called by Python. */
const struct embed_settings *embed_settings(void);
void embed_python_version(uint32_t version);
const char *embed_source(const char *name);
void embed_fail(struct embed_call *call, const char *text, size_t len);
int embed_set_data(struct pypy_embed_value *value, int kind, const char *data, size_t len);
int embed_call_host(void *function, const struct pypy_embed_value *args, size_t count,
                    struct pypy_embed_value *result);
void embed_forked(void);

/* Written by cffi, in Python: 0 or an enum pypy_embed_err. */
int embed_enter(struct embed_call *call);
struct _object *_cffi_pypyinit__pypy_embed(const void *p[]);
