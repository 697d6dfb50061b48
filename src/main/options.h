/*
 * The options that belong to the server as a whole.
 */
#pragma once

#include "master/options.h"
#include "obs/log_options.h"
#include "proc/heritage.h"

/* How it is run: in the background, with a log and pidfiles of its own. */
struct bask_service_options {
    bask_str daemonize, daemonize2;
    bask_str logto, logto2;
    bask_str pidfile, pidfile2, safe_pidfile, safe_pidfile2;
    bool vacuum;
};

struct bask_main_options {
    struct bask_process_options process;
    struct bask_master_options master;
    struct bask_service_options service;
    struct bask_values plugins, needed_plugins, plugin_folders;
    struct bask_log_options log;
    bool plugins_list;
    bool show_config;
    int64_t ping_timeout_ms;
};

/* The tables of these options; `values` is the struct they fill. */
struct bask_option_table bask_process_option_table(struct bask_main_options *values);
struct bask_option_table bask_service_option_table(struct bask_main_options *values);
struct bask_option_table bask_general_option_table(struct bask_main_options *values);
