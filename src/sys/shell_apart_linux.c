/*
 * Commands that posix_spawn(3) cannot start: those of another user, or in a namespace of their own.
 * The child of a fork does what is left to do, and tells its parent if it cannot. For processes of
 * one thread.
 */
#include "sys/shell.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SENTENCE = 256, CANNOT_TELL = 126, CANNOT_RUN = 127 };

static void
be_as_from_a_shell(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
}

static int
no_input(void)
{
    int fd = open("/dev/null", O_RDONLY);
    if (fd <= STDIN_FILENO)
        return fd;
    int got = dup2(fd, STDIN_FILENO);
    close(fd);
    return got;
}

/* In the child. Returns only if it cannot be done, with one sentence. */
static void
become(const struct bask_shell_command *how, char *error, size_t error_size)
{
    char shell[] = "sh", option[] = "-c";
    char *arguments[] = {shell, option, (char *)how->command, NULL};
    be_as_from_a_shell();
    if ((!how->keep_stdin && no_input() < 0) || (how->folder && chdir(how->folder))) {
        snprintf(error, error_size, "%s: %s", how->folder ? how->folder : "/dev/null",
                 strerror(errno));
        return;
    }
    if (how->priv && bask_priv_drop(how->priv, error, error_size))
        return;
    execv("/bin/sh", arguments);
    snprintf(error, error_size, "/bin/sh: %s", strerror(errno));
}

/* The child is no process of the server: nothing of it is to be undone. */
static void
leave(int status)
{
    for (;;)
        syscall(SYS_exit_group, status);
}

static pid_t
fork_apart(bool new_pids)
{
    return new_pids ? (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL)
                    : fork();
}

int
bask_shell_start_apart(const struct bask_shell_command *how, pid_t *ret_pid, char *error,
                       size_t error_size)
{
    char sentence[SENTENCE] = "";
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        snprintf(error, error_size, "%s", strerror(errno));
        return BASK_E_SYSTEM;
    }
    pid_t pid = fork_apart(how->new_pids);
    if (pid == 0) {
        become(how, sentence, sizeof sentence);
        leave(write(ends[1], sentence, strlen(sentence)) < 0 ? CANNOT_TELL : CANNOT_RUN);
    }
    if (pid < 0)
        snprintf(error, error_size, "%s%s", how->new_pids ? "a namespace of processes: " : "",
                 strerror(errno));
    close(ends[1]);
    /* The end of the pipe without a word is its exec. */
    ssize_t n = pid > 0 ? read(ends[0], sentence, sizeof sentence - 1) : -1;
    close(ends[0]);
    if (pid > 0 && n > 0) {
        waitpid(pid, NULL, 0);
        snprintf(error, error_size, "%.*s", (int)n, sentence);
    }
    if (pid < 0 || n > 0)
        return BASK_E_SYSTEM;
    *ret_pid = pid;
    return BASK_OK;
}
