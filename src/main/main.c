/*
 * The composition root: opens the sockets and starts the processes, with the options that
 * reading.c read and the plugin that choosing.c chose.
 */
#include "base/err.h"
#include "base/list.h"
#include "main/daemon.h"
#include "main/handover.h"
#include "main/server.h"
#include "obs/log.h"
#include "obs/outlet.h"
#include "plugin/registry.h"
#include "proc/envdir.h"
#include "proc/load.h"
#include "proc/program.h"
#include "proc/worker.h"
#include "proc/zygote.h"
#include "sys/caller.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/memory.h"
#include "sys/proc.h"
#include "sys/title.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A master that is to be replaced has started this process. */
static void
take_succession(struct server *server)
{
    int err = bask_succession_take(&server->handed);
    if (err == BASK_E_NOTFOUND)
        return;
    if (err)
        die("the environment variable " BASK_SUCCESSION_VARIABLE ": %s", bask_err_text(err));
    server->succeeds = true;
    die_also_to(server->handed.words);
    bask_log_also_to(server->handed.words);
}

static void
open_sockets(struct server *server)
{
    char error[512];
    struct bask_net_options *net = &server->net;
    net->given = server->succeeds ? &server->handed.listeners : NULL;
    net->activated = &server->activated;
    if (!bask_listeners_are_named(net) && !find_inherited(server)) {
        if (!bask_conf_arguments(server->conf)->count)
            die("nowhere to listen: give --http-socket ADDRESS or --socket ADDRESS");
        server->default_address.text = BASK_STR(DEFAULT_ADDRESS);
        net->http_sockets = (struct bask_values){&server->default_address, 1};
    }
    if (net->backlog > bask_sock_backlog_limit())
        bask_log(BASK_LOG_WARN, "--listen %lld is more than the kernel's somaxconn, which is %d",
                 (long long)net->backlog, bask_sock_backlog_limit());
    if (bask_listeners_open(&server->heritage.listeners, net, error, sizeof error))
        die("%s", error);
    size_t unused = bask_activation_fini(&server->activated);
    if (unused)
        bask_log(BASK_LOG_WARN,
                 "%zu of the sockets that were given are in no option (LISTEN_FDS, standard input)",
                 unused);
    for (size_t i = 0; i < server->heritage.listeners.count; i++) {
        const struct bask_listener *listener = &server->heritage.listeners.items[i];
        if (server->succeeds &&
            !bask_program_is_wanted(
                &server->options.process)) /* the one before may have had programs for workers */
            bask_sock_never_block(listener->io.fd);
        bool any_port = bask_str_ends(listener->name, BASK_STR(":0"));
        bask_log(BASK_LOG_INFO, "listening on %.*s%s%s", BASK_FMT(listener->name),
                 any_port ? ", port " : "", any_port ? listener->port : "");
    }
}

/* What follows from the number of an option, and so cannot be said in its row. */
static void
settle(struct bask_process_options *process)
{
    if (process->workers > 1)
        process->master = true;
}

/* Their folders are made with all privileges, and belong to whom the server will run as. */
static void
prepare_aides(struct server *server)
{
    struct bask_heritage *heritage = &server->heritage;
    const struct bask_priv *priv = &heritage->place.priv;
    char error[512];
    if (bask_aides_init(&heritage->aides, &server->aides, heritage->board.bell, error,
                        sizeof error))
        die("%s", error);
    if (heritage->aides.count && bask_program_is_wanted(&server->options.process))
        die("mules and spoolers need an application, and --worker-exec has none");
    if (heritage->aides.count && !bask_plugin_has_aides(heritage->plugin))
        die("--plugin %s: it has no mules and no spoolers", heritage->plugin->name);
    if (priv->change_uid)
        bask_aides_give_to(&heritage->aides, priv->uid, priv->change_gid ? priv->gid : (gid_t)-1);
}

