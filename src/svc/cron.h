/* Times as cron(8) has them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum bask_cron_field {
    BASK_CRON_MINUTE,
    BASK_CRON_HOUR,
    BASK_CRON_DAY,
    BASK_CRON_MONTH,
    BASK_CRON_WEEKDAY,
    BASK_CRON_FIELDS
};

struct bask_cron {
    int32_t fields[BASK_CRON_FIELDS]; /* -1: any; -n: every n; a weekday of 7 is 0, Sunday */
};

/* Every field says something. */
bool bask_cron_is_valid(const struct bask_cron *cron);
/* The minute is one that is meant: all fields hold, but of a day and a weekday one is enough. */
bool bask_cron_matches(const struct bask_cron *cron, const struct tm *local);
