/*
 * What applications may use beyond requests: the services of include/bask/service*.h, by name.
 *
 * As the plugin ABI, services take no context: a process has one set, given once with
 * bask_svc_set_up before an application can call them. A service is a file with its struct of
 * functions and a row in svc.c. Knows neither requests nor threads of an application.
 */
#pragma once

#include "svc/aides.h"
#include "svc/alarms.h"
#include "svc/shared.h"
#include "svc/signals.h"

#include <bask/option.h>

#include <stdint.h>

/* The rows of all services. */
struct bask_svc_options {
    int64_t rpc_max;
    int64_t ping_ms, pong_ms; /* of WebSockets; ping_ms 0: never */
    int64_t message_kib;
    int64_t chunk_ms;    /* how long chunked_read waits; 0: as all that waits for a client */
    bool let_upgrade;    /* needless: connections are the workers' own */
    int64_t chunk_bytes; /* needless: chunks are not put together */
};

struct bask_option_table bask_svc_option_table(struct bask_svc_options *values);

struct bask_svc_setup {
    const struct bask_svc_options *options;
    int timeout_ms;                    /* how long another server is waited for */
    struct bask_signal_board *signals; /* NULL: there is no master */
    uint32_t workers, worker_id, generation;
    const struct bask_shared *shared; /* NULL: nothing is */
    const struct bask_aides *aides;   /* NULL: none */
    const struct bask_board *board;   /* NULL: there is none */
    const struct bask_alarms *alarms; /* NULL: there are none */
};

/* What a process is that is a mule or a spooler. */
struct bask_svc_aide {
    const struct bask_aide *about;
    struct bask_aide_place *place;
    int32_t master_pid, parent;
    void (*follow_log)(void *context); /* opens it again if that was asked for */
    void *context;
};

/* The calling process is one, for good. */
void bask_svc_be_aide(const struct bask_svc_aide *aide);
void bask_svc_set_up(const struct bask_svc_setup *setup);
/* What was set up, for who offers a service of other rooms. */
const struct bask_svc_options *bask_svc_options(void);
/* The struct of functions of a service; NULL: there is none of this name. */
const void *bask_svc_find(const char *name);