static void
prepare_heritage(struct server *server)
{
    struct bask_heritage *heritage = &server->heritage;
    struct bask_process_options *process = &server->options.process;
    settle(process);
    if (server->succeeds && !process->master)
        die("an upgrade replaces a master; its successor needs one, too (--master)");
    heritage->conf = server->conf;
    heritage->options = process;
    heritage->net = &server->net;
    heritage->warmup = &server->warmup;
    heritage->limits = &server->limits;
    heritage->file_options = &server->files;
    heritage->services = &server->services;
    heritage->mercy_ms = server->options.master.worker_reload_mercy_ms;
    heritage->info = (struct bask_server_info){
        .size = sizeof heritage->info,
        .version = BASK_VERSION,
        .hostname = server->start.hostname,
        .binary_path = server->start.binary,
        .workers = (uint32_t)process->workers,
        .threads = (uint32_t)process->threads,
        .master_pid = process->master ? (int32_t)getpid() : 0,
        .started_at = bask_clock_wall(),
        .crash_fd = -1,
        .memory_limit = (uint64_t)bask_memory_limit(),
        .buffer_size = (uint64_t)server->net.head_bytes,
        .listeners = (uint32_t)heritage->listeners.count,
    };
    if (bask_board_init(&heritage->board, heritage->info.workers, heritage->info.threads) ||
        bask_apps_init(&heritage->apps, heritage->info.workers, (uint32_t)process->max_apps))
        die("the scoreboard: %s", bask_err_text(BASK_E_NOMEM));
    bool has_signals = process->master && !bask_program_is_wanted(process);
    if (has_signals)
        heritage->signals =
            bask_signals_new(heritage->info.workers * BASK_PLACES, heritage->board.bell);
    if (has_signals && !heritage->signals)
        die("signals: %s", bask_err_text(BASK_E_NOMEM));
    prepare_aides(server);
}

/* What was made so far is taken back, then one clear line. */
__attribute__((noreturn)) static void
give_up(struct server *server, const char *error)
{
    bask_pidfiles_fini(&server->pidfiles, true);
    bask_listeners_close(&server->heritage.listeners, !server->succeeds);
    die("%s", error);
}

/* A log that begins anew. In the successor of a server nothing does. */
static void
empty_log(const struct server *server, bask_str log)
{
    if (log.len && server->options.log.truncate && !server->succeeds)
        bask_log_truncate(log.ptr);
}

/* Everything that needs no socket: where the log goes, who waits for the server, its limits. */
static void
take_place(struct server *server)
{
    const struct bask_service_options *service = &server->options.service;
    struct bask_place *place = &server->heritage.place;
    bask_str log = service->daemonize.len ? service->daemonize : service->daemonize2;
    char error[512];
    if (bask_place_check(place, error, sizeof error))
        die("%s", error);
    empty_log(server, log);
    empty_log(server, service->logto);
    /* The one before is in the background already, and waits for this very process. */
    if (log.len &&
        (server->succeeds ? bask_log_to(log.ptr, error, sizeof error)
                          : bask_daemon_start(log.ptr, !service->daemonize.len && !server->logs,
                                              server->fork, error, sizeof error)))
        die("%s", error);
    if (service->logto.len && bask_log_to(service->logto.ptr, error, sizeof error))
        die("%s", error);
    begin_loggers(server);
    if (bask_place_begin(place, error, sizeof error))
        die("%s", error);
    if (bask_hooks_run(&place->options.hooks, BASK_HOOK_ASAP))
        die("a hook failed");
    if (bask_waiting_begin(&place->options.waiting, error, sizeof error))
        die("%s", error);
}

static void
write_pidfile(struct server *server, bask_str path, bool safe)
{
    char error[512];
    if (server->succeeds && path.len && bask_pidfiles_add(&server->pidfiles, path.ptr))
        give_up(server, bask_err_text(BASK_E_NOMEM)); /* announce() writes it */
    if (!server->succeeds && path.len &&
        bask_pidfiles_write(&server->pidfiles, path.ptr, safe, error, sizeof error))
        give_up(server, error);
}

/* The descriptors alone: the master knows nothing of what is spoken on them. */
static int *
listening_sockets(const struct bask_listeners *listeners)
{
    int *sockets = calloc(listeners->count + 1, sizeof *sockets);
    if (!sockets)
        die("%s", bask_err_text(BASK_E_NOMEM));
    for (size_t i = 0; i < listeners->count; i++)
        sockets[i] = listeners->items[i].io.fd;
    return sockets;
}

/* As the user that the workers are: files that are shared are theirs. */
static void
open_shared(struct server *server)
{
    char error[512];
    struct bask_shared *shared = &server->heritage.shared;
    if (bask_shared_open(shared, &server->shared_options, error, sizeof error))
        give_up(server, error);
    server->sockets = listening_sockets(&server->heritage.listeners);
    shared->metrics.sockets = server->sockets;
    shared->metrics.socket_count = server->heritage.listeners.count;
}

/* Paths that this process will need again, as they are in the new root. */
static void
enter_root(struct server *server, const char *root)
{
    bask_pidfiles_enter_root(&server->pidfiles, root);
    for (size_t i = 0; i < server->heritage.listeners.count; i++) {
        struct bask_listener *listener = &server->heritage.listeners.items[i];
        const char *inside = listener->path ? bask_file_inside(root, listener->path) : NULL;
        if (inside) {
            memmove(listener->path, inside, strlen(inside) + 1);
        } else {
            free(listener->path);
            listener->path = NULL;
        }
    }
    bask_aides_enter_root(&server->heritage.aides, root);
}

