/*
 * Another program takes the place of this one, over the same sockets. The successor is started as
 * this server was, loads, and says so when all its workers serve; until then both accept, and if it
 * comes to nothing the one before goes on.
 */
#include "base/err.h"
#include "ipc/channel.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/proc.h"
#include "sys/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STARTING_US = 60000000, /* beside loading and getting ready, which have a limit of their own */
    ENDS = 4,               /* the successor's end of the channel, words, control, the last */
};

struct upgrade {
    struct bask_io io; /* the channel to the successor */
    struct bask_timer limit;
    struct master *master;
    int words;
    pid_t pid;
};

static void
close_channel(struct upgrade *upgrade)
{
    if (upgrade->io.fd < 0)
        return;
    bask_loop_remove(upgrade->master->loop, &upgrade->io);
    close(upgrade->io.fd);
    upgrade->io.fd = -1;
}

void
upgrade_close(struct master *master)
{
    struct upgrade *upgrade = master->upgrade;
    if (!upgrade)
        return;
    bask_loop_timer_stop(&upgrade->limit);
    close_channel(upgrade);
    close(upgrade->words);
    free(upgrade);
    master->upgrade = NULL;
}

/* `why`: unless the successor has said more. */
static void
fail(struct master *master, const char *why)
{
    static char words[WORDS_MAX];
    size_t len = master->upgrade
                     ? bask_proc_read_from_start(master->upgrade->words, words, sizeof words - 1)
                     : 0;
    bask_log(BASK_LOG_ERROR, "the upgrade failed: %s", why);
    int n = snprintf(words + len, sizeof words - len, "%s\n", why);
    len += (size_t)n < sizeof words - len ? (size_t)n : sizeof words - len - 1;
    upgrade_close(master);
    reload_end(master, false, bask_str_n(words, len));
}

static void
succeed(struct master *master, int64_t minute)
{
    char words[64];
    pid_t successor = master->upgrade->pid;
    bask_log(BASK_LOG_INFO, "upgraded: master %d serves, this one ends", (int)successor);
    snprintf(words, sizeof words, "master %d serves\n", (int)successor);
    master->replaced = true;
    master->successor = successor;
    service_hand_over(master, successor);
    crons_hand_over(master, minute);
    upgrade_close(master);
    reload_end(master, true, bask_str_of(words));
    ways_hand_over(master);
    master_obey(master, MASTER_STOP_GRACEFULLY);
}

static void
on_channel(struct bask_io *io, unsigned events)
{
    struct upgrade *upgrade = BASK_CONTAINER(io, struct upgrade, io);
    struct bask_message message;
    (void)events;
    int err = bask_channel_receive(io->fd, &message);
    if (!err && message.kind == BASK_MESSAGE_SERVING) {
        succeed(upgrade->master, message.code);
        return;
    }
    if (err == BASK_E_AGAIN)
        return;
    /* It ends, which waitpid tells; or it speaks another language, and has to. */
    close_channel(upgrade);
    kill(upgrade->pid, SIGKILL);
}

static void
on_limit(struct bask_timer *timer)
{
    struct upgrade *upgrade = BASK_CONTAINER(timer, struct upgrade, limit);
    kill(upgrade->pid, SIGKILL);
    fail(upgrade->master, "the new program took too long");
}

/* The environment of this process with `entry` in place of what the variable was. NULL: out of
 * memory. Only the array is the caller's. */
static char **
environment_with(char *entry)
{
    static const char name[] = BASK_SUCCESSION_VARIABLE "=";
    size_t count = 0, used = 0;
    while (environ[count])
        count++;
    char **env = calloc(count + 2, sizeof *env);
    for (size_t i = 0; env && i < count; i++)
        if (strncmp(environ[i], name, sizeof name - 1) != 0)
            env[used++] = environ[i];
    if (env)
        env[used] = entry;
    return env;
}

