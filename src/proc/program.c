/*
 * What the program inherits: the first socket as standard input, as uWSGI has it and FastCGI wants
 * it, and all of them from descriptor 3 on with systemd's variables, as many servers take them.
 */
#include "proc/program.h"

#include "base/err.h"
#include "obs/log.h"
#include "sys/bell.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_SOCKET = 3 };

static bool
claims_none(bask_str argument)
{
    (void)argument;
    return false;
}

static bool
never(void)
{
    return false;
}

static int
init(const struct bask_host *host)
{
    (void)host;
    return 0;
}

static int
load(void)
{
    return 1;
}

static void
run(struct bask_thread *thread)
{
    (void)thread;
}

static void
nothing(void)
{
}

const struct bask_plugin bask_program_plugin = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof bask_program_plugin,
    .name = "program",
    .summary = "workers are another program",
    .claims = claims_none,
    .wanted = never,
    .init = init,
    .load = load,
    .fork = fork,
    .post_fork = nothing,
    .run = run,
    .fini = nothing,
};

bool
bask_program_is_wanted(const struct bask_process_options *options)
{
    return options->worker_exec.len > 0;
}

/* Programs start with blocking sockets; the server itself accepts nothing on them. */
static int
let_block(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) ? BASK_E_SYSTEM : BASK_OK;
}

/* First out of the way: one may stand where another one has to go. */
static int
place_sockets(const struct bask_listeners *listeners, bool as_input)
{
    int count = (int)listeners->count, *moved = calloc(listeners->count + 1, sizeof *moved);
    if (!moved)
        return BASK_E_NOMEM;
    int err = BASK_OK;
    for (int i = 0; i < count && !err; i++) {
        moved[i] = fcntl(listeners->items[i].io.fd, F_DUPFD_CLOEXEC, FIRST_SOCKET + count);
        err = moved[i] < 0 ? BASK_E_SYSTEM : let_block(moved[i]);
    }
    for (int i = 0; i < count && !err; i++)
        err = dup2(moved[i], FIRST_SOCKET + i) < 0 ? BASK_E_SYSTEM : BASK_OK;
    free(moved);
    if (!err && as_input && count && dup2(FIRST_SOCKET, STDIN_FILENO) < 0)
        err = BASK_E_SYSTEM;
    return err;
}

static int
set_variables(size_t sockets)
{
    char count[24], pid[24];
    snprintf(count, sizeof count, "%zu", sockets);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    unsetenv("LISTEN_FDNAMES");
    return setenv("LISTEN_FDS", count, 1) || setenv("LISTEN_PID", pid, 1) ? BASK_E_NOMEM : BASK_OK;
}

/* As from a shell: handlers end with the program, but what is ignored or blocked would stay. */
static void
reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The master counts it as serving from here on: a program does not say when it does. */
static void
announce(const struct bask_heritage *heritage, struct bask_seat seat)
{
    atomic_store(&bask_board_place(&heritage->board, seat)->accepting, 1);
    bask_bell_ring(heritage->board.bell);
    bask_log(BASK_LOG_INFO, "spawned Bask worker %u (pid: %d): %.*s", seat.worker_id, (int)getpid(),
             BASK_FMT(heritage->options->worker_exec));
    bask_log_also_to(-1);
    if (!heritage->options->master)
        bask_notify_send(&heritage->notify, "READY=1");
}

int
bask_program_run(struct bask_heritage *heritage, struct bask_seat seat)
{
    char *command = NULL;
    if (asprintf(&command, "exec %.*s", BASK_FMT(heritage->options->worker_exec)) < 0)
        return BASK_EXIT_FAILED;
    char *const words[] = {(char[]){"sh"}, (char[]){"-c"}, command, NULL};
    reset_signals();
    if (bask_hooks_run(&heritage->place.options.hooks, BASK_HOOK_POST_FORK) ||
        bask_place_confine(&heritage->place))
        return BASK_EXIT_FAILED;
    /* Nobody else would end it when the server is gone. */
    if (heritage->options->master)
        bask_proc_die_with_parent(heritage->place.options.no_orphans ? SIGKILL : SIGTERM);
    announce(heritage, seat);
    if (!place_sockets(&heritage->listeners, !heritage->place.options.honour_stdin) &&
        !set_variables(heritage->listeners.count))
        execv("/bin/sh", words);
    /* By no way that could have become a socket. */
    dprintf(STDERR_FILENO, "bask: worker %u: --worker-exec: %s\n", seat.worker_id, strerror(errno));
    return BASK_EXIT_FAILED;
}
