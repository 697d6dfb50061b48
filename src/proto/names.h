/*
 * Names with numbers: header fields, CGI variables, methods (see bask/environ_keys.h).
 */
#pragma once

#include "base/str.h"

#include <bask/environ_keys.h>

/* The number of an HTTP field name, in any case: an enum bask_environ_key, or -1. */
int bask_names_header(bask_str name);
/* The number of a CGI variable, exact case ("HTTP_HOST", "REQUEST_METHOD"), or -1. */
int bask_names_variable(bask_str name);
/* The CGI name of a number in 0..BASK_KEY_COUNT-1. */
bask_str bask_names_key(int key_id);
/* An enum bask_method; methods are case-sensitive (RFC 9110 9.1). */
int bask_names_method(bask_str name);