/* What the successor inherits, ended by -1; NULL: out of memory. */
static int *
descriptors_of(const struct bask_succession *succession)
{
    size_t used = 0;
    int *keep = calloc(succession->listeners.count + ENDS, sizeof *keep);
    if (!keep)
        return NULL;
    keep[used++] = succession->channel;
    keep[used++] = succession->words;
    if (succession->control >= 0)
        keep[used++] = succession->control;
    for (size_t i = 0; i < succession->listeners.count; i++)
        keep[used++] = succession->listeners.items[i].fd;
    keep[used] = -1;
    return keep;
}

static pid_t
spawn(struct master *master, const struct bask_succession *succession)
{
    const struct bask_master_handover *handover = master->plan->handover;
    char *entry = bask_succession_format(succession);
    service_lend(master);
    char **env = entry ? environment_with(entry) : NULL;
    int *keep = descriptors_of(succession);
    pid_t pid = BASK_E_NOMEM;
    errno = ENOMEM;
    if (env && keep)
        pid = bask_spawn(&(struct bask_spawn){
            .program = handover->program,
            .argv = handover->argv,
            .env = env,
            .folder = handover->folder,
            .keep = keep,
            .output = bask_log_plain_output(), /* it has loggers of its own */
            .errors = bask_log_plain_error(),
        });
    int saved = errno;
    free(keep);
    free(env);
    free(entry);
    service_take_back();
    errno = saved;
    return pid;
}

/* Everything but the process. The successor's end of the channel, or a bask_err. */
static int
prepare(struct master *master)
{
    int ends[2];
    struct upgrade *upgrade = calloc(1, sizeof *upgrade);
    if (!upgrade)
        return BASK_E_NOMEM;
    upgrade->words = bask_proc_scratch_file("bask-words");
    if (upgrade->words < 0)
        goto no_words;
    if (bask_channel_open(ends))
        goto no_channel;
    upgrade->io = (struct bask_io){.fd = ends[0], .on_event = on_channel};
    upgrade->limit.on_due = on_limit;
    upgrade->master = master;
    if (bask_loop_add(master->loop, &upgrade->io, BASK_IO_LEVEL))
        goto no_loop;
    master->upgrade = upgrade;
    return ends[1];

no_loop:
    close(ends[0]);
    close(ends[1]);
no_channel:
    close(upgrade->words);
no_words:
    free(upgrade);
    return BASK_E_SYSTEM;
}

/* Why there can be none; NULL if there can. */
static const char *
objection(const struct master *master)
{
    if (!master->plan->handover)
        return "this server cannot start itself again";
    if (getpid() == 1)
        return "process 1 cannot be replaced: it would end the container; start a new one";
    return master->heir ? "this server is taking over itself" : NULL;
}

void
upgrade_begin(struct master *master)
{
    char why[256];
    const char *no = objection(master);
    if (no) {
        fail(master, no);
        return;
    }
    int end = prepare(master);
    if (end < 0) {
        fail(master, strerror(errno));
        return;
    }
    const struct bask_succession succession = {
        .channel = end,
        .words = master->upgrade->words,
        .control = control_socket(master),
        .listeners = master->plan->handover->listeners,
    };
    if (master->paused)
        upgrade_tell(master, BASK_MESSAGE_PAUSED, 1); /* it waits in the channel */
    pid_t pid = spawn(master, &succession);
    snprintf(why, sizeof why, "%s: %s", master->plan->handover->program, strerror(errno));
    close(end);
    if (pid < 0) {
        fail(master, why);
        return;
    }
    master->upgrade->pid = pid;
    if (master->plan->load_limit_ms)
        bask_loop_timer_start(master->loop, &master->upgrade->limit,
                              master->plan->load_limit_ms * 2000 + STARTING_US);
    bask_log(BASK_LOG_INFO, "upgrading: %s is started (pid: %d)", master->plan->handover->program,
             (int)pid);
}

