/*
 * The host side of the plugin ABI (bask/plugin.h): what application threads call.
 *
 * The ABI's functions take no context, so a process has one host, set up once before its threads
 * run. Everything it can reach is in struct bask_host_setup.
 */
#pragma once

#include "conf/conf.h"
#include "obs/board.h"
#include "plugin/crew.h"

struct bask_host_listener {
    bask_str name, port;
    int fd;
};

struct bask_host_setup {
    struct bask_crew *crew; /* NULL in a zygote */
    const struct bask_board *board;
    const struct bask_conf *conf;
    struct bask_server_info info;
    const struct bask_host_listener *listeners;
    uint32_t worker_id; /* 0 in a zygote */
    int transfer_ms;    /* how long a thread waits for a client */
};

/* The function table that plugins get; the same in every process. */
extern const struct bask_host bask_host_functions;

void bask_host_set_up(const struct bask_host_setup *setup);

/* An application thread. */
struct bask_thread {
    uint32_t index;
    struct bask_board_thread *board;
};
