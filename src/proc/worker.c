/*
 * Puts the rooms together: loop, connections, pipeline, crew, plugin. Signals end it:
 *
 *   SIGHUP                    gracefully: no new connections, the open requests are answered
 *   SIGINT, SIGQUIT, SIGTERM  at once: requests that are not done within a second are cut off
 *   SIGTSTP                   look at the board: accept nothing for now, or go on; reopen the log
 *   SIGURG                    the parent died; if that leaves no master, gracefully with a limit,
 *                             or, with --no-orphans, at once
 */
#include "proc/worker.h"

#include "base/err.h"
#include "loop/signals.h"
#include "obs/log.h"
#include "plugin/registry.h"
#include "proc/load.h"
#include "proc/program.h"
#include "proc/signal_jobs.h"
#include "proc/strays.h"
#include "proc/warmup.h"
#include "sys/affinity.h"
#include "sys/bell.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STACK_BYTES = 8 << 20, /* PyPy wants four megabytes and more (it does not ask the system) */
    CUT_OFF_US = 1000000,  /* what requests get when the worker shall end at once */
    DRAIN_LOOK_US = 20000,
};

struct app_thread {
    const struct bask_plugin *plugin;
    struct bask_thread thread;
    pthread_t handle;
};

struct worker {
    struct bask_heritage *heritage;
    struct bask_seat seat;
    pid_t parent;  /* at the start */
    bool replaces; /* another process had this id before */
    struct bask_loop *loop;
    struct bask_pipeline pipeline;
    struct bask_access_log *access;
    struct bask_net *net;
    struct bask_crew *crew;
    struct bask_harakiri *harakiri;
    struct bask_limits *limits;
    struct bask_signal_jobs *signal_jobs; /* NULL without a master */
    struct bask_timer drain, cut_off;
    struct app_thread *threads;
    int exit_code;
};

static void
finish(struct worker *worker, int code)
{
    worker->exit_code = code;
    bask_crew_stop(worker->crew);
}

/* The threads that are lost cannot be joined, and what is behind them in fini() cannot be done. */
__attribute__((noreturn)) static void
leave_the_lost(struct worker *worker)
{
    bask_log(BASK_LOG_WARN, "worker %u ends with %u threads that did not come back",
             worker->seat.worker_id, bask_harakiri_lost(worker->harakiri));
    if (worker->access)
        bask_access_flush(worker->access);
    _exit(BASK_EXIT_RELOAD);
}

/* Draining is over when the last connection is gone, but for those that lost threads hold. */
static void
on_drain(struct bask_timer *timer)
{
    struct worker *worker = BASK_CONTAINER(timer, struct worker, drain);
    size_t open = bask_net_connections(worker->net), late = bask_net_late(worker->net);
    if (open == 0)
        finish(worker, BASK_EXIT_RELOAD);
    else if (open == late && late == bask_harakiri_lost(worker->harakiri))
        leave_the_lost(worker);
    else
        bask_loop_timer_start(worker->loop, timer, DRAIN_LOOK_US);
}

static void
on_cut_off(struct bask_timer *timer)
{
    struct worker *worker = BASK_CONTAINER(timer, struct worker, cut_off);
    bask_log(BASK_LOG_WARN, "worker %u ends with %u requests unanswered", worker->seat.worker_id,
             bask_crew_busy(worker->crew));
    if (worker->access)
        bask_access_flush(worker->access);
    /* The threads are inside the application and cannot be joined. */
    _exit(BASK_EXIT_END);
}

/* A worker whose zygote died is its master's child; one whose master died too is nobody's. While
 * the threads of a zygote end one after the other it is still the zygote's, and told once more. */
static bool
is_orphan(const struct worker *worker)
{
    pid_t parent = getppid();
    return parent != worker->parent && parent != worker->heritage->info.master_pid;
}

/* They stay in the list: connections name theirs. */
static void
close_listeners(struct bask_listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        close(listeners->items[i].io.fd);
        listeners->items[i].io.fd = -1;
    }
}

/* A new server may want the sockets at once, and nobody else would end what does not end. */
static void
end_without_master(struct worker *worker)
{
    if (worker->heritage->place.options.no_orphans)
        _exit(BASK_EXIT_END);
    bask_log(BASK_LOG_ERROR, "the master is gone; worker %u ends when its requests are done",
             worker->seat.worker_id);
    bask_signal_jobs_close(worker->signal_jobs);
    bask_net_drain(worker->net, true);
    close_listeners(&worker->heritage->listeners);
    if (bask_list_is_unlinked(&worker->cut_off.link))
        bask_loop_timer_start(worker->loop, &worker->cut_off, worker->heritage->mercy_ms * 1000);
    on_drain(&worker->drain);
}

