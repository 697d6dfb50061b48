/*
 * The server as a library: one call that returns when the server has ended. The calling process is
 * the master, or, without one, the server.
 *
 * uwsgi_init is bask_init under the name that uWSGI's library has.
 */
#include "base/err.h"
#include "main/server.h"
#include "plugin/host.h"
#include "sys/caller.h"

#include <bask/library.h>

#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the server goes on when it ends before it has really begun: only `end` needs to know, and
 * it may be called from anywhere in this room. */
static struct {
    bool waits; /* somebody called, and this is their process */
    int code;
    jmp_buf way_back;
} caller;

static const struct bask_plugin *forker;

void
end(int code)
{
    finish_loggers();
    if (!caller.waits)
        exit(code);
    caller.code = code;
    longjmp(caller.way_back, 1);
}

void
forget_caller(void)
{
    caller.waits = false;
}

static pid_t
fork_by_plugin(void)
{
    pid_t self = getpid(), pid = forker->fork();
    if (pid != 0 && getpid() != self)
        _exit(BASK_EXIT_FAILED); /* the runtime forked, and then failed in the child */
    return pid;
}

void
choose_fork(struct server *server)
{
    const struct bask_plugin *plugin = server->heritage.plugin;
    server->fork = fork;
    if (!server->hosted || plugin->size < BASK_PLUGIN_HAS(attach) || !plugin->attach)
        return;
    int found = plugin->attach(&bask_host_functions);
    if (found < 0)
        end(BASK_EXIT_FAILED); /* the plugin has said why */
    if (found == 0)
        return;
    forker = plugin;
    server->fork = fork_by_plugin;
}

/* The caller's array may end without a NULL. NULL: out of memory. */
static char **
copy_words(int argc, char **argv)
{
    char **copy = calloc((size_t)argc + 1, sizeof *copy);
    for (int i = 0; copy && i < argc; i++)
        copy[i] = argv[i];
    return copy;
}

/* A server leaves options, allocations and a runtime behind that no second one could begin with. */
static bool
is_first_call(void)
{
    static atomic_flag called = ATOMIC_FLAG_INIT;
    return !atomic_flag_test_and_set(&called);
}

static int
refuse(const char *why)
{
    fprintf(stderr, "bask: %s\n", why);
    return BASK_EXIT_FAILED;
}

int
bask_init(int argc, char **argv, char **envs)
{
    static struct server server;
    struct bask_caller_state state;
    (void)envs; /* uWSGI writes titles there */
    if (argc < 1 || !argv || !argv[0])
        return refuse("bask_init needs a command line, with a name for the program at its begin");
    if (!is_first_call())
        return refuse("bask_init was called before: one server a process");
    char **words = copy_words(argc, argv);
    if (!words)
        return refuse(bask_err_text(BASK_E_NOMEM));
    bask_caller_take(&state);
    server.hosted = true;
    if (!setjmp(caller.way_back)) {
        caller.waits = true;
        caller.code = run_server(&server, argc, words);
    }
    caller.waits = false;
    leave_server(&server);
    bask_caller_give_back(&state);
    free(words);
    return caller.code;
}

int
uwsgi_init(int argc, char **argv, char **envs)
{
    return bask_init(argc, argv, envs);
}
