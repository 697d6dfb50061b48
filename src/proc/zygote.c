/* Waits for the master's commands and for the ends of its children, and reports both. */
#include "proc/zygote.h"

#include "base/err.h"
#include "ipc/channel.h"
#include "loop/signals.h"
#include "obs/log.h"
#include "proc/aide.h"
#include "proc/load.h"
#include "proc/program.h"
#include "proc/strays.h"
#include "proc/warmup.h"
#include "proc/worker.h"
#include "sys/memory.h"
#include "sys/proc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct zygote {
    struct bask_heritage *heritage;
    struct bask_loop *loop;
    struct bask_io io; /* the channel */
    pid_t *children;   /* by index_of; 0: none */
    /* In a new worker or aide: the message that asked for it; kind 0: still the zygote. */
    struct bask_message born;
    bool orphan; /* the master is gone, or has dismissed this zygote */
};

static void
tell(struct zygote *zygote, const struct bask_message *message)
{
    if (bask_channel_send(zygote->io.fd, message))
        zygote->orphan = true;
}

/* The zygote while it makes a worker, else 0: in fork(2) there is no other way to hand something to
 * its handler. */
static pid_t maker;

/* The parent may have died before the kernel was told. */
static void
die_with(pid_t parent)
{
    bask_proc_die_with_parent(SIGKILL);
    if (getppid() != parent)
        _exit(BASK_EXIT_FAILED);
}

/* Until a new worker serves (src/proc/worker.c), the application has it, in hooks for instance: one
 * that hangs there would outlive everything. */
static void
in_forked_child(void)
{
    if (maker)
        die_with(maker);
}

static uint32_t
place_count(const struct zygote *zygote)
{
    const struct bask_heritage *heritage = zygote->heritage;
    return heritage->board.worker_count * BASK_PLACES + heritage->aides.count * BASK_AIDE_SIDES;
}

static bool
is_place(const struct zygote *zygote, const struct bask_message *message)
{
    const struct bask_heritage *heritage = zygote->heritage;
    if (message->aide)
        return message->aide <= heritage->aides.count && message->side < BASK_AIDE_SIDES;
    return bask_board_has(&heritage->board, (struct bask_seat){message->worker_id, message->side});
}

/* Workers first. */
static uint32_t
index_of(const struct zygote *zygote, const struct bask_message *message)
{
    if (!message->aide)
        return bask_board_index((struct bask_seat){message->worker_id, message->side});
    return zygote->heritage->board.worker_count * BASK_PLACES +
           (message->aide - 1) * BASK_AIDE_SIDES + message->side;
}

static void
make_child(struct zygote *zygote, const struct bask_message *order)
{
    struct bask_message made = *order;
    sigset_t before;
    pid_t self = getpid();
    /* A signal for the new worker waits until it can take it (bask_worker_run). */
    bask_worker_block_signals(&before);
    maker = self;
    bask_strays_ours(true);
    pid_t pid = zygote->heritage->plugin->fork();
    bask_strays_ours(false);
    maker = 0;
    if (pid == 0) {
        zygote->born = *order;
        return;
    }
    if (getpid() != self)
        _exit(BASK_EXIT_FAILED); /* the runtime forked, and then failed in the child */
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid > 0)
        zygote->children[index_of(zygote, order)] = pid;
    else
        bask_log(BASK_LOG_ERROR, "cannot fork %s %u: %s", order->aide ? "aide" : "worker",
                 order->aide ? order->aide : order->worker_id, strerror(errno));
    made.kind = BASK_MESSAGE_FORKED;
    made.pid = pid;
    tell(zygote, &made);
}

static void
on_channel(struct bask_io *io, unsigned events)
{
    struct zygote *zygote = BASK_CONTAINER(io, struct zygote, io);
    struct bask_message message;
    (void)events;
    int err = bask_channel_receive(io->fd, &message);
    if (err == BASK_E_CLOSED)
        zygote->orphan = true;
    if (!err && message.kind == BASK_MESSAGE_LOOK)
        bask_worker_follow_log(zygote->heritage);
    if (!err && message.kind == BASK_MESSAGE_FORK && is_place(zygote, &message))
        make_child(zygote, &message);
}

static void
reap(struct zygote *zygote)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (uint32_t i = 0; i < place_count(zygote); i++)
            if (zygote->children[i] == pid)
                zygote->children[i] = 0;
        tell(zygote,
             &(struct bask_message){.kind = BASK_MESSAGE_EXITED, .pid = pid, .code = status});
    }
}