/* A client that is slow to send its next request must not meet a connection that was closed a
 * moment before. The successor serves, so waiting costs nothing; but the mercy ends it all. */
static int64_t
handover_ms(const struct worker *worker)
{
    const struct bask_net_options *options = worker->heritage->net;
    int64_t limit = worker->heritage->mercy_ms / 2;
    if (options->idle_ms < limit)
        limit = options->idle_ms;
    return options->handover_ms < limit ? options->handover_ms : limit;
}

/* Who waits to be accepted is better off with a successor than behind the last requests of this
 * process; without one they are taken along. So they are in an upgrade: the kernel has woken this
 * process for them, and those of another server cannot be told to look. */
static void
drain(struct worker *worker)
{
    const struct bask_board *board = &worker->heritage->board;
    bool is_last = !worker->heritage->options->master || atomic_load(&board->server->stopping);
    bask_limits_leave(worker->limits);
    bask_signal_jobs_close(worker->signal_jobs);
    bool is_followed = !is_last || atomic_load(&board->server->replaced);
    if (!is_followed || bask_harakiri_has_paused(worker->harakiri))
        bask_net_drain(worker->net, is_last);
    else
        bask_net_hand_over(worker->net, is_last, handover_ms(worker));
    if (!is_last && bask_net_is_asked(worker->net)) {
        atomic_store(&bask_board_place(board, worker->seat)->wish, BASK_WISH_LOOK);
        bask_bell_ring(board->bell);
    }
    on_drain(&worker->drain);
}

void
bask_worker_follow_log(struct bask_heritage *heritage)
{
    uint32_t turns = atomic_load(&heritage->board.server->log_turns);
    if (turns == heritage->log_turns)
        return;
    heritage->log_turns = turns;
    bask_log_reopen();
}

static void
take_signals(struct worker *worker)
{
    uint64_t came = bask_signals_take();
    if (came & UINT64_C(1) << SIGURG && is_orphan(worker)) {
        end_without_master(worker);
        return;
    }
    if (came & (UINT64_C(1) << SIGINT | UINT64_C(1) << SIGQUIT | UINT64_C(1) << SIGTERM)) {
        bask_signal_jobs_close(worker->signal_jobs);
        bask_net_drain(worker->net, false);
        finish(worker, BASK_EXIT_END);
        if (bask_list_is_unlinked(&worker->cut_off.link))
            bask_loop_timer_start(worker->loop, &worker->cut_off, CUT_OFF_US);
    } else if (came & UINT64_C(1) << SIGHUP) {
        drain(worker);
    }
    if (came & UINT64_C(1) << SIGTSTP) {
        bask_net_pause(worker->net, atomic_load(&worker->heritage->board.server->paused) ||
                                        bask_harakiri_has_paused(worker->harakiri));
        bask_net_look(worker->net);
        bask_worker_follow_log(worker->heritage);
        bask_signal_jobs_look(worker->signal_jobs);
    }
}

/* What the worker answers, ended by 0. */
static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGURG, 0};

static void
mask_signals(int how, sigset_t *ret_before)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; signals[i]; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(how, &set, ret_before);
}

void
bask_worker_block_signals(sigset_t *ret_before)
{
    mask_signals(SIG_BLOCK, ret_before);
}

void
bask_worker_let_signals_end(void)
{
    for (size_t i = 0; signals[i]; i++)
        signal(signals[i], signals[i] == SIGTSTP ? SIG_IGN : SIG_DFL);
    mask_signals(SIG_UNBLOCK, NULL);
}

static bool
dispatch(void *context)
{
    return bask_net_dispatch(((struct worker *)context)->net);
}

static void
waited(void *context)
{
    take_signals(context);
}

/* For the master, which adds workers where requests wait, and tells who is stuck. */
static void
looked(void *context, unsigned queued, bool idle)
{
    const struct worker *worker = context;
    struct bask_board_place *place = bask_board_place(&worker->heritage->board, worker->seat);
    atomic_store_explicit(&place->queued, queued, memory_order_relaxed);
    atomic_store_explicit(&place->beat_us, idle ? 0 : bask_clock_coarse_us(), memory_order_relaxed);
}