/* With the sockets bound nothing needs privileges any more. */
static void
drop_privileges(struct server *server)
{
    const struct bask_service_options *service = &server->options.service;
    const struct bask_place *place = &server->heritage.place;
    char error[512];
    write_pidfile(server, service->pidfile, false);
    write_pidfile(server, service->safe_pidfile, true);
    if (bask_place_settle(place, BASK_PLACE_START, error, sizeof error))
        give_up(server, error);
    if (place->root && bask_place_is_settled(place, BASK_PLACE_START))
        enter_root(server, place->root);
    empty_log(server, service->logto2);
    if (service->logto2.len && bask_log_to(service->logto2.ptr, error, sizeof error))
        give_up(server, error);
    if (start_loggers(server, error, sizeof error))
        give_up(server, error);
    write_pidfile(server, service->pidfile2, false);
    write_pidfile(server, service->safe_pidfile2, true);
}

/* In another root, or as a user who may not read them, files of options are out of reach, and so
 * are folders of variables. The first of them; NULL: there is none. In another root names are
 * others'. */
static const char *
out_of_reach(const struct server *server, char *path)
{
    const struct bask_values *files = bask_conf_files(server->conf);
    const struct bask_values *folders = &server->heritage.place.options.envdirs;
    if (server->heritage.place.root && files->count)
        return files->items[0].text.ptr;
    if (server->heritage.place.root && folders->count)
        return folders->items[0].text.ptr;
    if (chdir(server->start.folder))
        return server->start.folder;
    for (size_t i = 0; i < files->count; i++)
        if (access(files->items[i].text.ptr, R_OK) && errno == EACCES)
            return files->items[i].text.ptr;
    for (size_t i = 0; i < folders->count; i++)
        if (bask_envdir_is_forbidden(folders->items[i].text.ptr, path))
            return path;
    return NULL;
}

/* If not, what is known has to do: a server that could not reload at all would be worse. */
static bool
is_readable(const struct server *server)
{
    char path[BASK_ENVDIR_PATH];
    const char *missing = out_of_reach(server, path);
    if (missing)
        bask_log(BASK_LOG_WARN, "%s cannot be read any more: the options stay as they are",
                 missing);
    return !missing;
}

/* In the zygote of a later generation, which is a process of its own: what it overwrites here, the
 * master and the workers that serve still have. Listeners and scoreboard stay. Options that cannot
 * be understood are the end of this generation and of nothing else. */
static void
read_options_again(struct server *server)
{
    char error[512];
    if (!is_readable(server))
        return;
    server->before = server->conf;
    read_options(server, server->before);
    log_warnings(server->conf);
    choose_plugin(server);
    settle(&server->options.process);
    server->heritage.conf = server->conf;
    if (bask_place_again(&server->heritage.place, server->start.env, error, sizeof error))
        die("%s", error);
}

static void
open_alarms(struct server *server)
{
    char error[512];
    if (bask_alarms_open(&server->heritage.alarms, &server->alarms, error, sizeof error))
        die("%s", error);
}

/* Where the log goes is known now. */
static void
begin_alarms(const struct server *server)
{
    if (server->alarms.list)
        bask_log(BASK_LOG_INFO, "alarms can be told by: %s", bask_alarm_ways);
    bask_alarms_watch_log(server->heritage.alarms);
}

static void
open_recorder(struct server *server)
{
    char error[512];
    const struct bask_warmup_options *options = &server->warmup;
    if (!options->record.len)
        return;
    server->heritage.recorder =
        bask_recorder_open(&(struct bask_recorder_options){.path = options->record,
                                                           .max = (uint32_t)options->record_max,
                                                           .all = options->record_all},
                           error, sizeof error);
    if (!server->heritage.recorder) {
        char text[PATH_MAX + 1024];
        snprintf(text, sizeof text, "%.*s: --warmup-record: %s: %s",
                 BASK_FMT(bask_conf_origin(server->conf, BASK_STR("warmup-record"))),
                 options->record.ptr, error);
        give_up(server, text);
    }
}

