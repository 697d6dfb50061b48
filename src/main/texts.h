/*
 * --print-sym: the texts that plugins have embedded, by their names.
 */
#pragma once

#include "plugin/objects.h"

/* Writes a text to the standard output: the exit status. If there is none of this name, the names
 * that there are go to the standard error. */
int bask_texts_print(const struct bask_objects *objects, bask_str name);
