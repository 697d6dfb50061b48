/* The Python half, as gen_text.py puts it into the library. */
#pragma once

#include <stddef.h>

struct embed_source_row {
    const char *name; /* NULL ends the table */
    const char *text;
    size_t len;
};
extern const struct embed_source_row embed_source_rows[];
