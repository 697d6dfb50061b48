/*
 * What HTTP connections forgive and refuse beyond RFC 9112: nothing of it is on unless somebody
 * needs it. docs/guide/http.md explains the rows to users.
 */
#pragma once

#include "req/from_http1.h"

#include <bask/option.h>

struct bask_http_options {
    bool allow_bare_lf, allow_obs_fold, allow_no_host;
    bool require_length;   /* 411 instead of chunked bodies */
    int64_t manage_expect; /* 0: 100 is sent when the application reads; 1: at once; else at once,
                              up to so many bytes */
    bask_str underscores;  /* drop, refuse or allow */

    /* What follows from these; bask_http_options_settle. */
    unsigned leniency;
    enum bask_underscores underscore_rule;
};

/* The rows of these options; `values` is the struct they fill. */
struct bask_option_table bask_http_option_table(struct bask_http_options *values);
/* 0, or BASK_E_SYNTAX: *ret_option is the name of the option whose value is none, `error` what was
 * expected. */
int bask_http_options_settle(struct bask_http_options *options, const char **ret_option,
                             char *error, size_t error_size);
