/*
 * The --pypy-* options, and the names that uWSGI's CPython plugin has for the same things.
 */
#pragma once

#include <bask/option.h>

#include <stdbool.h>

struct pypy_options {
    bask_str lib;      /* --pypy-lib */
    bask_str home;     /* --pypy-home */
    bask_str module;   /* --pypy-wsgi: module[:callable] */
    bask_str file;     /* --pypy-wsgi-file */
    bask_str callable; /* --callable */
    struct bask_values python_path;
    struct bask_values jit;        /* --pypy-jit, for serving */
    struct bask_values warmup_jit; /* while warming */
    bool gc_idle;
};

/* How eagerly PyPy compiles while it warms up, unless the user says otherwise. */
#define PYPY_WARMUP_JIT                                                                            \
    "threshold=40,function_threshold=60,trace_eagerness=8,trace_limit=16000,decay=0,"              \
    "loop_longevity=1000000"

extern struct pypy_options pypy_options;
extern const struct bask_option_table pypy_option_table;
