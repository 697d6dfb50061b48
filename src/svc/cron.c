/* Fields of a time against the fields of a clock. */
#include "svc/cron.h"

static const struct {
    int32_t least, most;
} ranges[] = {
    [BASK_CRON_MINUTE] = {0, 59}, [BASK_CRON_HOUR] = {0, 23},   [BASK_CRON_DAY] = {1, 31},
    [BASK_CRON_MONTH] = {1, 12},  [BASK_CRON_WEEKDAY] = {0, 7},
};

bool
bask_cron_is_valid(const struct bask_cron *cron)
{
    for (int i = 0; i < BASK_CRON_FIELDS; i++) {
        int32_t field = cron->fields[i];
        if (field < -ranges[i].most || field > ranges[i].most ||
            (field >= 0 && field < ranges[i].least))
            return false;
    }
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
    bool any_day = fields[BASK_CRON_DAY] == -1, any_weekday = weekday == -1;
    bool day = holds(fields[BASK_CRON_DAY], local->tm_mday);
    bool on_weekday = holds(weekday, local->tm_wday);
    return holds(fields[BASK_CRON_MINUTE], local->tm_min) &&
           holds(fields[BASK_CRON_HOUR], local->tm_hour) &&
           holds(fields[BASK_CRON_MONTH], local->tm_mon + 1) &&
           (any_day || any_weekday ? day && on_weekday : day || on_weekday);
}
