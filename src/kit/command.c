/* One program, run to its end. Its words go to it as they are. */
#include "kit/private.h"

#include "base/err.h"
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where it writes to; -1: nowhere can be. */
static int
open_output(const struct kit_command *command)
{
    if (command->output)
        return open(command->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return command->quiet ? open("/dev/null", O_WRONLY | O_CLOEXEC)
                          : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static int
wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return BASK_E_STATE;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? BASK_OK : BASK_E_STATE;
}

int
kit_run(struct kit *kit, const struct kit_command *command)
{
    const struct kit_words *words = command->words;
    if (words->err)
        return kit_fail(kit, words->err, "the words of a command: %s", bask_err_text(words->err));
    int output = open_output(command);
    if (output < 0)
        return kit_fail(kit, BASK_E_SYSTEM, "%s: %s",
                        command->output ? command->output : "the standard error", strerror(errno));
    const struct bask_spawn what = {
        .program = words->items[0],
        .search = true,
        .argv = words->items,
        .env = environ,
        .folder = command->folder,
        .output = output,
        .errors = command->quiet ? output : 0,
    };
    pid_t pid = bask_spawn(&what);
    int failure = errno;
    close(output);
    if (pid < 0 && failure == ENOENT)
        return kit_fail(kit, BASK_E_NOTFOUND, "there is no program %s", words->items[0]);
    if (pid < 0)
        return kit_fail(kit, BASK_E_SYSTEM, "%s cannot be run: %s", words->items[0],
                        strerror(failure));
    return wait_for(pid);
}