static void
fini(struct worker *worker)
{
    bask_crew_free(&worker->crew);
    bask_signal_jobs_free(&worker->signal_jobs);
    bask_limits_free(&worker->limits);
    bask_harakiri_free(&worker->harakiri);
    bask_net_free(&worker->net);
    bask_access_free(&worker->access);
    bask_loop_free(&worker->loop);
    free(worker->threads);
}

static int
init_limits(struct worker *worker)
{
    struct bask_heritage *heritage = worker->heritage;
    struct bask_limits_setup setup = {
        .options = heritage->limits,
        .board = &heritage->board,
        .seat = worker->seat,
        .loop = worker->loop,
        .has_master = heritage->options->master,
    };
    worker->limits = bask_limits_new(&setup);
    worker->harakiri = bask_harakiri_new(&(struct bask_harakiri_setup){
        .options = &heritage->limits->harakiri,
        .board = &heritage->board,
        .seat = worker->seat,
        .loop = worker->loop,
        .net = worker->net,
        .pipeline = &worker->pipeline,
        .plugin = heritage->plugin,
        .on_lost = bask_limits_lost,
        .context = worker->limits,
    });
    if (!worker->limits || !worker->harakiri)
        return BASK_E_NOMEM;
    bask_limits_guard(worker->limits, worker->harakiri);
    return BASK_OK;
}

static bool
pass_signal(void *context, unsigned number)
{
    return bask_signals_raise(context, number) == BASK_OK;
}

/* The kernel has woken this process for somebody whom it does not take: others shall look. */
static void
leave_to_others(void *context)
{
    const struct worker *worker = context;
    const struct bask_board *board = &worker->heritage->board;
    uint32_t none = BASK_WISH_NONE; /* one that wishes something already is about to go anyway */
    if (atomic_compare_exchange_strong(&bask_board_place(board, worker->seat)->wish, &none,
                                       BASK_WISH_LOOK))
        bask_bell_ring(board->bell);
}

static struct bask_net_extras
extras_of(struct worker *worker)
{
    uint32_t jobs = bask_plugin_jobs(worker->heritage->plugin);
    return (struct bask_net_extras){
        .tasks = worker->heritage->aides.folder_count > 0,
        .calls = jobs & BASK_JOBS(BASK_JOB_CALL) || worker->heritage->guests.count,
        .on_signal = worker->heritage->signals ? pass_signal : NULL,
        .context = worker->heritage->signals,
        .warning = worker->heritage->board.warning,
        .on_full = worker->heritage->board.worker_count > 1 ? leave_to_others : NULL,
        .full_context = worker,
    };
}

static int
init_signal_jobs(struct worker *worker)
{
    struct bask_signal_board *board = worker->heritage->signals;
    if (!board || !(bask_plugin_jobs(worker->heritage->plugin) & BASK_JOBS(BASK_JOB_SIGNAL)))
        return BASK_OK;
    worker->signal_jobs = bask_signal_jobs_new(
        worker->loop, &worker->pipeline, bask_signals_box(board, bask_board_index(worker->seat)),
        (uint32_t)worker->heritage->options->threads);
    return worker->signal_jobs ? BASK_OK : BASK_E_NOMEM;
}

/* For lines of the access log. */
static int64_t
metric_of(const void *context, bask_str name)
{
    const struct bask_heritage *heritage = context;
    int64_t value;
    bool is_there = !bask_metrics_get(&heritage->shared.metrics, &heritage->board, name, &value);
    return is_there ? value : 0;
}

static int
init_parts(struct worker *worker)
{
    struct bask_heritage *heritage = worker->heritage;
    const struct bask_crew_work work = {dispatch, waited, worker, looked};
    bask_pipeline_init(&worker->pipeline);
    worker->pipeline.files = heritage->files;
    if (heritage->files)
        bask_static_count(heritage->files, bask_board_place(&heritage->board, worker->seat));
    worker->drain.on_due = on_drain;
    worker->cut_off.on_due = on_cut_off;
    worker->threads = calloc((size_t)heritage->options->threads, sizeof *worker->threads);
    worker->loop = bask_loop_new();
    worker->access = bask_access_new(STDERR_FILENO, &heritage->options->lines);
    if (worker->access)
        bask_access_know(worker->access, worker->seat.worker_id, metric_of, heritage);
    if (worker->loop && worker->access)
        worker->net = bask_net_new(
            worker->loop, &worker->pipeline, heritage->net, &heritage->listeners,
            heritage->options->disable_logging ? NULL : worker->access, heritage->options->master);
    if (worker->net)
        bask_net_log_some(worker->net, worker->access, &heritage->options->log_rules);
    if (worker->net)
        bask_net_log_forwarded(worker->net, heritage->options->lines.forwarded);
    if (worker->net)
        bask_net_count_at(worker->net, bask_board_place(&heritage->board, worker->seat)->bounds);
    if (worker->net)
        bask_net_record(worker->net, heritage->recorder);
    if (worker->net)
        bask_net_serve_extras(worker->net, extras_of(worker));
    if (worker->net)
        worker->crew = bask_crew_new(worker->loop, &worker->pipeline, &work);
    if (!worker->crew || !worker->threads || init_signal_jobs(worker))
        return BASK_E_NOMEM;
    return init_limits(worker);
}

