/*
 * What the user wants of warm-up, proof of readiness, and recording.
 */
#pragma once

#include <bask/option.h>

struct bask_warmup_options {
    struct bask_values ready_urls;
    struct bask_values paths; /* --warmup */
    struct bask_values files;
    int64_t requests; /* most of them; 0: as many as the time allows */
    int64_t budget_ms;
    bask_str methods;        /* "GET,HEAD,OPTIONS" */
    int64_t worker_requests; /* made again in every new worker */
    bask_str record;         /* file to record live requests into; absent: none */
    int64_t record_max;
    bool record_all;
};

/* The rows of these options; `values` is the struct they fill. */
struct bask_option_table bask_warmup_option_table(struct bask_warmup_options *values);
