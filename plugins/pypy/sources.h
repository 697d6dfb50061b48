/*
 * The Python sources that are part of the plugin.
 */
#pragma once

#include <stddef.h>

struct glue_source_row {
    const char *name; /* of the module, "wsgi"; NULL ends the table */
    const char *text; /* UTF-8, ends in NUL */
    size_t len;
};

extern const struct glue_source_row glue_source_rows[];
