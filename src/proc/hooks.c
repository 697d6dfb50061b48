/*
 * The points, their options, and running what was asked for. Knows nothing of what an action does.
 */
#include "proc/hooks.h"

#include "base/err.h"
#include "base/str.h"
#include "obs/log.h"
#include "proc/hook_actions.h"

#include <stdio.h>
#include <stdlib.h>

enum failure { FATAL, LOGGED };

static const struct {
    const char *name;
    enum failure failure;
} points[] = {
#define X(symbol, name, failure, where) {name, failure},
    BASK_HOOK_POINTS(X)
#undef X
};

/* What ran at the start of the master, or runs at its end, is not the next generation's to change.
 */
#define FIXED(point)                                                                               \
    ((point) < BASK_HOOK_PRE_APP || (point) == BASK_HOOK_AS_USER_ATEXIT ? BASK_OPT_FIXED : 0)

static const struct bask_option rows[] = {
#define X(symbol, name, failure, where)                                                            \
    {"hook-" name,                                                                                 \
     NULL,                                                                                         \
     0,                                                                                            \
     BASK_OPT_LIST,                                                                                \
     offsetof(struct bask_hook_options, hooks) + BASK_HOOK_##symbol * sizeof(struct bask_values),  \
     0,                                                                                            \
     0,                                                                                            \
     NULL,                                                                                         \
     "ACTION:ARGS",                                                                                \
     "do this " where,                                                                             \
     .flags = FIXED(BASK_HOOK_##symbol)},
    BASK_HOOK_POINTS(X)
#undef X
#define X(symbol, name, failure, where)                                                            \
    {"exec-" name,                                                                                 \
     NULL,                                                                                         \
     0,                                                                                            \
     BASK_OPT_LIST,                                                                                \
     offsetof(struct bask_hook_options, execs) + BASK_HOOK_##symbol * sizeof(struct bask_values),  \
     0,                                                                                            \
     0,                                                                                            \
     NULL,                                                                                         \
     "COMMAND",                                                                                    \
     "run this command " where,                                                                    \
     .flags = FIXED(BASK_HOOK_##symbol)},
        BASK_HOOK_POINTS(X)
#undef X
};

struct bask_option_table
bask_hook_option_table(struct bask_hook_options *values)
{
    return (struct bask_option_table){
        .group = "Hooks",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

/* The action of "action:arguments", and where its arguments begin. */
static const struct hook_action *
find_action(bask_str hook, const char **ret_arguments)
{
    bask_str name = hook, arguments = {"", 0};
    bask_str_cut(hook, ':', &name, &arguments);
    *ret_arguments = arguments.ptr;
    return hook_action_find(name);
}

static int
check(const struct bask_value *hook, enum bask_hook_point point, char *error, size_t error_size)
{
    char reason[256];
    const char *arguments;
    const struct hook_action *action = find_action(hook->text, &arguments);
    int err = BASK_E_SYNTAX;
    if (!action)
        snprintf(reason, sizeof reason, "expected ACTION:ARGUMENTS, and there is no such action");
    else
        err = hook_action_run(action, arguments, true, reason, sizeof reason);
    if (!err && action->run == hook_run_unix_signal && point != BASK_HOOK_MASTER_START) {
        snprintf(reason, sizeof reason, "signals are the master's: use hook-master-start");
        err = BASK_E_SYNTAX;
    }
    if (err)
        snprintf(error, error_size, "%.*s: hook-%s \"%.*s\": %s", BASK_FMT(hook->origin),
                 points[point].name, BASK_FMT(hook->text), reason);
    return err;
}

int
bask_hooks_check(const struct bask_hook_options *options, char *error, size_t error_size)
{
    for (size_t point = 0; point < BASK_HOOK_COUNT; point++)
        for (size_t i = 0; i < options->hooks[point].count; i++) {
            int err = check(&options->hooks[point].items[i], (enum bask_hook_point)point, error,
                            error_size);
            if (err)
                return err;
        }
    return BASK_OK;
}

static int
run_hook(bask_str text, char *error, size_t error_size)
{
    const char *arguments;
    const struct hook_action *action = find_action(text, &arguments);
    return hook_action_run(action, arguments, false, error, error_size);
}

static int
run_one(enum bask_hook_point point, bask_str text, bool is_command)
{
    char error[512];
    const char *kind = is_command ? "exec" : "hook";
    bask_log(BASK_LOG_INFO, "%s-%s: %.*s", kind, points[point].name, BASK_FMT(text));
    int err = is_command ? hook_run_command(text.ptr, error, sizeof error)
                         : run_hook(text, error, sizeof error);
    if (err)
        bask_log(BASK_LOG_ERROR, "%s-%s \"%.*s\" failed: %s", kind, points[point].name,
                 BASK_FMT(text), error);
    return err && points[point].failure == FATAL ? BASK_E_STATE : BASK_OK;
}

int
bask_hooks_run(const struct bask_hook_options *options, enum bask_hook_point point)
{
    const struct bask_values *lists[] = {&options->hooks[point], &options->execs[point]};
    for (size_t list = 0; list < 2; list++)
        for (size_t i = 0; i < lists[list]->count; i++) {
            int err = run_one(point, lists[list]->items[i].text, list == 1);
            if (err)
                return err;
        }
    return BASK_OK;
}

/* These take their time, or are about the beginning or the end of the server. */
static const char *const not_later[] = {"wait_for_fs",     "wait_for_file", "wait_for_dir",
                                        "wait_for_socket", "exit",          "unix_signal"};

int
bask_hooks_check_later(bask_str hook, char *error, size_t error_size)
{
    const char *arguments;
    const struct hook_action *action = find_action(hook, &arguments);
    if (!action) {
        snprintf(error, error_size, "expected ACTION:ARGUMENTS, and there is no such action");
        return BASK_E_SYNTAX;
    }
    for (size_t i = 0; i < sizeof not_later / sizeof *not_later; i++)
        if (bask_str_eq(bask_str_of(action->name), bask_str_of(not_later[i]))) {
            snprintf(error, error_size,
                     "%s is for points of the server's life; use exec:", action->name);
            return BASK_E_SYNTAX;
        }
    return hook_action_run(action, arguments, true, error, error_size);
}

void
bask_hooks_run_later(const char *text)
{
    char error[512];
    if (run_hook(bask_str_of(text), error, sizeof error))
        bask_log(BASK_LOG_ERROR, "the hook \"%s\" failed: %s", text, error);
}

enum bask_hook_term
bask_hooks_on_term(const struct bask_hook_options *options)
{
    const struct bask_values *hooks = &options->hooks[BASK_HOOK_MASTER_START];
    const bask_str prefix = BASK_STR("unix_signal:15 ");
    enum bask_hook_term term = BASK_HOOK_TERM_USUAL;
    for (size_t i = 0; i < hooks->count; i++)
        if (bask_str_starts(hooks->items[i].text, prefix))
            hook_unix_signal("15", hooks->items[i].text.ptr + prefix.len, &term);
    return term;
}
