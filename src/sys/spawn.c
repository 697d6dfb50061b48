/* posix_spawn(3): unlike fork, it tells at once whether the program could be started. */
#include "sys/spawn.h"

#include "base/err.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static int
set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE); /* handlers end with the program, ignoring does not */
    int failure = posix_spawnattr_setsigmask(attributes, &none);
    if (!failure)
        failure = posix_spawnattr_setsigdefault(attributes, &usual);
    if (!failure)
        failure =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return failure;
}

static int
set_files(posix_spawn_file_actions_t *files, const struct bask_spawn *what)
{
    int failure = 0;
    if (what->folder)
        failure = posix_spawn_file_actions_addchdir_np(files, what->folder);
    if (what->output && !failure)
        failure = posix_spawn_file_actions_adddup2(files, what->output, STDOUT_FILENO);
    if (what->errors && !failure)
        failure = posix_spawn_file_actions_adddup2(files, what->errors, STDERR_FILENO);
    /* Onto itself: that clears close-on-exec. */
    for (const int *fd = what->keep; fd && *fd >= 0 && !failure; fd++)
        failure = posix_spawn_file_actions_adddup2(files, *fd, *fd);
    return failure;
}

pid_t
bask_spawn(const struct bask_spawn *what)
{
    pid_t pid = BASK_E_SYSTEM;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&files);
    int failure = set_signals(&attributes);
    if (!failure)
        failure = set_files(&files, what);
    if (!failure)
        failure = (what->search ? posix_spawnp : posix_spawn)(&pid, what->program, &files,
                                                              &attributes, what->argv, what->env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    errno = failure;
    return failure ? BASK_E_SYSTEM : pid;
}
