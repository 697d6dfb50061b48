/*
 * HTTP dates (RFC 9110 5.6.7): IMF-fixdate is written, all three forms are read.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

#define BASK_DATE_LEN 29
#define BASK_DATE_MAX INT64_C(253402300799) /* the last second of the year 9999 */

/* Writes "Sun, 06 Nov 1994 08:49:37 GMT" and no NUL. `seconds`: Unix time, 0 to BASK_DATE_MAX. */
void bask_date_write(char out[static BASK_DATE_LEN], int64_t seconds);

/* Unix time of "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or
 * "Sun Nov  6 08:49:37 1994", from 1970 to 9999. BASK_E_SYNTAX: it is none of them. Of two digits
 * for the year, 70 and more are the last century's. */
int bask_date_read(bask_str text, int64_t *ret_seconds);