static void *
run_thread(void *argument)
{
    struct app_thread *start = argument;
    bask_host_enter(&start->thread);
    start->plugin->run(&start->thread);
    bask_host_enter(NULL);
    return NULL;
}

/* Thread 0 is the calling one: it loaded the runtime, which may make it special. */
static void
run_threads(struct worker *worker)
{
    uint32_t count = (uint32_t)worker->heritage->options->threads, running = 1;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    size_t wanted = (size_t)worker->heritage->options->thread_stack_kib << 10;
    pthread_attr_setstacksize(&attributes, wanted > STACK_BYTES ? wanted : STACK_BYTES);
    for (; running < count; running++) {
        struct app_thread *thread = &worker->threads[running];
        if (pthread_create(&thread->handle, &attributes, run_thread, thread)) {
            bask_log(BASK_LOG_ERROR, "only %u of %u threads could be started", running, count);
            break;
        }
    }
    pthread_attr_destroy(&attributes);
    run_thread(&worker->threads[0]);
    while (--running > 0)
        pthread_join(worker->threads[running].handle, NULL);
}

static void
init_threads(struct worker *worker)
{
    for (uint32_t i = 0; i < (uint32_t)worker->heritage->options->threads; i++) {
        struct app_thread *thread = &worker->threads[i];
        thread->plugin = worker->heritage->plugin;
        thread->thread.index = i;
        thread->thread.board = bask_board_thread(&worker->heritage->board, worker->seat, i);
        atomic_store(&thread->thread.board->busy_since_us, 0);
        atomic_store(&thread->thread.board->deadline_us, 0);
        bask_harakiri_watch(worker->harakiri, &thread->thread);
    }
}

/* In a copy of this process that the application has forked: it counts nowhere. */
static void
forsake(void *context)
{
    static struct bask_board_thread nowhere;
    struct worker *worker = context;
    for (uint32_t i = 0; i < (uint32_t)worker->heritage->options->threads; i++)
        worker->threads[i].thread.board = &nowhere;
    bask_signal_jobs_forsake(worker->signal_jobs);
}

/* Takes requests from now on, unless the server is paused. */
static void
open_up(struct worker *worker, struct bask_board_place *place)
{
    const struct bask_board *board = &worker->heritage->board;
    bask_worker_follow_log(worker->heritage);
    bask_host_limit(bask_limits_for_host(worker->limits));
    bask_host_take_seat(worker->seat);
    if (worker->signal_jobs)
        bask_host_serve_signals(bask_signal_jobs_for_host(worker->signal_jobs));
    bask_crew_lock(worker->crew); /* the patrol runs already */
    if (!atomic_load(&board->server->paused))
        bask_net_pause(worker->net, false);
    bask_limits_start(worker->limits);
    bask_harakiri_start(worker->harakiri);
    bask_crew_unlock(worker->crew);
    if (worker->heritage->options->master)
        bask_proc_die_with_parent(SIGURG); /* from now on it looks after itself */
    atomic_store(&place->accepting, 1);
    bask_crew_lock(worker->crew);
    bask_signal_jobs_look(worker->signal_jobs);
    bask_crew_unlock(worker->crew);
    bask_bell_ring(board->bell);
    bask_log(BASK_LOG_INFO, "spawned Bask worker %u (pid: %d, cores: %d)", worker->seat.worker_id,
             (int)getpid(), (int)worker->heritage->options->threads);
    bask_log_also_to(-1);
    if (!worker->heritage->options->master)
        bask_notify_send(&worker->heritage->notify, "READY=1");
}

static int
run_hooks(const struct bask_heritage *heritage, enum bask_hook_point point)
{
    return bask_hooks_run(&heritage->place.options.hooks, point);
}

