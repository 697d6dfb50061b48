/* The life of a zygote as its master sees it: started, ready or failed, current, old, gone. */
#include "master/private.h"

#include "base/err.h"
#include "ipc/channel.h"
#include "ipc/exit.h"
#include "loop/signals.h"
#include "obs/log.h"
#include "sys/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RETRY_FIRST_US = 1000000, RETRY_MAX_US = 30000000 };

static void
become_current(struct master *master)
{
    struct generation *before = master->current;
    master->current = master->next;
    master->next = NULL;
    master->retry_us = 0;
    if (!before)
        return;
    bask_log(BASK_LOG_INFO, "generation %u takes over from %u", master->current->number,
             before->number);
    if (before->pid) {
        master->old = before; /* it stays as long as it has workers: it is the one to reap them */
        return;
    }
    if (master->current->substitute)
        roster_adopt(master, before->number, master->current->number);
    free(before);
}

static void
on_message(struct generation *generation, const struct bask_message *message)
{
    struct master *master = generation->master;
    switch (message->kind) {
    case BASK_MESSAGE_READY:
        generation->ready = true;
        if (generation == master->next)
            become_current(master);
        break;
    case BASK_MESSAGE_FAILED:
        generation->code = message->code;
        break;
    case BASK_MESSAGE_FORKED:
        roster_forked(master, message->worker_id, message->pid, generation->number);
        break;
    case BASK_MESSAGE_EXITED:
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
close_if_open(const struct generation *generation)
{
    if (generation && generation->io.fd >= 0)
        close(generation->io.fd);
}

/* In the new process: nothing of the master stays but what the plan hands on. */
static void
run_child(struct master *master, int channel, unsigned number)
{
    const struct bask_master_plan *plan = master->plan;
    bask_signals_forget();
    close_if_open(master->current);
    close_if_open(master->old);
    bask_loop_free(&master->loop);
    plan->run_zygote(plan->context, channel, number);
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

void
generation_start(struct master *master)
{
    int ends[2];
    struct generation *generation = calloc(1, sizeof *generation);
    master->retry_at_us = 0;
    if (!generation || bask_channel_open(ends)) {
        bask_log(BASK_LOG_ERROR, "cannot start a zygote: %s", strerror(errno));
        free(generation);
        try_later(master);
        return;
    }
    generation->number = ++master->generations;
    generation->master = master;
    generation->io = (struct bask_io){.fd = ends[0], .on_event = on_channel};
    generation->pid = fork();
    if (generation->pid == 0) {
        close(ends[0]);
        run_child(master, ends[1], generation->number);
    }
    close(ends[1]);
    if (generation->pid < 0 || bask_loop_add(master->loop, &generation->io, BASK_IO_LEVEL)) {
        bask_log(BASK_LOG_ERROR, "cannot start a zygote: %s", strerror(errno));
        close(ends[0]);
        free(generation);
        try_later(master);
        return;
    }
    generation->substitute = master->current && !master->current->pid;
    master->next = generation;
}

int
generation_fork(struct master *master, uint32_t worker_id)
{
    const struct bask_message message = {.kind = BASK_MESSAGE_FORK, .worker_id = worker_id};
    if (!master->current || master->current->io.fd < 0)
        return BASK_E_STATE;
    return bask_channel_send(master->current->io.fd, &message);
}

/* A new version that does not load never takes over. Without an old one there is nothing to run:
 * at the first start the server ends, later it tries again. */
static void
on_load_failed(struct master *master, struct generation *failed)
{
    int code = failed->code ? failed->code : BASK_EXIT_FAILED;
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
}

static void
on_current_died(struct master *master, int status)
{
    roster_adopt(master, master->current->number, master->current->number);
    if (master->stopping)
        return;
    bask_log(BASK_LOG_ERROR, "zygote %u died (%s %d); its workers go on, a new one is started",
             master->current->number, WIFSIGNALED(status) ? "signal" : "exit",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (!master->next)
        generation_start(master);
}

bool
generation_ended(struct master *master, pid_t pid, int status)
{
    struct generation **places[] = {&master->current, &master->next, &master->old};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct generation *generation = *places[i];
        if (!generation || generation->pid != pid)
            continue;
        if (generation->io.fd >= 0)
            on_channel(&generation->io, 0); /* its last words */
        generation_dismiss(master, generation);
        generation->pid = 0;
        if (generation == master->current) {
            on_current_died(master, status);
            return true;
        }
        *places[i] = NULL;
        if (places[i] == &master->next && !master->stopping)
            on_load_failed(master, generation);
        free(generation);
        return true;
    }
    return false;
}

void
generation_stop_all(struct master *master)
{
    if (master->next && master->next->pid)
        kill(master->next->pid, SIGKILL);
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