/* Workers of a generation that is dismissed nevertheless: they finish and end. */
static void
dismiss_workers(struct zygote *zygote)
{
    int gently = bask_program_is_wanted(zygote->heritage->options) ? SIGTERM : SIGHUP;
    int number = zygote->heritage->place.options.no_orphans ? SIGKILL : gently;
    for (uint32_t i = 0; i < place_count(zygote); i++)
        if (zygote->children[i] > 0)
            kill(zygote->children[i], number);
}

static void
serve(struct zygote *zygote)
{
    while (!zygote->born.kind && !zygote->orphan) {
        if (bask_loop_dispatch(zygote->loop))
            continue;
        bask_loop_waited(zygote->loop,
                         bask_loop_wait(zygote->loop, bask_loop_timeout(zygote->loop)));
        if (bask_signals_take() & UINT64_C(1) << SIGCHLD)
            reap(zygote);
    }
}

/* The terminal's and the master's signals are the master's to answer. */
static void
ignore_stop_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
}

static int
become_child(struct zygote *zygote)
{
    struct bask_heritage *heritage = zygote->heritage;
    const struct bask_message order = zygote->born;
    /* The zygote may have died before it could tell of this process; one that the master does not
     * know of would never be stopped. */
    struct bask_message born = order;
    born.kind = BASK_MESSAGE_FORKED;
    born.pid = getpid();
    if (bask_channel_send(zygote->io.fd, &born))
        return BASK_EXIT_END;
    bask_signals_forget();
    close(zygote->io.fd);
    bask_loop_free(&zygote->loop);
    free(zygote->children);
    if (order.aide)
        return bask_aide_run(heritage, order.aide - 1, order.side);
    return bask_worker_run(heritage, (struct bask_seat){order.worker_id, order.side});
}

static int
load(struct bask_heritage *heritage)
{
    int code = bask_load_plugin(heritage);
    return code || heritage->options->lazy_apps ? code : bask_load_application(heritage);
}

static int
warm(struct zygote *zygote, const struct bask_zygote_orders *orders)
{
    if (!bask_warmup_is_wanted(zygote->heritage))
        return BASK_EXIT_OK;
    tell(zygote, &(struct bask_message){.kind = BASK_MESSAGE_WARMING});
    return bask_warmup_run(zygote->heritage, orders->generation, orders->cautious);
}

static int
set_up(struct zygote *zygote)
{
    static const int signals[] = {SIGCHLD, 0};
    zygote->loop = bask_loop_new();
    zygote->children = calloc(place_count(zygote), sizeof *zygote->children);
    if (!zygote->loop || !zygote->children ||
        bask_loop_add(zygote->loop, &zygote->io, BASK_IO_LEVEL) ||
        pthread_atfork(NULL, NULL, in_forked_child))
        return BASK_E_NOMEM;
    bask_signals_watch(zygote->loop, signals);
    return BASK_OK;
}

int
bask_zygote_run(struct bask_heritage *heritage, const struct bask_zygote_orders *orders)
{
    struct zygote zygote = {.heritage = heritage,
                            .io = {.fd = orders->channel, .on_event = on_channel}};
    /* It could not be told otherwise while it loads, or hangs. Workers notice by themselves. */
    die_with((pid_t)heritage->info.master_pid);
    heritage->replaces = heritage->replaces || orders->generation > 1;
    heritage->info.is_reload = heritage->replaces;
    heritage->info.crash_fd = orders->crash;
    heritage->generation = orders->generation;
    if (heritage->signals)
        bask_signals_begin(heritage->signals, orders->generation);
    bask_log_also_to(orders->words);
    bask_place_title(&heritage->place, "zygote", orders->generation);
    int code = load(heritage);
    if (!code && !heritage->options->lazy_apps)
        code = warm(&zygote, orders);
    if (code) {
        tell(&zygote, &(struct bask_message){.kind = BASK_MESSAGE_FAILED, .code = code});
        return code;
    }
    if (!heritage->options->lazy_apps) {
        bask_warmup_stage(heritage->plugin, BASK_STAGE_FORKING);
        bask_memory_trim();
        bask_log_also_to(-1);
    }
    if (heritage->on_loaded)
        heritage->on_loaded();
    ignore_stop_signals();
    if (set_up(&zygote)) {
        bask_log(BASK_LOG_ERROR, "zygote %u: out of memory or descriptors", orders->generation);
        return BASK_EXIT_FAILED;
    }
    bask_worker_follow_log(heritage);
    bask_log(BASK_LOG_INFO, "zygote %u is ready (pid: %d)", orders->generation, (int)getpid());
    tell(&zygote, &(struct bask_message){.kind = BASK_MESSAGE_READY});
    serve(&zygote);
    if (zygote.born.kind)
        return become_child(&zygote);
    dismiss_workers(&zygote);
    bask_signals_forget(); /* they wake the loop */
    bask_loop_free(&zygote.loop);
    free(zygote.children);
    return BASK_EXIT_OK;
}
