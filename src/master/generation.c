/* The life of a zygote as its master sees it: started, ready or failed, current, old, gone. */
#include "master/private.h"

#include "base/err.h"
#include "ipc/channel.h"
#include "ipc/exit.h"
#include "loop/signals.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    RETRY_FIRST_US = 1000000,
    RETRY_MAX_US = 30000000,
    TOO_SOON_US = 1000000,   /* a zygote that was ready shorter is replaced only after a while */
    LAST_WORDS_US = 2000000, /* for one that hangs, to say where */
    LEAVE_US = 5000000,      /* for one that was dismissed, to end */
    CRASH_MAX = 65536,
};

static void
generation_free(struct generation **generation)
{
    close((*generation)->words);
    close((*generation)->crash);
    free(*generation);
    *generation = NULL;
}

static void
become_current(struct master *master)
{
    struct generation *before = master->current;
    master->current = master->next;
    master->next = NULL;
    if (!before) {
        if (master->plan->serving)
            master->plan->serving();
        return;
    }
    bask_log(BASK_LOG_INFO, "generation %u takes over from %u", master->current->number,
             before->number);
    if (before->pid) {
        master->old = before; /* it stays as long as it has workers: it is the one to reap them */
        return;
    }
    if (master->current->substitute) {
        roster_adopt(master, before->number, master->current->number);
        aides_adopt(master, before->number, master->current->number);
        master->current->proven = before->proven;
    }
    generation_free(&before);
}

bool
generation_roll_back(struct master *master)
{
    struct generation *failed = master->current, *before = master->old;
    if (!failed || !before || !before->pid || before->io.fd < 0)
        return false;
    bask_log(BASK_LOG_ERROR,
             failed->proven ? "not all workers of generation %u get as far as serving; generation "
                              "%u takes over again"
                            : "no worker of generation %u got as far as serving; generation %u "
                              "takes over again",
             failed->number, before->number);
    reload_failed(master, failed);
    master->current = before;
    master->old = failed;
    roster_drop_starting(master, failed->number);
    if (!failed->pid)
        generation_free(&master->old);
    else if (!failed->proven) /* else it goes with the last of its workers */
        generation_dismiss(master, failed);
    return true;
}

static void
on_message(struct generation *generation, const struct bask_message *message)
{
    struct master *master = generation->master;
    switch (message->kind) {
    case BASK_MESSAGE_READY:
        generation->ready = true;
        generation->ready_us = bask_clock_us();
        bask_proc_stand_back(generation->pid, false); /* workers inherit it */
        if (generation == master->next)
            become_current(master);
        break;
    case BASK_MESSAGE_WARMING:
        generation->warming = true;
        break;
    case BASK_MESSAGE_FAILED:
        generation->code = message->code;
        break;
    case BASK_MESSAGE_FORKED:
        if (message->aide) {
            aides_forked(master, message, generation->number);
            break;
        }
        roster_forked(master, (struct bask_seat){message->worker_id, message->side}, message->pid,
                      generation->number);
        break;
    case BASK_MESSAGE_EXITED:
        if (!aides_ended(master, message->pid, message->code))
            roster_ended(master, message->pid, message->code);
        break;
    }
}

void
generation_dismiss(struct master *master, struct generation *generation)
{
    if (generation->io.fd < 0)
        return;
    bask_loop_remove(master->loop, &generation->io);
    close(generation->io.fd);
    generation->io.fd = -1;
    generation->late_at_us = bask_clock_us() + LEAVE_US;
}

static void
on_channel(struct bask_io *io, unsigned events)
{
    struct generation *generation = BASK_CONTAINER(io, struct generation, io);
    struct bask_message message;
    int err;
    (void)events;
    while (!(err = bask_channel_receive(io->fd, &message)))
        on_message(generation, &message);
    if (err == BASK_E_CLOSED)
        generation_dismiss(generation->master, generation); /* waitpid tells the rest */
}

static void
close_files_of(const struct generation *generation)
{
    if (!generation)
        return;
    if (generation->io.fd >= 0)
        close(generation->io.fd);
    close(generation->words);
    close(generation->crash);
}

/* In the new process: nothing of the master stays but what the plan hands on. */
static void
run_child(struct master *master, const struct bask_zygote_orders *orders)
{
    const struct bask_master_plan *plan = master->plan;
    bask_signals_forget();
    close_files_of(master->current);
    close_files_of(master->old);
    ways_forget(master);
    upgrade_forget(master);
    eye_close_in_child(master);
    health_close(master->health);
    stats_forget(master->stats);
    pushers_forget(master->pushers);
    metering_forget(master->metering);
    signals_forget(master);
    raisers_forget(master);
    alarms_forget(master);
    bask_loop_free(&master->loop);
    plan->run_zygote(plan->context, orders);
}

