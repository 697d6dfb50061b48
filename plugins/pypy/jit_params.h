/*
 * Parameters of PyPy's JIT as users write them: "threshold=200,trace_limit=16000", "off",
 * "default". They are checked here because PyPy says no more than that there is an error.
 */
#pragma once

#include <bask/option.h>

#include <stddef.h>

/* Checks all values of an option and joins them with commas. `initial`: where there are none. 0, or
 * -1 with one sentence in `error`. */
int jit_params_join(const char *option, const struct bask_values *values, const char *initial,
                    char *out, size_t size, char *error, size_t error_size);
