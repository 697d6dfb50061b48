/*
 * What raises a signal because an option says so: a timer, a file. Out of the option's words.
 */
#pragma once

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

enum raise_kind {
    RAISE_TIMER,    /* SIGNAL SECONDS */
    RAISE_RB_TIMER, /* SIGNAL SECONDS [TIMES] */
    RAISE_TOUCH,    /* FILE SIGNAL */
    RAISE_FS,       /* PATH SIGNAL */
};

struct raise_spec {
    uint32_t number;
    int64_t interval_us; /* of a timer */
    uint32_t times;      /* 0: for ever */
    bask_str path;       /* of a file; part of the words */
};

/* 0; BASK_E_SYNTAX with one sentence in `error`. */
int raise_spec_parse(enum raise_kind kind, bask_str text, struct raise_spec *ret_spec, char *error,
                     size_t error_size);