/* Only where no zygote is left to make workers. */
static void
try_later(struct master *master)
{
    if (!master->current || master->current->pid)
        return;
    master->retry_us = master->retry_us ? master->retry_us * 2 : RETRY_FIRST_US;
    if (master->retry_us > RETRY_MAX_US)
        master->retry_us = RETRY_MAX_US;
    master->retry_at_us = bask_clock_us() + master->retry_us;
}

/* Everything but the process itself. */
static struct generation *
make_generation(struct master *master, bool cautious, int *ret_channel)
{
    int ends[2], words, crash;
    struct generation *generation = calloc(1, sizeof *generation);
    if (!generation)
        return NULL;
    if ((words = bask_proc_scratch_file("bask-words")) < 0)
        goto no_words;
    if ((crash = bask_proc_scratch_file("bask-crash")) < 0)
        goto no_crash;
    if (bask_channel_open(ends))
        goto no_channel;
    *generation = (struct generation){
        .io = {.fd = ends[0], .on_event = on_channel},
        .master = master,
        .number = ++master->generations,
        .cautious = cautious,
        .words = words,
        .crash = crash,
        .substitute = master->current && !master->current->pid,
    };
    if (master->plan->load_limit_ms)
        generation->late_at_us = bask_clock_us() + master->plan->load_limit_ms * 1000;
    *ret_channel = ends[1];
    return generation;
no_channel:
    close(crash);
no_crash:
    close(words);
no_words:
    free(generation);
    return NULL;
}

void
generation_start(struct master *master, bool cautious)
{
    int channel;
    master->retry_at_us = 0;
    struct generation *generation = make_generation(master, cautious, &channel);
    if (!generation)
        goto failed;
    signals_begin(master, generation->number);
    generation->pid = master->plan->fork();
    if (generation->pid == 0) {
        close(generation->io.fd);
        run_child(master, &(struct bask_zygote_orders){.channel = channel,
                                                       .words = generation->words,
                                                       .crash = generation->crash,
                                                       .generation = generation->number,
                                                       .cautious = cautious});
    }
    close(channel);
    if (generation->pid > 0 && !bask_loop_add(master->loop, &generation->io, BASK_IO_LEVEL)) {
        master->next = generation;
        if (master->current) /* loading and warming can wait, requests cannot */
            bask_proc_stand_back(generation->pid, true);
        return;
    }
    close(generation->io.fd); /* a process that is there ends when it sees that */
    generation_free(&generation);
failed:
    bask_log(BASK_LOG_ERROR, "cannot start a zygote: %s", strerror(errno));
    try_later(master);
}

int
generation_fork(struct master *master, const struct bask_message *message)
{
    if (!master->current || master->current->io.fd < 0)
        return BASK_E_STATE;
    return bask_channel_send(master->current->io.fd, message);
}

void
generation_look(const struct master *master)
{
    const struct bask_message message = {.kind = BASK_MESSAGE_LOOK};
    const struct generation *const ready[] = {master->current, master->old};
    for (size_t i = 0; i < sizeof ready / sizeof *ready; i++)
        if (ready[i] && ready[i]->io.fd >= 0)
            bask_channel_send(ready[i]->io.fd, &message); /* the next one looks when it is ready */
}

static struct generation *
numbered(const struct master *master, unsigned number)
{
    struct generation *all[] = {master->current, master->next, master->old};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] && all[i]->number == number)
            return all[i];
    return NULL;
}

/* Into what is told to those who wait for the reload, too. */
static void
log_crash(const struct generation *generation)
{
    static char text[CRASH_MAX];
    size_t len = bask_proc_read_from_start(generation->crash, text, sizeof text);
    if (!len)
        return;
    bask_proc_empty_file(generation->crash);
    bask_log_also_to(generation->words);
    bask_log(BASK_LOG_ERROR, "generation %u ended here:\n%.*s", generation->number, (int)len, text);
    bask_log_also_to(-1);
}

void
generation_log_crash(struct master *master, unsigned number)
{
    const struct generation *generation = numbered(master, number);
    if (generation)
        log_crash(generation);
}

/* What asked too much of the runtime is tried once more, asking less. */
static bool
try_with_care(struct master *master, const struct generation *failed, int status)
{
    if (!failed->warming || failed->cautious || !WIFSIGNALED(status) || failed->aborted)
        return false;
    bask_log(BASK_LOG_WARN,
             "generation %u crashed while it was warmed (signal %d); it is started again, and "
             "warmed with the runtime's own parameters",
             failed->number, WTERMSIG(status));
    generation_start(master, true);
    return master->next != NULL;
}

/* A new version that does not load never takes over. Without an old one there is nothing to run:
 * at the first start the server ends, later it tries again. */