void
upgrade_tell(const struct master *master, enum bask_message_kind kind, int32_t code)
{
    const struct bask_message message = {.kind = kind, .code = code};
    if (master->upgrade && master->upgrade->io.fd >= 0)
        bask_channel_send(master->upgrade->io.fd, &message); /* if it is gone, waitpid tells */
}

bool
upgrade_ended(struct master *master, pid_t pid, int status)
{
    char why[64];
    if (pid == master->successor) {
        master->successor = 0;
        return true;
    }
    if (!master->upgrade || master->upgrade->pid != pid)
        return false;
    snprintf(why, sizeof why, "the new program ended (%s %d)",
             WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    fail(master, why);
    return true;
}

void
upgrade_abandon(struct master *master)
{
    if (!master->upgrade)
        return;
    kill(master->upgrade->pid, SIGINT);
    fail(master, "the server stops");
}

void
upgrade_forget(const struct master *master)
{
    if (master->upgrade) {
        if (master->upgrade->io.fd >= 0)
            close(master->upgrade->io.fd);
        close(master->upgrade->words);
    }
    former_forget(master);
    /* Sockets that the new options do not name, too: nobody would ever answer there. */
    if (master->plan->before)
        bask_succession_fini(master->plan->before);
}

/* In a successor. */

static void
stop_listening(struct master *master)
{
    if (master->before.on_event)
        bask_loop_remove(master->loop, &master->before);
    master->before.on_event = NULL;
}

static void
on_before(struct bask_io *io, unsigned events)
{
    struct master *master = BASK_CONTAINER(io, struct master, before);
    struct bask_message message;
    int err;
    (void)events;
    while (!(err = bask_channel_receive(io->fd, &message)))
        if (message.kind == BASK_MESSAGE_PAUSED)
            master_obey(master, message.code ? MASTER_PAUSE : MASTER_RESUME);
        else if (message.kind == BASK_MESSAGE_TOUCHED)
            touch_follow(master);
        else if (message.kind == BASK_MESSAGE_RELOAD)
            master_obey(master, MASTER_RELOAD);
    if (err == BASK_E_CLOSED)
        stop_listening(master); /* its end changes nothing: this one has to serve all the more */
}

int
upgrade_listen(struct master *master)
{
    if (!master->heir || master->plan->before->channel < 0)
        return BASK_OK;
    former_watch(master, master->plan->before->channel);
    master->before = (struct bask_io){.fd = master->plan->before->channel, .on_event = on_before};
    return bask_loop_add(master->loop, &master->before, BASK_IO_LEVEL);
}

void
upgrade_failed(struct master *master, const struct generation *failed)
{
    char words[4096];
    const struct bask_succession *before = master->plan->before;
    off_t at = 0;
    ssize_t n;
    if (!master->heir || before->words < 0)
        return;
    for (; (n = pread(failed->words, words, sizeof words, at)) > 0; at += n)
        if (write(before->words, words, (size_t)n) < 0)
            return;
}

void
upgrade_advance(struct master *master)
{
    struct bask_succession *before = master->plan->before;
    if (!master->heir || master->stopping || !master->current || !roster_is_current(master))
        return;
    int64_t minute = bask_clock_wall_us() / 60000000;
    master->heir = false;
    crons_take(master, minute);
    raisers_take(master);
    signals_advance(master); /* nothing else may ever make the loop turn once more */
    ways_take(master);
    if (master->plan->announce)
        master->plan->announce(master->plan->context);
    bask_log(BASK_LOG_INFO, "this master (pid: %d) takes over", (int)getpid());
    bask_log_also_to(-1);
    /* If nobody hears it any more there is nobody to end. */
    bask_channel_send(before->channel, &(struct bask_message){.kind = BASK_MESSAGE_SERVING,
                                                              .code = (int32_t)minute});
    stop_listening(master);
    bask_succession_fini(before);
}
