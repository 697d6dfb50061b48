/*
 * The limits of a worker and of its requests.
 *
 * Recycling: a worker that has served enough, lived long enough, or grown too large asks its master
 * for a successor, and is told to end when that one accepts; no request is lost. Without a master
 * it drains and ends. Harakiri (harakiri.h): a request that takes too long.
 */
#pragma once

#include "obs/board.h"
#include "plugin/host.h"
#include "proc/harakiri.h"

#include <bask/option.h>

struct bask_limits_options {
    struct bask_harakiri_options harakiri;
    int64_t max_requests, max_requests_delta;
    int64_t max_lifetime_ms, max_lifetime_delta_ms, min_lifetime_ms;
    int64_t reload_on_rss_mb, reload_on_as_mb; /* 0: none, as in all that follow */
    int64_t evil_rss_mb, evil_as_mb;
    int64_t sample_ms; /* how often memory is looked at */
    bool reload_on_exception;
    struct bask_values exception_types, exception_values, exception_reprs; /* read by Python */
};

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_limits_option_table(struct bask_limits_options *values);
/* Options that contradict each other: BASK_E_RANGE with one sentence in `error`. */
int bask_limits_check(struct bask_limits_options *options, const struct bask_conf *conf,
                      char *error, size_t error_size);

/* What holds for worker `id` of `workers`. Those of one server do not all end at the same time:
 * where the user gave no delta, each is stopped a little before the limit. 0: no limit. */
uint64_t bask_limits_requests(const struct bask_limits_options *options, uint32_t id,
                              uint32_t workers);
int64_t bask_limits_lifetime_ms(const struct bask_limits_options *options, uint32_t id,
                                uint32_t workers);

struct bask_limits;

struct bask_limits_setup {
    const struct bask_limits_options *options;
    const struct bask_board *board;
    struct bask_seat seat;
    struct bask_loop *loop;
    bool has_master;
};

/* NULL: out of memory. */
struct bask_limits *bask_limits_new(const struct bask_limits_setup *setup);
void bask_limits_free(struct bask_limits **limits);
/* Who sees to the deadlines of requests. */
void bask_limits_guard(struct bask_limits *limits, struct bask_harakiri *harakiri);
/* The worker drains: it has asked for all it will ask for. */
void bask_limits_leave(struct bask_limits *limits);
/* The worker accepts requests: its life begins. */
void bask_limits_start(struct bask_limits *limits);
/* A thread is lost: the on_lost of the harakiri; `context` is the limits. Its age does not matter.
 */
void bask_limits_lost(void *context, const char *why);
/* For bask_host_limit. */
struct bask_host_limits bask_limits_for_host(struct bask_limits *limits);
