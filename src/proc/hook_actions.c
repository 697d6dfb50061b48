/*
 * The actions, as rows. Each gets words and says in one sentence why it could not be done.
 */
#include "proc/hook_actions.h"

#include "base/err.h"
#include "base/str.h"
#include "obs/log.h"
#include "proc/hook_files.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int
say(const struct hook_call *call, const char *why)
{
    snprintf(call->error, call->error_size, "%s", why);
    return BASK_E_STATE;
}

/* A program starts as from a shell: none of our signal handlers, masks and ignored signals. */
static int
spawn(const char *command, pid_t *ret_pid)
{
    char *const words[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)command, NULL};
    posix_spawnattr_t attributes;
    sigset_t set;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes, &set);
    int failure = posix_spawn(ret_pid, "/bin/sh", NULL, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

int
hook_run_command(const char *command, char *error, size_t error_size)
{
    pid_t pid;
    int status = 0, failure = spawn(command, &pid);
    if (failure) {
        snprintf(error, error_size, "/bin/sh: %s", strerror(failure));
        return BASK_E_SYSTEM;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) {
            snprintf(error, error_size, "its status is lost: %s", strerror(errno));
            return BASK_E_SYSTEM;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return BASK_OK;
    snprintf(error, error_size, "it ended with %s %d", WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return BASK_E_STATE;
}

static int
run_exec(const struct hook_call *call)
{
    return hook_run_command(call->text, call->error, call->error_size);
}

static int
run_safeexec(const struct hook_call *call)
{
    if (run_exec(call))
        bask_log(BASK_LOG_WARN, "\"%s\": %s", call->text, call->error);
    return BASK_OK;
}

static int
run_putenv(const struct hook_call *call)
{
    const char *equals = strchr(call->text, '=');
    if (!equals || equals == call->text)
        return say(call, "expected NAME=VALUE");
    char *name = strndup(call->text, (size_t)(equals - call->text));
    int failed = !name || setenv(name, equals + 1, 1);
    free(name);
    return failed ? say(call, strerror(errno)) : BASK_OK;
}

static int
run_chdir(const struct hook_call *call)
{
    return chdir(call->text) ? say(call, strerror(errno)) : BASK_OK;
}

static int
run_hostname(const struct hook_call *call)
{
    return sethostname(call->text, strlen(call->text)) ? say(call, strerror(errno)) : BASK_OK;
}

static int
run_exit(const struct hook_call *call)
{
    long long code = 0;
    if (call->words[0] && (bask_str_to_i64(bask_str_of(call->words[0]), &code) || code > 255))
        return say(call, "expected a status from 0 to 255");
    exit((int)code);
}

static int
run_print(const struct hook_call *call)
{
    dprintf(STDOUT_FILENO, "%s\n", call->text);
    return BASK_OK;
}

static int
run_log(const struct hook_call *call)
{
    bask_log(BASK_LOG_INFO, "%s", call->text);
    return BASK_OK;
}

/* What the master does with a signal, by uWSGI's names for it. */
static const struct {
    const char *number, *deed;
    enum bask_hook_term term;
} signal_deeds[] = {
    {"1", "grace_them_all", BASK_HOOK_TERM_USUAL},
    {"2", "kill_them_all", BASK_HOOK_TERM_USUAL},
    {"3", "kill_them_all", BASK_HOOK_TERM_USUAL},
    {"15", "reap_them_all", BASK_HOOK_TERM_USUAL},
    {"15", "kill_them_all", BASK_HOOK_TERM_STOPS},
    {"15", "gracefully_kill_them_all", BASK_HOOK_TERM_STOPS_GRACEFULLY},
};

int
hook_unix_signal(const char *number, const char *deed, enum bask_hook_term *ret_term)
{
    for (size_t i = 0; i < sizeof signal_deeds / sizeof *signal_deeds; i++)
        if (strcmp(signal_deeds[i].number, number) == 0 &&
            strcmp(signal_deeds[i].deed, deed) == 0) {
            *ret_term = signal_deeds[i].term;
            return BASK_OK;
        }
    return BASK_E_NOTFOUND;
}

/* The master was told when the options were read. */
int
hook_run_unix_signal(const struct hook_call *call)
{
    enum bask_hook_term term;
    if (!hook_unix_signal(call->words[0], call->words[1], &term))
        return BASK_OK;
    return say(call,
               "signals can be given no function but \"15 gracefully_kill_them_all\" and what "
               "they do anyway");
}

#define NO_SYMBOLS "functions of the program cannot be called; use exec: or the application"

static const struct hook_action actions[] = {
    {"exec", 1, 1, "COMMAND", run_exec, NULL},
    {"safeexec", 1, 1, "COMMAND", run_safeexec, NULL},
    {"cd", 1, 1, "DIR", run_chdir, NULL},
    {"chdir", 1, 1, "DIR", run_chdir, NULL},
    {"putenv", 1, 1, "NAME=VALUE", run_putenv, NULL},
    {"exit", 0, 1, "[STATUS]", run_exit, NULL},
    {"print", 0, 1, "[TEXT]", run_print, NULL},
    {"printf", 0, 1, "[TEXT]", run_print, NULL},
    {"log", 0, 1, "[TEXT]", run_log, NULL},
    {"hostname", 1, 1, "NAME", run_hostname, NULL},
    {"unix_signal", 2, 2, "NUMBER FUNCTION", hook_run_unix_signal, NULL},
    {"mkdir", 1, 1, "DIR", hook_mkdir, NULL},
    {"create", 1, 1, "FILE", hook_create, NULL},
    {"creat", 1, 1, "FILE", hook_create, NULL},
    {"write", 2, 2, "FILE TEXT", hook_write, NULL},
    {"writen", 2, 2, "FILE TEXT", hook_writen, NULL},
    {"append", 2, 2, "FILE TEXT", hook_append, NULL},
    {"appendn", 2, 2, "FILE TEXT", hook_appendn, NULL},
    {"writefifo", 2, 2, "FIFO TEXT", hook_writefifo, NULL},
    {"unlink", 1, 1, "FILE", hook_unlink, NULL},
    {"chmod", 2, 2, "FILE MODE", hook_chmod, NULL},
    {"sticky", 1, 1, "FILE", hook_sticky, NULL},
    {"chown", 3, 3, "FILE USER GROUP", hook_chown, NULL},
    {"chown2", 3, 3, "FILE UID GID", hook_chown, NULL},
    {"mount", 3, 4, "FILESYSTEM SOURCE DIR [FLAGS]", hook_mount, NULL},
    {"umount", 1, 2, "DIR [FLAGS]", hook_umount, NULL},
    {"wait_for_fs", 1, 2, "PATH [SECONDS]", hook_wait_for_any, NULL},
    {"wait_for_file", 1, 2, "FILE [SECONDS]", hook_wait_for_file, NULL},
    {"wait_for_dir", 1, 2, "DIR [SECONDS]", hook_wait_for_folder, NULL},
    {"wait_for_socket", 1, 2, "SOCKET [SECONDS]", hook_wait_for_socket, NULL},
    {"call", 0, 1, NULL, NULL, NO_SYMBOLS},
    {"callret", 0, 1, NULL, NULL, NO_SYMBOLS},
    {"callint", 0, 1, NULL, NULL, NO_SYMBOLS},
    {"callintret", 0, 1, NULL, NULL, NO_SYMBOLS},
    {"alarm", 0, 1, NULL, NULL, "hooks raise no alarms; use exec: or log:"},
    {"rpc", 0, 1, NULL, NULL, "there are no remote calls from hooks; use exec:"},
    {"retryrpc", 0, 1, NULL, NULL, "there are no remote calls from hooks; use exec:"},
    {"spinningfifo", 0, 1, NULL, NULL, "use writefifo:"},
};

const struct hook_action *
hook_action_find(bask_str name)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (bask_str_eq(name, bask_str_of(actions[i].name)))
            return &actions[i];
    return NULL;
}

/* Cuts `text`, which is written into, at its spaces; the number of words. */
static unsigned
split(char *text, unsigned most, const char **words)
{
    unsigned count = 0;
    text += strspn(text, " ");
    while (*text && count < most) {
        words[count++] = text;
        if (count == most)
            break;
        text += strcspn(text, " ");
        if (*text)
            *text++ = '\0';
        text += strspn(text, " ");
    }
    return count;
}

int
hook_action_run(const struct hook_action *action, const char *text, bool dry, char *error,
                size_t error_size)
{
    struct hook_call call = {.text = text, .error = error, .error_size = error_size};
    if (action->refused)
        return say(&call, action->refused);
    char *copy = strdup(text);
    if (!copy)
        return say(&call, bask_err_text(BASK_E_NOMEM));
    int err = BASK_OK;
    if (split(copy, action->most, call.words) < action->least) {
        snprintf(error, error_size, "expected %s:%s", action->name, action->usage);
        err = BASK_E_SYNTAX;
    } else if (!dry || action->run == hook_run_unix_signal) {
        err = action->run(&call);
    }
    free(copy);
    return err;
}
