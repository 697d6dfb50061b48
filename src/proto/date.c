/*
 * HTTP dates: calendar arithmetic on a count of seconds.
 *
 * Knows neither clocks nor time zones nor locales. The calendar is reckoned in years that begin on
 * the 1st of March, so that the leap day is a year's last and months follow one linear formula.
 */
#include "proto/date.h"

#include <assert.h>
#include <string.h>

#define DAYS_PER_ERA 146097 /* 400 years, after which the calendar repeats */

struct civil {
    unsigned year;
    unsigned month; /* 1..12 */
    unsigned day;   /* 1..31 */
};

static struct civil
civil_of(uint32_t days_since_1970)
{
    uint32_t days = days_since_1970 + 719468; /* days since 0000-03-01 */
    uint32_t era = days / DAYS_PER_ERA;
    uint32_t day = days % DAYS_PER_ERA;
    /* Take the leap days out, then every year has 365: one each 1460 days, but not each 36524. */
    uint32_t year = (day - day / 1460 + day / 36524 - day / (DAYS_PER_ERA - 1)) / 365;
    day -= 365 * year + year / 4 - year / 100;
    uint32_t month = (5 * day + 2) / 153; /* 0 is March */
    day -= (153 * month + 2) / 5;
    struct civil civil = {
        .year = era * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day + 1,
    };
    return civil;
}

static void
two_digits(char *out, unsigned value)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
}

void
bask_date_write(char out[static BASK_DATE_LEN], int64_t seconds)
{
    static const char weekdays[] =
        "ThuFriSatSunMonTueWed"; /* the 1st of January 1970: a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    assert(seconds >= 0 && seconds <= BASK_DATE_MAX);
    uint32_t days = (uint32_t)(seconds / 86400);
    uint32_t second = (uint32_t)(seconds % 86400);
    struct civil civil = civil_of(days);

    memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", BASK_DATE_LEN);
    memcpy(out, weekdays + 3 * (days % 7), 3);
    two_digits(out + 5, civil.day);
    memcpy(out + 8, months + 3 * (civil.month - 1), 3);
    two_digits(out + 12, civil.year / 100);
    two_digits(out + 14, civil.year % 100);
    two_digits(out + 17, second / 3600);
    two_digits(out + 20, second / 60 % 60);
    two_digits(out + 23, second % 60);
}
