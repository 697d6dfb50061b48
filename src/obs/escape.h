/*
 * Bytes that a client chose, as a line of a log may hold them: one line, in ASCII or in UTF-8, and
 * no quote that would end a field.
 */
#pragma once

#include "base/str.h"

enum bask_escape {
    BASK_ESCAPE_HEX,  /* quote, backslash, all that is no printable ASCII: \xNN */
    BASK_ESCAPE_JSON, /* as in a string of JSON: \uNNNN. UTF-8 stays, a byte that is none is \u00NN
                       */
};

/* As much of `text` as has room, no character by half; how many bytes. */
size_t bask_escape(char *out, size_t room, bask_str text, enum bask_escape how);
