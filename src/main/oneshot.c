/* A command is a signal to the process that a pidfile names. */
#include "main/oneshot.h"

#include "ipc/exit.h"
#include "main/pidfile.h"
#include "sys/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *action;
    int signal;
} commands[] = {
    {"reload", SIGHUP},
    {"stop", SIGINT},
    {"pause", SIGTSTP},
};

static int
send(const char *pidfile, int number)
{
    char error[512];
    pid_t pid;
    if (bask_pidfile_read(pidfile, &pid, error, sizeof error)) {
        fprintf(stderr, "bask: %s\n", error);
        return BASK_EXIT_FAILED;
    }
    /* A server that died leaves its pidfile, and its number to whoever comes next. */
    if (bask_proc_kinship(pid) == BASK_PROC_OTHER) {
        fprintf(stderr, "bask: %s names process %d, which is no Bask\n", pidfile, (int)pid);
        return BASK_EXIT_FAILED;
    }
    if (kill(pid, number)) {
        fprintf(stderr, "bask: %s names process %d: %s\n", pidfile, (int)pid, strerror(errno));
        return BASK_EXIT_FAILED;
    }
    return BASK_EXIT_OK;
}

bool
bask_oneshot_run(const char *action, const char *pidfile, int *ret_code)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].action, action) == 0) {
            *ret_code = send(pidfile, commands[i].signal);
            return true;
        }
    return false;
}