static void
on_load_failed(struct master *master, const struct generation *failed, int status)
{
    int code = failed->code ? failed->code : BASK_EXIT_FAILED;
    log_crash(failed);
    if (try_with_care(master, failed, status)) {
        master->next->substitute = failed->substitute;
        return;
    }
    if (WIFSIGNALED(status) && !failed->aborted)
        bask_log(BASK_LOG_ERROR, "zygote %u died while it was loading (signal %d)", failed->number,
                 WTERMSIG(status));
    if (master->current && master->current->pid) {
        bask_log(BASK_LOG_ERROR, "generation %u did not load; generation %u goes on serving",
                 failed->number, master->current->number);
    } else if (!master->current) {
        master->code = code;
        master->stopping = true;
    } else {
        try_later(master);
        bask_log(BASK_LOG_ERROR, "generation %u did not load; the next try is in %lld s",
                 failed->number, (long long)(master->retry_us / 1000000));
    }
    reload_failed(master, failed);
}

static void
on_current_died(struct master *master, int status)
{
    const struct generation *dead = master->current;
    if (master->stopping)
        return;
    bask_log(BASK_LOG_ERROR, "zygote %u died (%s %d); its workers go on", dead->number,
             WIFSIGNALED(status) ? "signal" : "exit",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (dead->proven)
        reload_stumbled(master);
    else
        generation_roll_back(master);
    if (master->current != dead || master->next || master->stopping)
        return;
    if (bask_clock_us() - dead->ready_us < TOO_SOON_US) {
        try_later(master);
        return;
    }
    master->retry_us = 0;
    generation_start(master, dead->cautious);
}

static struct generation *
of_process(const struct master *master, pid_t pid)
{
    struct generation *all[] = {master->current, master->next, master->old};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] && all[i]->pid == pid)
            return all[i];
    return NULL;
}

bool
generation_ended(struct master *master, pid_t pid, int status)
{
    struct generation *generation = of_process(master, pid);
    if (!generation)
        return false;
    if (generation->io.fd >= 0) {
        /* A worker that it forked at last may just be telling of its birth: either it is heard or
         * it notices that it is not. What is heard may make another generation the current one. */
        bask_channel_close_to_senders(generation->io.fd);
        on_channel(&generation->io, 0);
    }
    generation_dismiss(master, generation);
    generation->pid = 0;
    roster_forget_forks(master, generation->number);
    aides_forget_forks(master, generation->number);
    if (generation == master->current) {
        on_current_died(master, status);
        return true;
    }
    bool was_loading = generation == master->next;
    *(was_loading ? &master->next : &master->old) = NULL;
    if (was_loading && !master->stopping)
        on_load_failed(master, generation, status);
    generation_free(&generation);
    return true;
}

static void
kill_zygote(const struct generation *generation)
{
    if (generation->pid)
        kill(generation->pid, SIGKILL);
}

bool
generation_is_alive(const struct master *master, unsigned number)
{
    const struct generation *generation = numbered(master, number);
    return generation && generation->pid;
}

void
generation_give_up(struct master *master, unsigned number)
{
    const struct generation *generation = numbered(master, number);
    if (generation)
        kill_zygote(generation);
}

/* First it may say where it hangs: the runtime answers SIGABRT with a traceback. */
static void
end_late(struct generation *generation, int64_t now)
{
    if (!generation->late_at_us || generation->late_at_us > now)
        return;
    if (generation->aborted) {
        kill_zygote(generation);
        return;
    }
    bask_log(BASK_LOG_ERROR, "generation %u is not ready after %lld s; it is given up",
             generation->number, (long long)(generation->master->plan->load_limit_ms / 1000));
    generation->aborted = true;
    generation->late_at_us = now + LAST_WORDS_US;
    kill(generation->pid, SIGABRT);
}

/* One that was dismissed has nothing left to do. */
static void
end_dismissed(struct generation *generation, int64_t now)
{
    if (generation && generation->pid && generation->io.fd < 0 && generation->late_at_us <= now)
        kill_zygote(generation);
}

void
generation_advance(struct master *master, int64_t now)
{
    if (master->next)
        end_late(master->next, now);
    if (master->old && master->current && !roster_has(master, master->old->number) &&
        !aides_have(master, master->old->number) &&
        ((master->current->proven && !reload_is_changing(master)) || !roster_wanted(master)))
        generation_dismiss(master, master->old); /* nothing has to be taken back any more */
    end_dismissed(master->current, now);
    end_dismissed(master->old, now);
    if (master->retry_at_us && master->retry_at_us <= now && !master->next && !master->stopping)
        generation_start(master, master->current && master->current->cautious);
}

void
generation_stop_all(struct master *master)
{
    if (master->next)
        kill_zygote(master->next);
    if (master->current)
        generation_dismiss(master, master->current);
    if (master->old)
        generation_dismiss(master, master->old);
}

bool
generation_none_left(const struct master *master)
{
    return (!master->current || !master->current->pid) && !master->next && !master->old;
}
