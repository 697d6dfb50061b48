/*
 * What a process inherits from the one that made it, by name. Everything else a process has, it
 * makes itself.
 */
#pragma once

#include "conf/conf.h"
#include "ipc/exit.h"
#include "net/net.h"
#include "obs/board.h"
#include "plugin/guests.h"
#include "plugin/host.h"
#include "proc/limits.h"
#include "proc/place.h"
#include "proc/warmup_options.h"
#include "svc/aides.h"
#include "svc/svc.h"
#include "sys/notify.h"

#include <bask/plugin.h>

struct bask_process_options {
    int64_t workers;
    int64_t threads;
    bool master;
    bool lazy_apps;
    int64_t ready_timeout_ms; /* 0: no limit */
    bool disable_logging;
    struct bask_access_rules log_rules;
    struct bask_line_options lines;
    bool need_app;
    int64_t max_apps;
    int64_t thread_stack_kib;
    bool enable_threads;
    int64_t async;        /* 0 and 1: threads, as it is */
    int64_t cpu_affinity; /* CPUs of a worker; 0: all */
    bask_str worker_exec; /* the program that workers are; absent: they serve the application */
};

struct bask_sources;

struct bask_heritage {
    const struct bask_conf *conf;
    const struct bask_process_options *options;
    struct bask_net_options *net;
    const struct bask_warmup_options *warmup;
    const struct bask_limits_options *limits;
    const struct bask_static_options *file_options;
    const struct bask_svc_options *services;
    struct bask_listeners listeners;
    struct bask_board board;           /* shared memory */
    struct bask_apps apps;             /* the same */
    struct bask_signal_board *signals; /* as well; NULL without a master */
    struct bask_shared shared;         /* as well: what applications share */
    struct bask_aides aides;           /* mules and spoolers; none without a master */
    struct bask_alarms *alarms;        /* NULL: there are none */
    uint32_t generation;
    const struct bask_plugin *plugin;
    struct bask_guests guests; /* languages beside it */
    struct bask_place place;
    void (*on_loaded)(void); /* the application is; NULL: nobody wants to know */
    struct bask_server_info info;
    struct bask_host_listener *host_listeners; /* what plugins are told of `listeners` */
    uint32_t log_turns; /* of the board, when this process last opened its log */
    bool replaces;      /* another generation serves: one that does not load must not take over */
    int64_t began_us;   /* when this process did, monotonic; --ready-timeout counts from then */
    int64_t mercy_ms;   /* what requests get when the master is gone */
    struct bask_recorder *recorder; /* NULL without --warmup-record */
    struct bask_static *files;      /* NULL: none are sent without the application */
    struct bask_sources *sources;   /* of warm-up requests; NULL without a warm-up */
    struct bask_notify
        notify; /* the service manager; a worker speaks to it only without a master */
};
