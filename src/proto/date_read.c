/*
 * Reading HTTP dates. The two obsolete forms are read as well, which RFC 9110 5.6.7 demands of
 * recipients. The name of the day is not compared with the date: it says nothing that the rest does
 * not.
 */
#include "base/err.h"
#include "proto/date.h"
#include "proto/octets.h"

struct moment {
    unsigned year, month, day, hour, minute, second; /* month: 0 is January */
};

/*
 * The three forms. A letter stands for what it names, anything else for itself:
 *   w W  the name of a day, short or long    d  its number in two digits, e: a space for the first
 *   m    the name of a month                 y Y  the year in two or four digits
 *   h i s  hour, minute, second
 */
static const char *const forms[] = {"w, d m Y h:i:s \\G\\M\\T", "W, d-m-y h:i:s \\G\\M\\T",
                                    "w m e h:i:s Y"};

static bool
take_number(bask_str *text, size_t digits, unsigned *ret_number)
{
    unsigned number = 0;
    if (text->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!bask_octet_is(text->ptr[i], BASK_OCTET_DIGIT))
            return false;
        number = number * 10 + (unsigned)(text->ptr[i] - '0');
    }
    *text = bask_str_n(text->ptr + digits, text->len - digits);
    *ret_number = number;
    return true;
}

static bool
take_name(bask_str *text, const char *const *names, size_t count, unsigned *ret_index)
{
    for (unsigned i = 0; i < count; i++) {
        bask_str name = bask_str_of(names[i]);
        if (!bask_str_starts(*text, name))
            continue;
        *text = bask_str_n(text->ptr + name.len, text->len - name.len);
        *ret_index = i;
        return true;
    }
    return false;
}

static bool
take_month(bask_str *text, unsigned *ret_month)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return take_name(text, months, 12, ret_month);
}

static bool
take_weekday(bask_str *text, bool is_long)
{
    static const char *const short_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const long_names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                             "Friday", "Saturday", "Sunday"};
    unsigned unused;
    return take_name(text, is_long ? long_names : short_names, 7, &unused);
}

static bool
take_literal(bask_str *text, char c)
{
    if (!text->len || *text->ptr != c)
        return false;
    *text = bask_str_n(text->ptr + 1, text->len - 1);
    return true;
}

static bool
take_short_year(bask_str *text, struct moment *moment)
{
    if (!take_number(text, 2, &moment->year))
        return false;
    moment->year += moment->year < 70 ? 2000 : 1900;
    return true;
}

static bool
take(bask_str *text, char what, struct moment *moment)
{
    switch (what) {
    case 'w':
        return take_weekday(text, false);
    case 'W':
        return take_weekday(text, true);
    case 'd':
        return take_number(text, 2, &moment->day);
    case 'e':
        return take_literal(text, ' ') ? take_number(text, 1, &moment->day)
                                       : take_number(text, 2, &moment->day);
    case 'm':
        return take_month(text, &moment->month);
    case 'y':
        return take_short_year(text, moment);
    case 'Y':
        return take_number(text, 4, &moment->year);
    case 'h':
        return take_number(text, 2, &moment->hour);
    case 'i':
        return take_number(text, 2, &moment->minute);
    case 's':
        return take_number(text, 2, &moment->second);
    default:
        return take_literal(text, what);
    }
}

static bool
has_form(bask_str text, const char *form, struct moment *moment)
{
    for (; *form; form++)
        if (*form == '\\' ? !take_literal(&text, *++form) : !take(&text, *form, moment))
            return false;
    return text.len == 0;
}

static bool
is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool
is_real(const struct moment *moment)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned length = lengths[moment->month] + (moment->month == 1 && is_leap(moment->year));
    /* A leap second is the last of its minute. */
    return moment->year >= 1970 && moment->day >= 1 && moment->day <= length && moment->hour < 24 &&
           moment->minute < 60 && moment->second <= 60;
}

static int64_t
seconds_of(const struct moment *moment)
{
    static const unsigned short before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    unsigned year = moment->year - 1; /* the last that is over */
    unsigned leap_days = year / 4 - year / 100 + year / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    int64_t days = (int64_t)(moment->year - 1970) * 365 + leap_days + before[moment->month] +
                   (moment->month > 1 && is_leap(moment->year)) + moment->day - 1;
    return ((days * 24 + moment->hour) * 60 + moment->minute) * 60 + moment->second;
}

int
bask_date_read(bask_str text, int64_t *ret_seconds)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct moment moment = {0};
        if (!has_form(text, forms[i], &moment))
            continue;
        if (!is_real(&moment))
            break;
        int64_t seconds = seconds_of(&moment);
        *ret_seconds = seconds < BASK_DATE_MAX ? seconds : BASK_DATE_MAX;
        return BASK_OK;
    }
    return BASK_E_SYNTAX;
}
