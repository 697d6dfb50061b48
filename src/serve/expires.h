/*
 * When a file that is sent expires: rules of the options --static-expires and its like. The first
 * that fits counts.
 */
#pragma once

#include "base/str.h"

#include <bask/option.h>

/* The options, in the order in which their rules are tried. */
#define BASK_EXPIRES_KINDS(X)                                                                      \
    X(NAME, "static-expires")                                                                      \
    X(NAME_MTIME, "static-expires-mtime")                                                          \
    X(PATH, "static-expires-path-info")                                                            \
    X(PATH_MTIME, "static-expires-path-info-mtime")                                                \
    X(URI, "static-expires-uri")                                                                   \
    X(URI_MTIME, "static-expires-uri-mtime")                                                       \
    X(TYPE, "static-expires-type")                                                                 \
    X(TYPE_MTIME, "static-expires-type-mtime")

enum bask_expires_kind {
#define X(symbol, name) BASK_EXPIRES_##symbol,
    BASK_EXPIRES_KINDS(X)
#undef X
        BASK_EXPIRES_KIND_COUNT
};

/* What rules look at; absent where it is not known. */
struct bask_expires_file {
    bask_str name, path, uri, type;
    int64_t modified; /* Unix time */
};

struct bask_expires;

/* `values` has BASK_EXPIRES_KIND_COUNT lists, "PATTERN SECONDS" or, of types, "TYPE=SECONDS". 0;
 * BASK_E_NOMEM, BASK_E_SYNTAX: one sentence in `error`. */
int bask_expires_new(const struct bask_values *values, struct bask_expires **ret_expires,
                     char *error, size_t error_size);
void bask_expires_free(struct bask_expires **expires);
/* Whether there is any rule about names. */
bool bask_expires_wants_name(const struct bask_expires *expires);
/* The Unix time; -1: it says nothing of this file. */
int64_t bask_expires_at(const struct bask_expires *expires, const struct bask_expires_file *file,
                        int64_t now);
