/*
 * HTTP dates (RFC 9110 5.6.7), IMF-fixdate only.
 */
#pragma once

#include <stdint.h>

#define BASK_DATE_LEN 29
#define BASK_DATE_MAX INT64_C(253402300799) /* the last second of the year 9999 */

/* Writes "Sun, 06 Nov 1994 08:49:37 GMT" and no NUL. `seconds`: Unix time, 0 to BASK_DATE_MAX. */
void bask_date_write(char out[static BASK_DATE_LEN], int64_t seconds);
