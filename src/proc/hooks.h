/*
 * Hooks: things that the server does for its operator at certain points of its life, and programs
 * that it runs there. Two tables: the points (here) and the actions (hook_actions.c).
 */
#pragma once

#include "base/str.h"

#include <bask/option.h>

/*
 *   X(symbol, name, what a failure does, where)
 *
 * In the order in which they come.
 */
#define BASK_HOOK_POINTS(X)                                                                        \
    X(ASAP, "asap", FATAL, "as soon as the options are read")                                      \
    X(PRE_JAIL, "pre-jail", FATAL, "before chroot and the drop of privileges")                     \
    X(POST_JAIL, "post-jail", FATAL, "after chroot; not run without one")                          \
    X(IN_JAIL, "in-jail", FATAL, "after chroot, after post-jail; not run without one")             \
    X(AS_ROOT, "as-root", FATAL, "just before privileges are dropped")                             \
    X(AS_USER, "as-user", FATAL, "just after privileges were dropped")                             \
    X(MASTER_START, "master-start", FATAL, "in the master, before it starts anything")             \
    X(PRE_APP, "pre-app", FATAL, "before the application is loaded")                               \
    X(POST_APP, "post-app", FATAL, "after the application was loaded")                             \
    X(POST_FORK, "post-fork", FATAL, "in each new worker")                                         \
    X(AS_MULE, "as-mule", FATAL, "in each new mule")                                               \
    X(ACCEPTING, "accepting", LOGGED, "in each worker that begins to accept")                      \
    X(ACCEPTING_ONCE, "accepting-once", LOGGED, "the same, not in replacements")                   \
    X(ACCEPTING1, "accepting1", LOGGED, "in worker 1 when it begins to accept")                    \
    X(ACCEPTING1_ONCE, "accepting1-once", LOGGED, "the same, not in replacements")                 \
    X(AS_USER_ATEXIT, "as-user-atexit", LOGGED, "when the server ends")

enum bask_hook_point {
#define X(symbol, name, failure, where) BASK_HOOK_##symbol,
    BASK_HOOK_POINTS(X)
#undef X
        BASK_HOOK_COUNT,
};

struct bask_hook_options {
    struct bask_values hooks[BASK_HOOK_COUNT]; /* "action:arguments" */
    struct bask_values execs[BASK_HOOK_COUNT]; /* commands */
};

/* What is wrong with them, before anything is run: 0, or BASK_E_SYNTAX with one sentence. */
int bask_hooks_check(const struct bask_hook_options *options, char *error, size_t error_size);

/* Does everything of one point, in order, hooks first. Of a FATAL point the first failure ends it:
 * BASK_E_STATE; the log says why. */
int bask_hooks_run(const struct bask_hook_options *options, enum bask_hook_point point);

/* One that runs in the master, at any time (--hook-touch): the same, also if it is an action that
 * the master would have to wait for. */
int bask_hooks_check_later(bask_str hook, char *error, size_t error_size);
/* The log says why it failed. `text` ends with a NUL. */
void bask_hooks_run_later(const char *text);

enum bask_hook_term {
    BASK_HOOK_TERM_USUAL, /* nothing was said */
    BASK_HOOK_TERM_STOPS,
    BASK_HOOK_TERM_STOPS_GRACEFULLY,
};
/* What the master-start hooks want SIGTERM to do. */
enum bask_hook_term bask_hooks_on_term(const struct bask_hook_options *options);

/* The rows of these options; `values` is the struct they fill. */
struct bask_option_table bask_hook_option_table(struct bask_hook_options *values);
