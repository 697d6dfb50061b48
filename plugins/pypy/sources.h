/*
 * The Python sources that are part of the plugin, and what PyPys at hand when it was built made of
 * them.
 */
#pragma once

#include <stddef.h>

struct glue_source_row {
    const char *name; /* of the module, "wsgi"; NULL ends the table */
    const char *text; /* UTF-8, ends in NUL */
    size_t len;
};

extern const struct glue_source_row glue_source_rows[];

struct glue_bytecode_row {
    const char
        *interpreter; /* whose, "pypy39-b0010d0a" (_importer.BYTECODE); NULL ends the table */
    const char *name; /* of the module */
    const char *code; /* as marshal.dumps() has it */
    size_t len;
};

extern const struct glue_bytecode_row glue_bytecode_rows[];
