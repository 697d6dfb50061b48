/*
 * --print-sym: the texts that plugins have embedded, by their names.
 */
#pragma once

#include <bask/str.h>

/* Writes a text to the standard output: the exit status. If there is none of this name, the names
 * that there are go to the standard error. */
int bask_texts_print(bask_str name);
