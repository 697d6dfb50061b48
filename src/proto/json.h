/*
 * Writes JSON (RFC 8259) into a buffer: a name and a value a line, tabs before them, as uWSGI's
 * stats have it; or no white space at all. What it writes is always well formed: bytes that are no
 * UTF-8 become U+FFFD, each of them.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

struct bask_json {
    struct bask_buf *out;
    bool minified;
    int err; /* the first error; after it nothing is written */
    unsigned depth;
    bool filled; /* the present object or list has something in it */
};

/* An object or a list begins and ends; `name` is NULL in a list, and of the outermost. */
void bask_json_open_object(struct bask_json *json, const char *name);
void bask_json_close_object(struct bask_json *json);
void bask_json_open_list(struct bask_json *json, const char *name);
void bask_json_close_list(struct bask_json *json);

/* A member of an object, or with `name` NULL of a list. */
void bask_json_number(struct bask_json *json, const char *name, int64_t value);
void bask_json_count(struct bask_json *json, const char *name, uint64_t value);
void bask_json_bool(struct bask_json *json, const char *name, bool value);
void bask_json_text(struct bask_json *json, const char *name, bask_str value);
