/*
 * The host side of the plugin ABI (bask/plugin.h): what application threads call.
 *
 * The ABI's functions take no context, so a process has one host, set up once before its threads
 * run. Everything it can reach is in struct bask_host_setup.
 */
#pragma once

#include "conf/conf.h"
#include "obs/apps.h"
#include "obs/board.h"
#include "obs/line_format.h"
#include "plugin/crew.h"

#include <bask/service_request.h>
#include <bask/service_stream.h>
#include <bask/service_websocket.h>

struct bask_host_listener {
    bask_str name, port;
    int fd;
};

/* What a worker wants to be told; called with the crew's lock held. */
struct bask_host_limits {
    int64_t harakiri_us; /* how long a request may take; 0: for ever */
    uint64_t requests;   /* after so many `recycle` is called; 0: never */
    bool exceptions;     /* it is called when an application fails */
    void (*recycle)(void *context, bask_str why);
    void (*deadline)(void *context, int64_t at_us); /* a request got one of its own */
    void *context;
};

/* Where a thread that waits for a signal inside a request gets it; see proc/signal_jobs.h. All but
 * `wait` are called with the crew's lock held. */
struct bask_host_signals {
    void (*begin_wait)(void *context);
    void (*end_wait)(void *context);
    int (*take)(void *context, uint32_t *ret_turn);
    void (*wait)(void *context, uint32_t turn);
    void *context;
};

struct bask_host_setup {
    struct bask_crew *crew; /* NULL in a zygote */
    const struct bask_board *board;
    const struct bask_apps *apps;
    const struct bask_conf *conf;
    struct bask_server_info info;
    const struct bask_host_listener *listeners;
    uint32_t worker_id;                   /* 0 in a zygote */
    uint32_t jobs;                        /* the kinds that the plugin takes */
    const struct bask_line_format *lines; /* of the access log; NULL: built in */
    int transfer_ms;                      /* how long a client that sends may make no progress */
    struct bask_host_limits limits;       /* none before bask_host_limit */
    struct bask_host_signals signals;     /* none before bask_host_serve_signals */
};

/* The function table that plugins get; the same in every process. */
extern const struct bask_host bask_host_functions;

void bask_host_set_up(const struct bask_host_setup *setup);
/* From the next request on these hold. */
void bask_host_limit(struct bask_host_limits limits);
void bask_host_serve_signals(struct bask_host_signals signals);
/* As service_request.h has it. */
int bask_host_wait_signal(void);
/* The calling thread is `thread` from now on; NULL: none any more. */
void bask_host_enter(struct bask_thread *thread);
/* This process is a worker from now on: its applications are told to the others. */
void bask_host_take_seat(struct bask_seat seat);

/* How long a request may take without a word of the client or the application; 0: for ever. */
int64_t bask_host_harakiri_us(void);
struct bask_crew *bask_host_crew(void);
const struct bask_line_format *bask_host_lines(void);
/* How long a thread waits for a client that makes no progress. */
int bask_host_transfer_ms(void);

/* The calling application thread; NULL in others. */
struct bask_thread *bask_host_thread(void);
/* Waits for the client, without the lock, and not for long at once: the request may be cut off
 * meanwhile. 0: try again, BASK_E_TIMEOUT or BASK_E_CLOSED. */
int bask_host_wait(struct bask_req *req, short events);
/* host_request.c: NULL if the calling thread has no request. A signal is nobody's. */
struct bask_req *bask_host_present(void);
extern const struct bask_service_request bask_host_request_service;
/* host_stream.c: the functions of the service, for a request of the calling thread. */
int bask_host_stream_take(struct bask_req *req, bask_str head, uint32_t header_count,
                          const struct bask_farewells *farewells);
ssize_t bask_host_stream_read(struct bask_req *req, char *buffer, size_t size, int timeout_ms);
int bask_host_stream_write(struct bask_req *req, bask_str data, bool is_last);
extern const struct bask_service_stream bask_host_stream_service;
/* host_websocket.c */
struct bask_host_websocket;
void bask_host_websocket_free(struct bask_host_websocket **socket);
extern const struct bask_service_websocket bask_host_websocket_service;

/* An application thread. `req` is the request inside while busy_since_us of `board` is set; whoever
 * reads it has read deadline_us before (it is published with that). */
struct bask_thread {
    uint32_t index;
    bool idle; /* the last NULL of next() meant an idle moment */
    int app;   /* the application of the request inside; see serve_app */
    struct bask_board_thread *board;
    struct bask_req *req;
    const struct bask_job *job; /* what the last NULL of next() meant, until somebody asks */
    struct bask_host_websocket *websocket; /* the last one; NULL: there was none */
};