static int
check_touch_hooks(const struct bask_values *hooks, char *error, size_t error_size)
{
    char reason[256] = "expected \"FILE ACTION:ARGUMENTS\"";
    for (size_t i = 0; i < hooks->count; i++) {
        const char *hook = bask_touch_hook(hooks->items[i].text);
        if (hook && !bask_hooks_check_later(bask_str_of(hook), reason, sizeof reason))
            continue;
        snprintf(error, error_size, "%.*s: --hook-touch \"%.*s\": %s",
                 BASK_FMT(hooks->items[i].origin), BASK_FMT(hooks->items[i].text), reason);
        return BASK_E_SYNTAX;
    }
    return BASK_OK;
}

/* Cores that are no threads would need an application that gives way by itself. */
static void
check_cores(const struct server *server)
{
    int64_t async = server->options.process.async;
    if (async > 1)
        die("%.*s: --async %lld: there are no asynchronous cores (and no continulets) here; use "
            "--threads %lld, which the same application runs on",
            BASK_FMT(bask_conf_origin(server->conf, BASK_STR("async"))), (long long)async,
            (long long)async);
}

/* What the rows cannot tell: whether options fit to each other. */
static void
check_options(struct server *server)
{
    char error[512];
    if (check_touch_hooks(&server->options.master.hook_touch, error, sizeof error))
        die("%s", error);
    if (bask_daemons_check(&server->options.master.daemons, error, sizeof error))
        die("%s", error);
    if (bask_crons_check(&server->options.master.crons, error, sizeof error))
        die("%s", error);
    if (bask_fd_reload_check(&server->options.master, error, sizeof error))
        die("%s", error);
    if (bask_raise_check(&server->options.master.raise, error, sizeof error))
        die("%s", error);
    if (bask_scaling_check(&server->options.master.scaling, server->options.process.workers, error,
                           sizeof error))
        die("%s", error);
    check_cores(server);
    unsigned mode;
    const struct bask_log_options *log = &server->options.log;
    if (bask_log_mode(log, &mode))
        die("%.*s: --logfile-chmod: \"%.*s\", expected permissions in octal that let the owner "
            "write, "
            "as 640",
            BASK_FMT(bask_conf_origin(server->conf, BASK_STR("logfile-chmod"))),
            BASK_FMT(log->chmod));
    bask_log_set_mode(mode);
    check_loggers(server);
}

static void
run_zygote(void *context, const struct bask_zygote_orders *orders)
{
    struct server *server = context;
    forget_loggers();
    die_in_log();
    bask_log_also_to(orders->words);
    forget_caller();
    if (server->hosted)
        bask_caller_drop_signals();
    if (orders->generation > 1)
        read_options_again(server);
    exit(bask_zygote_run(&server->heritage, orders));
}

static void
on_serving(void)
{
    bask_daemon_log();
    bask_daemon_serving();
}

/* This process is the server's master from now on, for those who look for its pidfiles. */
static void
announce(void *context)
{
    struct server *server = context;
    bask_pidfiles_rewrite(&server->pidfiles);
}

static int
run_alone(struct server *server)
{
    struct bask_heritage *heritage = &server->heritage;
    const struct bask_place *place = &heritage->place;
    int code = bask_load_plugin(heritage);
    if (!code && !heritage->options->lazy_apps)
        code = bask_load_application(heritage);
    if (!code && !heritage->options->lazy_apps)
        code = bask_warmup_run(heritage, 1, false);
    if (place->root && !bask_place_is_settled(place, BASK_PLACE_START))
        enter_root(server, place->root);
    if (code)
        return code;
    on_serving();
    return bask_worker_run(heritage, (struct bask_seat){1, 0});
}

static struct bask_master_socket *
names_of_sockets(const struct bask_listeners *listeners)
{
    struct bask_master_socket *names = calloc(listeners->count + 1, sizeof *names);
    if (!names)
        die("%s", bask_err_text(BASK_E_NOMEM));
    for (size_t i = 0; i < listeners->count; i++)
        names[i] = (struct bask_master_socket){listeners->items[i].name,
                                               bask_listener_protocol(&listeners->items[i])};
    return names;
}

