/*
 * The functions of this process that can be called by name, whatever language they are written in:
 * a table of names, and who can call what is behind them. Knows no language and no request.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

/* A function whose language gets no jobs: whoever has such a call in hand makes it himself. */
bool bask_functions_are_direct(bask_str name);

/* Makes a call that came from elsewhere; `items` is well formed. 0 and a result, in memory of
 * malloc(3) that is the caller's, or an absent one; BASK_E_NOTFOUND or BASK_E_LIMIT, and the log
 * says so; or what the function gave. */
int bask_functions_answer(bask_str name, bask_str items, bask_str *ret_result);
