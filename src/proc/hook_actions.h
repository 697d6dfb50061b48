/*
 * What a hook can do. Private to proc/.
 */
#pragma once

#include "base/str.h"
#include "proc/hooks.h"

enum { BASK_HOOK_WORDS = 4 };

/* The arguments of one run. */
struct hook_call {
    const char *text;                   /* all of them, as written */
    const char *words[BASK_HOOK_WORDS]; /* at spaces; the last that the action takes is the rest */
    char *error;                        /* one sentence, if the action fails */
    size_t error_size;
};

struct hook_action {
    const char *name;
    unsigned char least, most; /* words */
    const char *usage;         /* of the words */
    int (*run)(const struct hook_call *call);
    const char *refused; /* why there is no such action here; `run` is NULL */
};

/* NULL: no such action, not even in uWSGI. */
const struct hook_action *hook_action_find(bask_str name);

/* Takes `text` apart and runs the action: 0, or a bask_err with one sentence in `error`. `dry`:
 * only looks whether it could be run. */
int hook_action_run(const struct hook_action *action, const char *text, bool dry, char *error,
                    size_t error_size);

/* Runs a command by the shell and waits for it; what hook exec: and the options exec-* do. */
int hook_run_command(const char *command, char *error, size_t error_size);

/* The action unix_signal, which has a place of its own. */
int hook_run_unix_signal(const struct hook_call *call);

/* "15 gracefully_kill_them_all": 0 if the master does that, or can be told to. */
int hook_unix_signal(const char *number, const char *deed, enum bask_hook_term *ret_term);
