/*
 * The service "alarm": messages for those whom the operator named with --alarm.
 */
#pragma once

#include <bask/str.h>

#include <stdbool.h>
#include <stdint.h>

struct bask_service_alarm {
    uint32_t size;

    /* There are alarms. */
    bool (*exist)(void);
    /* All alarms of this name are told the message, later and by another process; never waits.
     * BASK_E_NOTFOUND: there is none; BASK_E_LIMIT: so many wait already that this one is lost. A
     * message that is too long is cut. */
    int (*raise)(bask_str name, bask_str message);
    /* Lines of the log raise alarms, too: see() wants what is written to it by other means than the
     * host's log(). */
    bool (*watches)(void);
    void (*see)(bask_str lines);
};
