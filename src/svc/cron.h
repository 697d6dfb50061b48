/*
 * Times as cron(8) has them, and the minutes that a clock comes by: each counts once, whatever the
 * clock does. The time zone is the process's.
 */
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

/* What a field may be: `least` to `most`, or -1 to -`every`. */
struct bask_cron_range {
    const char *name;
    int32_t least, most, every;
};
extern const struct bask_cron_range bask_cron_ranges[BASK_CRON_FIELDS];

bool bask_cron_field_is_valid(enum bask_cron_field which, int32_t field);
/* Every field says something. */
bool bask_cron_is_valid(const struct bask_cron *cron);
/* The minute is one that is meant: all fields hold, but of a day and a weekday one is enough. */
bool bask_cron_matches(const struct bask_cron *cron, const struct tm *local);

/* Times with an hour, and those of any hour: who says "at 2:30" means once a day, who says "every
 * ten minutes" means every ten minutes. */
enum bask_cron_kind { BASK_CRON_ANY_HOUR, BASK_CRON_AT_HOUR, BASK_CRON_KINDS };

/* The last minute of Unix time that has been dealt with. */
struct bask_cron_clock {
    int64_t seen[BASK_CRON_KINDS];
};

/* What has to be dealt with: the minutes behind `after`, up to `last`. */
struct bask_cron_minutes {
    struct {
        int64_t after, last;
    } of[BASK_CRON_KINDS];
};

/* The minute that has begun does not count any more. */
void bask_cron_clock_start(struct bask_cron_clock *clock, int64_t now_s);
/* The minutes since the last look; false: there are none. Minutes that a clock has skipped by a
 * leap of up to three hours are among them; one that was set back does not bring them again, unless
 * it was set back by so much that it must have been wrong: by three hours, or by five minutes for
 * what is due at any hour. */
bool bask_cron_clock_look(struct bask_cron_clock *clock, int64_t now_s,
                          struct bask_cron_minutes *ret_minutes);
/* One of the minutes is meant. A time with an hour that the clock skips in spring is meant when it
 * would have been, one that comes twice in autumn the first time only. */
bool bask_cron_is_due(const struct bask_cron *cron, const struct bask_cron_minutes *minutes);
/* How long until the next look, of wall time in microseconds: at the next minute, and not much
 * later if the clock is set meanwhile. */
int64_t bask_cron_pause_us(int64_t now_us);
