/* Fields of a time against the fields of a clock. */
#include "svc/cron.h"

#include <assert.h>

enum { LEAP = 180, STEP_BACK = 5, MINUTE_US = 60000000, LOOK_US = 1000000, MARGIN_US = 1000 };

const struct bask_cron_range bask_cron_ranges[BASK_CRON_FIELDS] = {
    [BASK_CRON_MINUTE] = {"minute", 0, 59, 60}, [BASK_CRON_HOUR] = {"hour", 0, 23, 24},
    [BASK_CRON_DAY] = {"day", 1, 31, 31},       [BASK_CRON_MONTH] = {"month", 1, 12, 12},
    [BASK_CRON_WEEKDAY] = {"week", 0, 7, 7},
};

bool
bask_cron_field_is_valid(enum bask_cron_field which, int32_t field)
{
    const struct bask_cron_range *range = &bask_cron_ranges[which];
    return field < 0 ? field >= -range->every : field >= range->least && field <= range->most;
}

bool
bask_cron_is_valid(const struct bask_cron *cron)
{
    for (int i = 0; i < BASK_CRON_FIELDS; i++)
        if (!bask_cron_field_is_valid((enum bask_cron_field)i, cron->fields[i]))
            return false;
    return true;
}

static bool
holds(int32_t field, int32_t now)
{
    return field < 0 ? now % -field == 0 : now == field;
}

bool
bask_cron_matches(const struct bask_cron *cron, const struct tm *local)
{
    const int32_t *fields = cron->fields;
    int32_t weekday = fields[BASK_CRON_WEEKDAY] == 7 ? 0 : fields[BASK_CRON_WEEKDAY];
    bool both = fields[BASK_CRON_DAY] >= 0 && weekday >= 0;
    bool day = holds(fields[BASK_CRON_DAY], local->tm_mday);
    bool on_weekday = holds(weekday, local->tm_wday);
    return holds(fields[BASK_CRON_MINUTE], local->tm_min) &&
           holds(fields[BASK_CRON_HOUR], local->tm_hour) &&
           holds(fields[BASK_CRON_MONTH], local->tm_mon + 1) &&
           (both ? day || on_weekday : day && on_weekday);
}

void
bask_cron_clock_start(struct bask_cron_clock *clock, int64_t now_s)
{
    for (int i = 0; i < BASK_CRON_KINDS; i++)
        clock->seen[i] = now_s / 60;
}

bool
bask_cron_clock_look(struct bask_cron_clock *clock, int64_t now_s,
                     struct bask_cron_minutes *ret_minutes)
{
    static const int64_t back[] = {[BASK_CRON_ANY_HOUR] = STEP_BACK, [BASK_CRON_AT_HOUR] = LEAP};
    int64_t now = now_s / 60;
    bool found = false;
    for (int i = 0; i < BASK_CRON_KINDS; i++) {
        int64_t *seen = &clock->seen[i];
        bool is_new = now > *seen || now < *seen - back[i];
        bool is_far = now < *seen || now > *seen + LEAP;
        ret_minutes->of[i].after = is_new && !is_far ? *seen : is_new ? now - 1 : now;
        ret_minutes->of[i].last = now;
        if (is_new)
            *seen = now;
        found |= is_new;
    }
    return found;
}

static struct tm
local_time(int64_t minute)
{
    time_t seconds = (time_t)(minute * 60);
    struct tm local;
    localtime_r(&seconds, &local);
    return local;
}

/* Clocks were set back meanwhile, so that this time was there before. */
static bool
is_repeated(int64_t minute, const struct tm *local)
{
    for (int64_t lag = 30; lag <= 120; lag += 30)
        if (local_time(minute - lag).tm_gmtoff == local->tm_gmtoff + lag * 60)
            return true;
    return false;
}

/* Clocks were set forward at this minute, over the time that is meant. */
static bool
is_skipped(const struct bask_cron *cron, int64_t minute, const struct tm *local)
{
    int64_t before = local_time(minute - 1).tm_gmtoff, leap = (local->tm_gmtoff - before) / 60;
    for (int64_t i = 0; i < leap && i < LEAP; i++) {
        time_t seconds = (time_t)((minute + i) * 60 + before);
        struct tm skipped;
        gmtime_r(&seconds, &skipped);
        if (bask_cron_matches(cron, &skipped))
            return true;
    }
    return false;
}

bool
bask_cron_is_due(const struct bask_cron *cron, const struct bask_cron_minutes *minutes)
{
    bool at_hour = cron->fields[BASK_CRON_HOUR] >= 0;
    enum bask_cron_kind kind = at_hour ? BASK_CRON_AT_HOUR : BASK_CRON_ANY_HOUR;
    assert(minutes->of[kind].last - minutes->of[kind].after <= LEAP);
    for (int64_t m = minutes->of[kind].after + 1; m <= minutes->of[kind].last; m++) {
        struct tm local = local_time(m);
        if (bask_cron_matches(cron, &local) && !(at_hour && is_repeated(m, &local)))
            return true;
        if (at_hour && is_skipped(cron, m, &local))
            return true;
    }
    return false;
}

int64_t
bask_cron_pause_us(int64_t now_us)
{
    int64_t rest = MINUTE_US - now_us % MINUTE_US + MARGIN_US;
    return rest < LOOK_US ? rest : LOOK_US;
}
