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
    struct bask_values mounts; /* --mount: MOUNTPOINT=APP */
    bool dynamic_apps;
    /* Python reads these by their names (host->option). */
    bool manage_script_name, ignore_script_name, no_default_app, vhost, vhost_host;
    bool single_interpreter;
    bool catch_exceptions;
    bool wsgi_strict, wsgi_accept_buffer, wsgi_disable_file_wrapper, wsgi_manage_chunked_input;
    int64_t write_errors_tolerance;
    bool disable_write_exception;
    bask_str wsgi_env_behaviour;
    int64_t autoreload_s;
    struct bask_values autoreload_ignore;
    bask_str tracebacker;
    /* Python reads the values of these by their names; here is only whether there are any. */
    struct bask_values eval, exec, eval_post_fork, exec_post_fork;
    struct bask_values imports, shared_imports, spooler_imports, aliases, post_aliases;
    bask_str paste, ini_paste, pecan, source, shell, shell_once;
    bool paste_logger;
    bask_str setup, arguments, executable, version, mode;
    bool at_fork, fork_hooks, no_site, reload_os_env;
    bool reaper, skip_atexit, skip_teardown;
    int64_t optimize;
    bask_str program_name;
};

/* How eagerly PyPy compiles while it warms up, unless the user says otherwise. */
#define PYPY_WARMUP_JIT                                                                            \
    "threshold=40,function_threshold=60,trace_eagerness=8,decay=0,loop_longevity=1000000"

/* Is there an application, or code to run, other than by module and file? */
bool pypy_options_ask_for_code(void);

/* Is there an application, or code to run, other than by module and file? */
bool pypy_options_ask_for_code(void);

extern struct pypy_options pypy_options;
extern const struct bask_option_table pypy_option_table;
