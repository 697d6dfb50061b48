/*
 * The headers of include/bask, as the build wrote them into the program.
 */
#pragma once

#include <stddef.h>

struct kit_text_row {
    const char *name; /* "plugin" for plugin.h; NULL ends the table */
    const char *text; /* ends in NUL */
    size_t len;
};

extern const struct kit_text_row kit_text_rows[];
