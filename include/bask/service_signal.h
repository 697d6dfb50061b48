/*
 * The service "signal": numbers that processes of the server raise, and whose handlers run in
 * workers, mules and spoolers; timers, cron and watched files, which raise them.
 *
 * Handlers are the plugin's. It defines a number in each process that has a handler for it: in the
 * one that loads the application, all have it. Then jobs come (BASK_JOB_SIGNAL), in workers; mules
 * and spoolers take them (service_aide.h).
 *
 * Needs a master, which decides who gets a signal. What is defined belongs to the generation of the
 * calling process: after a reload nothing of it is left.
 *
 * Functions return 0, or a bask_err and one sentence in `error`: BASK_E_STATE there is no master,
 * BASK_E_RANGE or BASK_E_SYNTAX a bad number, target, time or path, BASK_E_LIMIT there are too
 * many.
 */
#pragma once

#include <bask/str.h>

#include <stddef.h>
#include <stdint.h>

enum { BASK_SIGNALS = 256 };

struct bask_service_signal {
    uint32_t size;

    /* `target`: "", "worker" or "worker0": one that is idle; "worker3": that one; "workers",
     * "active-workers": all. "mule" or "mule0", "mule3", "mules", "spooler", "farm_NAME" or
     * "farm3": one of them that is idle, but "mules": all. */
    int (*define)(uint32_t number, bask_str target, char *error, size_t error_size);
    /* A number that nobody has defined is lost. BASK_E_LIMIT: so many wait already. */
    int (*raise)(uint32_t number, char *error, size_t error_size);
    /* In another server, over its uwsgi socket. Blocks. BASK_E_NOTFOUND, BASK_E_TIMEOUT and so on:
     * it was not delivered; BASK_E_STATE: it was refused. */
    int (*raise_at)(bask_str node, uint32_t number, char *error, size_t error_size);
    /* Every `interval_us`; `times` 0: for ever. */
    int (*add_timer)(uint32_t number, int64_t interval_us, uint32_t times, char *error,
                     size_t error_size);
    /* minute, hour, day, month, weekday in local time; -1 any, -n every n; Sunday is 0 or 7. A day
     * and a weekday: either of them. */
    int (*add_cron)(uint32_t number, const int32_t fields[5], char *error, size_t error_size);
    /* When a file, or something in a folder, changes. */
    int (*add_monitor)(uint32_t number, bask_str path, char *error, size_t error_size);
};