static void
run_accepting_hooks(const struct worker *worker)
{
    bool is_first = worker->seat.worker_id == 1;
    run_hooks(worker->heritage, BASK_HOOK_ACCEPTING);
    if (!worker->replaces)
        run_hooks(worker->heritage, BASK_HOOK_ACCEPTING_ONCE);
    if (is_first)
        run_hooks(worker->heritage, BASK_HOOK_ACCEPTING1);
    if (is_first && !worker->replaces)
        run_hooks(worker->heritage, BASK_HOOK_ACCEPTING1_ONCE);
}

/* What is left to do before the first request. */
static int
prepare(struct bask_heritage *heritage)
{
    int code = heritage->options->lazy_apps ? bask_load_application(heritage) : BASK_EXIT_OK;
    if (code)
        return code;
    if (bask_guests_post_fork(&heritage->guests))
        return BASK_EXIT_FAILED;
    heritage->plugin->post_fork();
    if (run_hooks(heritage, BASK_HOOK_POST_FORK) || bask_place_confine(&heritage->place))
        return BASK_EXIT_FAILED;
    return BASK_EXIT_OK;
}

/* A worker that loaded the application itself has it to prove and to warm up, too. */
static int
warm(struct worker *worker)
{
    struct bask_heritage *heritage = worker->heritage;
    int code = BASK_EXIT_OK;
    if (heritage->options->lazy_apps)
        code = bask_warmup_run(heritage, 0, false);
    else
        bask_warmup_worker(heritage, worker->seat.worker_id);
    bask_load_host(heritage, worker->crew, worker->seat.worker_id);
    return code;
}

/* After the threads: how the worker ends. Its lines are written now, because another signal would
 * end the process with them. The patrol looks after the loop still, and may be at both. */
static int
conclude(struct worker *worker)
{
    bask_crew_lock(worker->crew);
    bask_access_flush(worker->access);
    int code = worker->exit_code;
    bask_crew_unlock(worker->crew);
    return code;
}

static int
serve(struct worker *worker, struct bask_board_place *place)
{
    struct bask_heritage *heritage = worker->heritage;
    /* While it is the application's nobody looks at signals: they end it, nothing is lost. */
    bask_worker_let_signals_end();
    int code = prepare(heritage);
    if (!code)
        code = warm(worker);
    if (!code) {
        bask_signals_watch(worker->loop, signals);
        bask_strays_have((struct bask_strays_parts){worker->crew, worker->net, forsake, worker});
        open_up(worker, place);
        run_accepting_hooks(worker);
        run_threads(worker);
        code = conclude(worker);
    }
    atomic_store(&place->accepting, 0);
    if (!heritage->options->master)
        bask_notify_send(&heritage->notify, "STOPPING=1");
    bask_signals_forget();
    heritage->plugin->fini();
    bask_guests_fini(&heritage->guests);
    return code;
}

int
bask_worker_run(struct bask_heritage *heritage, struct bask_seat seat)
{
    struct worker worker = {
        .heritage = heritage, .seat = seat, .parent = getppid(), .exit_code = BASK_EXIT_END};
    struct bask_board_place *place = bask_board_place(&heritage->board, seat);
    int code = BASK_EXIT_FAILED;
    for (uint32_t side = 0; side < BASK_PLACES; side++)
        worker.replaces |= atomic_load(&bask_board_place(&heritage->board,
                                                         (struct bask_seat){seat.worker_id, side})
                                            ->started_at) != 0;
    uint32_t cpus = (uint32_t)heritage->options->cpu_affinity;
    if (cpus && bask_affinity_take(seat.worker_id, cpus))
        bask_log(BASK_LOG_WARN, "worker %u: --cpu-affinity: %s", seat.worker_id, strerror(errno));
    bask_board_begin(&heritage->board, seat);
    atomic_store(&place->started_at, bask_clock_wall());
    atomic_store(&place->pid, getpid());
    if (bask_program_is_wanted(heritage->options)) {
        code = bask_program_run(heritage, seat);
    } else if (init_parts(&worker)) {
        bask_log(BASK_LOG_ERROR, "worker %u: out of memory or descriptors", seat.worker_id);
    } else {
        init_threads(&worker);
        bask_load_host(heritage, worker.crew, seat.worker_id);
        bask_place_title(&heritage->place, "worker", seat.worker_id);
        code = serve(&worker, place);
    }
    bask_strays_have((struct bask_strays_parts){0});
    fini(&worker);
    bask_static_free(&heritage->files);
    free(heritage->host_listeners);
    atomic_store(&place->pid, 0);
    return code;
}
