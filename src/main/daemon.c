/*
 * The starting process adopts the server for as long as it waits, so that it learns its status
 * although the process between them, which made the session, is gone.
 */
#include "main/daemon.h"

#include "base/err.h"
#include "ipc/exit.h"
#include "obs/log.h"
#include "sys/files.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_NS = 10000000 };

static struct {
    struct {
        _Atomic bool serving;
        _Atomic int pid; /* of the server */
    } * shared;          /* with who started it; NULL: nobody waits */
    const char *late_log;
    char *absolute; /* the same, where a name of our own was needed */
} daemon_state;

/* The status of the server, if it has ended. */
static bool
has_ended(int *ret_code)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        /* The process between ends well as soon as it has made the server. */
        if (pid != atomic_load(&daemon_state.shared->pid) && WIFEXITED(status) &&
            WEXITSTATUS(status) == BASK_EXIT_OK)
            continue;
        *ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : BASK_EXIT_FAILED;
        return true;
    }
    *ret_code = BASK_EXIT_FAILED;
    return pid < 0 && errno == ECHILD;
}

__attribute__((noreturn)) static void
wait_for_server(const char *log)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    int code;
    while (!atomic_load(&daemon_state.shared->serving)) {
        if (has_ended(&code)) {
            if (code)
                fprintf(stderr, "bask: the server did not start (status %d); see %s\n", code, log);
            exit(code);
        }
        nanosleep(&pause, NULL);
    }
    exit(BASK_EXIT_OK);
}

/* The leader of a session could get a terminal, so the server is its child. */
static void
leave_session(pid_t (*make_process)(void))
{
    setsid();
    pid_t pid = make_process();
    if (pid != 0)
        _exit(pid < 0 ? BASK_EXIT_FAILED : BASK_EXIT_OK);
    atomic_store(&daemon_state.shared->pid, getpid());
}

int
bask_daemon_start(const char *log, bool late, pid_t (*make_process)(void), char *error,
                  size_t error_size)
{
    daemon_state.shared = bask_proc_shared_memory(sizeof *daemon_state.shared);
    pid_t pid = -1;
    if (daemon_state.shared && bask_proc_adopt_orphans() == 0)
        pid = make_process();
    if (pid < 0) {
        snprintf(error, error_size, "cannot start in the background: %s", strerror(errno));
        return BASK_E_SYSTEM;
    }
    if (pid > 0)
        wait_for_server(log);
    leave_session(make_process);
    bask_proc_close_input();
    if (!late)
        return bask_log_to(log, error, error_size);
    /* Master and zygote open it later, each in its own working directory. */
    if (bask_log_is_file(log) && log[0] != '/')
        daemon_state.absolute = bask_file_absolute(log);
    daemon_state.late_log = daemon_state.absolute ? daemon_state.absolute : log;
    return BASK_OK;
}

void
bask_daemon_log(void)
{
    char error[512];
    if (daemon_state.late_log && bask_log_to(daemon_state.late_log, error, sizeof error))
        bask_log(BASK_LOG_ERROR, "%s", error);
    free(daemon_state.absolute);
    daemon_state.late_log = daemon_state.absolute = NULL;
}

void
bask_daemon_serving(void)
{
    if (daemon_state.shared)
        atomic_store(&daemon_state.shared->serving, true);
}
