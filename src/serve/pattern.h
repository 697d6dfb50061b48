/*
 * Patterns of options, as POSIX extended regular expressions (regex(7)).
 */
#pragma once

#include "base/str.h"

#include <regex.h>

/* 0; BASK_E_SYNTAX: `error` says why. What Perl's expressions have and these do not is refused
 * rather than taken for something else. */
int bask_pattern_compile(regex_t *ret_pattern, bask_str text, char *error, size_t error_size);
/* Whether it is found anywhere in the text. */
bool bask_pattern_matches(const regex_t *pattern, bask_str text);
