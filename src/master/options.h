/*
 * The options of the master.
 */
#pragma once

#include "master/crons.h"
#include "master/daemons.h"
#include "master/health.h"
#include "master/raisers.h"
#include "master/scaling.h"
#include "master/stats.h"

#include <bask/option.h>

#include <stdbool.h>

struct bask_master_options {
    bool die_on_term;
    bool graceful_on_term;
    bool exit_on_reload;
    bool lazy; /* a reload makes new workers from the present zygote */
    int64_t worker_reload_mercy_ms;
    int64_t forkbomb_delay_ms;
    struct bask_values fifos; /* the slots 0 to 9 */
    bask_str control_socket;
    bask_str binary_path; /* of the program that an upgrade starts; absent: the present one's */
    struct bask_values touch_reload, touch_chain_reload, touch_workers_reload, touch_stop;
    struct bask_values touch_mules_reload, touch_spoolers_reload;
    struct bask_values touch_logreopen, touch_logrotate;
    struct bask_values touch_exec; /* "file command" */
    struct bask_values hook_touch; /* "file action:arguments" */
    struct bask_values fs_reload, fs_brutal_reload;
    struct bask_values reload_on_fd, brutal_reload_on_fd; /* "FD[:BYTES] [TEXT]" */
    struct bask_scaling_options scaling;
    struct bask_health_options health;
    struct bask_stats_options stats;
    struct bask_daemon_options daemons;
    struct bask_cron_options crons;
    struct bask_raise_options raise;
};

/* What --hook-touch has behind its file; NULL if there is nothing. */
const char *bask_touch_hook(bask_str value);

/* Whether the values of --reload-on-fd can be understood, and others have left these descriptors
 * open: 0, or a bask_err and one sentence. Before the server opens anything. */
int bask_fd_reload_check(const struct bask_master_options *options, char *error, size_t error_size);

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_master_option_table(struct bask_master_options *values);
