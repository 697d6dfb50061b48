/*
 * An SCGI request: a netstring of variables, then the body.
 *
 *   "70:" CONTENT_LENGTH NUL 27 NUL SCGI NUL 1 NUL ... "," body
 */
#pragma once

#include "base/str.h"

/* > 0: bytes up to the body; -1: malformed, or over `max` bytes of variables; -2: more is needed.
 */
int bask_scgi_parse(const char *buf, size_t len, size_t max, bask_str *ret_variables);

/* Takes the first variable off *variables: 1 one was taken, 0 none is left, -1 malformed (an empty
 * name, or a text without its NUL). */
int bask_scgi_next(bask_str *variables, bask_str *ret_name, bask_str *ret_value);
