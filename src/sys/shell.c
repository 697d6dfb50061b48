/* By posix_spawn(3): nothing of the caller runs in the child, and what cannot be started is an
 * error here, not a process that ends. */
#include "sys/shell.h"

#include "base/err.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static int
prepare(const struct bask_shell_command *how, posix_spawn_file_actions_t *actions,
        posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    int failure = 0;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (how->input)
        failure = posix_spawn_file_actions_adddup2(actions, how->input, STDIN_FILENO);
    else if (!how->keep_stdin)
        failure = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!failure && how->folder)
        failure = posix_spawn_file_actions_addchdir_np(actions, how->folder);
    return failure;
}

int
bask_shell_start(const struct bask_shell_command *how, pid_t *ret_pid, char *error,
                 size_t error_size)
{
    if (how->priv || how->new_pids)
        return bask_shell_start_apart(how, ret_pid, error, error_size);
    char shell[] = "sh", option[] = "-c";
    char *arguments[] = {shell, option, (char *)how->command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int failure = prepare(how, &actions, &attributes);
    if (!failure)
        failure = posix_spawn(ret_pid, "/bin/sh", &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure)
        snprintf(error, error_size, "%s", strerror(failure));
    return failure ? BASK_E_SYSTEM : BASK_OK;
}