static int
run_master(struct server *server)
{
    struct bask_heritage *heritage = &server->heritage;
    heritage->replaces = server->succeeds;
    bask_place_title(&heritage->place, "master", 0);
    const struct bask_hook_options *hooks = &heritage->place.options.hooks;
    struct bask_master_options *options = &server->options.master;
    enum bask_hook_term term = bask_hooks_on_term(hooks);
    options->die_on_term |= term == BASK_HOOK_TERM_STOPS;
    options->graceful_on_term |= term == BASK_HOOK_TERM_STOPS_GRACEFULLY;
    if (bask_hooks_run(hooks, BASK_HOOK_MASTER_START))
        return BASK_EXIT_FAILED;
    struct bask_master_socket *names = names_of_sockets(&heritage->listeners);
    int code = bask_master_run(&(struct bask_master_plan){
        .board = &heritage->board,
        .options = options,
        .log = &server->options.log,
        .apps = &heritage->apps,
        .sockets = server->sockets,
        .socket_names = names,
        .socket_mode = bask_listeners_mode(&server->net),
        .socket_count = heritage->listeners.count,
        .notify = &heritage->notify,
        .load_limit_ms = heritage->options->ready_timeout_ms,
        .request_limit_ms = heritage->limits->harakiri.limit_ms,
        .request_grace_ms = heritage->limits->harakiri.grace_ms,
        .fork = server->fork,
        .run_zygote = run_zygote,
        .keep_log = server->logs ? keep_log : NULL,
        .keeper = &server->keeper,
        .context = server,
        .serving = on_serving,
        .announce = announce,
        .run_hook = bask_hooks_run_later,
        .handover = server->handover.argv ? &server->handover : NULL,
        .before = server->succeeds ? &server->handed : NULL,
        .programs = bask_program_is_wanted(heritage->options),
        .signals = heritage->signals,
        .aides = &heritage->aides,
        .alarms = heritage->alarms,
        .shared = &heritage->shared,
        .shared_options = &server->shared_options,
        .vacuum = server->options.service.vacuum,
        .ret_shared = &server->shared,
    });
    free(names);
    return code;
}

void
leave_server(struct server *server)
{
    bool vacuum = server->options.service.vacuum;
    bask_listeners_close(&server->heritage.listeners, vacuum && !server->shared);
    bask_handover_fini(&server->handover);
    bask_activation_fini(&server->activated);
    free(server->inherited);
    free(server->sockets);
    if (server->succeeds)
        bask_succession_fini(&server->handed);
    bask_pidfiles_fini(&server->pidfiles, vacuum);
    bask_recorder_close(&server->heritage.recorder);
    bask_aides_fini(&server->heritage.aides);
    if (server->heritage.options && server->heritage.options->master)
        bask_shared_close(&server->heritage.shared); /* elsewhere threads of Python may use it */
    bask_alarms_watch_log(NULL);
    bask_alarms_free(&server->heritage.alarms);
    bask_place_fini(&server->heritage.place);
    bask_logs_free(&server->logs);
    bask_conf_free(&server->conf);
}

/* Where there are words and variables for ever: a title may be written over those of the kernel,
 * but not where the process is somebody else's. */
static char **
settle_words(const struct server *server, int argc, char **argv)
{
    return server->hosted ? argv : bask_title_init(argc, argv);
}

/* What an upgrade runs. A host is started again by its own command line; --binary-path names a
 * program that takes this one. */
static void
remember_start(struct server *server, char **arguments)
{
    bask_str binary = server->options.master.binary_path;
    char **host = server->hosted && !binary.len ? bask_caller_command_line() : NULL;
    bask_handover_init(&server->handover, host ? host : arguments, binary,
                       &server->heritage.listeners);
    bask_caller_command_line_free(&host);
}

int
run_server(struct server *server, int argc, char **argv)
{
    if (bask_proc_fill_standard_files())
        return BASK_EXIT_FAILED;
    take_succession(server);                    /* before the environment moves */
    bask_notify_take(&server->heritage.notify); /* before the environment is copied */
    if (bask_activation_take(&server->activated))
        die("%s", bask_err_text(BASK_E_NOMEM));
    char **arguments = settle_words(server, argc, argv);
    if (!arguments || bask_start_init(&server->start, argc, arguments, environ))
        die("%s", bask_err_text(BASK_E_NOMEM));
    read_options(server, NULL);
    run_action(server);
    log_warnings(server->conf);
    if (server->options.show_config) {
        bask_conf_show(server->conf, stdout);
        fflush(stdout); /* or every process that is forked would have it to write */
    }
    check_options(server);
    choose_plugin(server);
    choose_fork(server);
    open_alarms(server);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a log at its limit is as a full disk: lines are lost, no more */
    bask_outlet_share();
    take_place(server);
    open_sockets(server);
    remember_start(server, arguments);
    prepare_heritage(server);
    drop_privileges(server);
    begin_alarms(server);
    open_shared(server);
    open_recorder(server);
    server->heritage.on_loaded = bask_daemon_log;
    int code = server->heritage.options->master ? run_master(server) : run_alone(server);
    bask_hooks_run(&server->heritage.place.options.hooks, BASK_HOOK_AS_USER_ATEXIT);
    finish_loggers();
    return code;
}
