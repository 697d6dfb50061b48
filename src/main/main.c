/*
 * The composition root: reads the options, opens the sockets, and starts the processes. The
 * only place, with proc/, where a process ends.
 */
#include "base/err.h"
#include "base/list.h"
#include "main/daemon.h"
#include "main/handover.h"
#include "main/oneshot.h"
#include "main/options.h"
#include "main/pidfile.h"
#include "main/start.h"
#include "master/master.h"
#include "obs/log.h"
#include "plugin/registry.h"
#include "proc/warmup.h"
#include "proc/worker.h"
#include "proc/zygote.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/proc.h"
#include "sys/title.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the short form (`bask app:application`) serves. */
#define DEFAULT_ADDRESS "127.0.0.1:8000"

struct server {
    struct bask_start start;
    struct bask_conf *conf;
    struct bask_conf *before; /* in a later generation, that of the start: listeners refer to it */
    struct bask_main_options options;
    struct bask_net_options net;
    struct bask_warmup_options warmup;
    struct bask_limits_options limits;
    struct bask_heritage heritage;
    struct bask_pidfiles pidfiles;
    struct bask_value default_address;
    struct bask_succession handed; /* what was handed to this process */
    bool succeeds;                 /* something was */
    bool shared;                   /* at the end: another master has the sockets, too */
    struct bask_master_handover handover;
};

static bool in_zygote; /* somebody waits for what the log says */
/* Where a master that started this process looks for what went wrong; -1: none did. */
static int words = -1;

/* One clear line, and the end. */
__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (in_zygote)
        bask_log(BASK_LOG_ERROR, "%s", line);
    else
        fprintf(stderr, "bask: %s\n", line);
    if (words >= 0)
        dprintf(words, "bask: %s\n", line);
    exit(BASK_EXIT_FAILED);
}

static void
add_table(struct server *server, struct bask_option_table table)
{
    if (bask_conf_add(server->conf, &table))
        die("%s", bask_conf_message(server->conf));
}

static void
add_plugin_table(struct server *server, const struct bask_plugin *plugin)
{
    if (plugin->options)
        add_table(server, *plugin->options);
}

static bool
is_path(const char *name)
{
    return strchr(name, '/') != NULL;
}

/* The value of --plugin or one of its aliases at argv[i]; NULL if there is none. */
static const char *
plugin_value(char **argv, int i)
{
    static const char *const names[] = {"--plugin", "--plugins", "--need-plugin"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        size_t len = strlen(names[k]);
        if (strncmp(argv[i], names[k], len) != 0)
            continue;
        if (argv[i][len] == '=')
            return argv[i] + len + 1;
        if (argv[i][len] == '\0')
            return argv[i + 1];
    }
    return NULL;
}

/* A plugin in a shared object brings options of its own, so it is loaded before they are read. */
static int
open_plugin(struct server *server, const char *path, struct bask_conf_error *ret_error)
{
    const struct bask_plugin *before = server->heritage.plugin;
    const struct bask_plugin *opened =
        bask_plugin_open(path, ret_error->text, sizeof ret_error->text);
    if (!opened)
        return BASK_E_NOTFOUND;
    if (opened != before) /* it may be named twice */
        add_plugin_table(server, opened);
    server->heritage.plugin = opened;
    return BASK_OK;
}

/* The same for one that is named in a file or in the environment. */
static int
on_plugin_option(void *context, const struct bask_option *row, bask_str text, bask_str origin,
                 struct bask_conf_error *ret_error)
{
    struct bask_conf_error why;
    (void)row;
    if (!text.ptr || !is_path(text.ptr) || !open_plugin(context, text.ptr, &why))
        return BASK_OK;
    snprintf(ret_error->text, sizeof ret_error->text, "%.*s: %.400s", BASK_FMT(origin), why.text);
    return BASK_E_NOTFOUND;
}

static void
open_plugins(struct server *server)
{
    struct bask_conf_error error;
    for (int i = 1; i < server->start.argc; i++) {
        const char *path = plugin_value(server->start.argv, i);
        if (path && is_path(path) && open_plugin(server, path, &error))
            die("%s", error.text);
    }
}

/* Plugins of uWSGI that are part of this server, or of what its PyPy host does. */
static bool
is_built_in(bask_str name)
{
    static const char *const names[] = {"http", "python", "python3", "wsgi", "corerouter"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bask_str_eq(name, bask_str_of(names[i])))
            return true;
    return false;
}

static bool
has_plugin(bask_str name)
{
    return bask_plugin_find(name) || is_built_in(name);
}

static void
add_tables(struct server *server)
{
    server->conf = bask_conf_new();
    if (!server->conf)
        die("%s", bask_err_text(BASK_E_NOMEM));
    add_table(server, bask_general_option_table(&server->options));
    add_table(server, *bask_conf_directive_table());
    add_table(server, bask_net_option_table(&server->net));
    add_table(server, bask_process_option_table(&server->options));
    add_table(server, bask_master_option_table(&server->options.master));
    add_table(server, bask_service_option_table(&server->options));
    add_table(server, bask_place_option_table(&server->heritage.place.options));
    add_table(server, bask_hook_option_table(&server->heritage.place.options.hooks));
    add_table(server, bask_warmup_option_table(&server->warmup));
    add_table(server, bask_limits_option_table(&server->limits));
    add_table(server, bask_health_option_table(&server->options.master.health));
    add_table(server, bask_daemon_option_table(&server->options.master.daemons));
    add_table(server, bask_scaling_option_table(&server->options.master.scaling));
    for (size_t i = 0; bask_embedded_plugins[i]; i++)
        add_plugin_table(server, bask_embedded_plugins[i]);
    server->heritage.plugin = NULL;
    open_plugins(server);
}

/* `before`: the options are read again, and this is what they were. */
static void
read_options(struct server *server, const struct bask_conf *before)
{
    struct bask_conf_error error;
    struct bask_conf_facts facts;
    bask_start_facts(&server->start, &facts);
    facts.reload = before != NULL;
    facts.has_plugin = has_plugin;
    facts.at_once = on_plugin_option;
    facts.context = server;
    add_tables(server);
    bask_conf_know(server->conf, &facts);
    if (before)
        bask_conf_clear(server->conf);
    if (bask_conf_read_env(server->conf, server->start.env, &error) ||
        bask_conf_read_args(server->conf, server->start.argc, server->start.argv, &error) ||
        bask_conf_apply(server->conf, &error) ||
        (before && bask_conf_keep_fixed(server->conf, before, &error)) ||
        bask_limits_check(&server->limits, server->conf, error.text, sizeof error.text))
        die("%s", error.text);
}

static void
log_warnings(const struct bask_conf *conf)
{
    const struct bask_values *warnings = bask_conf_warnings(conf);
    for (size_t i = 0; i < warnings->count; i++)
        bask_log(BASK_LOG_WARN, "%.*s", BASK_FMT(warnings->items[i].text));
}

static void
show_help(const struct server *server)
{
    bask_str group = {0};
    bask_conf_get(server->conf, BASK_STR("help"), 0, &group);
    if (!group.len)
        fputs("Bask " BASK_VERSION ": runs Python web applications inside PyPy.\n\n"
              "  bask MODULE:CALLABLE              serve on " DEFAULT_ADDRESS "\n"
              "  bask FILE.py                      the same, from a file\n"
              "  bask FILE.ini                     with the options of a file\n"
              "  bask --http-socket :8080 --master --processes 4 --module app:application\n\n"
              "Options are those of uWSGI wherever it has them.\n\n",
              stdout);
    bask_conf_help(server->conf, group.len ? group.ptr : NULL, stdout);
}

/* --get NAME: its values, one a line. */
static void
show_value(const struct bask_conf *conf)
{
    bask_str name = {0}, text;
    bask_conf_get(conf, BASK_STR("get"), 0, &name);
    size_t count = 0;
    while (!bask_conf_get(conf, name, count, &text)) {
        printf("%.*s\n", BASK_FMT(text));
        count++;
    }
    if (!count && !bask_conf_origin(conf, name).ptr)
        die("--get: there is no option and no placeholder \"%.*s\"", BASK_FMT(name));
}

static void
run_action(const struct server *server)
{
    const char *action = bask_conf_action(server->conf);
    bask_str value = {0};
    int code;
    if (!action)
        return;
    bask_conf_get(server->conf, bask_str_of(action), 0, &value);
    if (bask_oneshot_run(action, value.ptr, &code))
        exit(code);
    if (strcmp(action, "help") == 0)
        show_help(server);
    else if (strcmp(action, "help-list") == 0)
        bask_conf_list(server->conf, stdout);
    else if (strcmp(action, "help-markdown") == 0)
        bask_conf_markdown(server->conf, stdout);
    else if (strcmp(action, "get") == 0)
        show_value(server->conf);
    else
        puts(BASK_VERSION);
    exit(BASK_EXIT_OK);
}

static const struct bask_plugin *
named_plugin(const struct server *server)
{
    const struct bask_plugin *found = server->heritage.plugin;
    for (size_t i = 0; i < server->options.plugins.count; i++) {
        bask_str name, rest = server->options.plugins.items[i].text;
        bool more = true;
        while (more) { /* "http,python3" */
            more = bask_str_cut(rest, ',', &name, &rest);
            name = bask_str_trim(more ? name : rest);
            const struct bask_plugin *plugin = bask_plugin_find(name);
            if (plugin)
                found = plugin;
            else if (name.len && !memchr(name.ptr, '/', name.len) && !is_built_in(name))
                die("%.*s: there is no plugin named \"%.*s\"; a shared object is given by its path",
                    BASK_FMT(server->options.plugins.items[i].origin), BASK_FMT(name));
        }
    }
    return found;
}

/* Who takes a bare argument for an application: the plugin that was named, or any built in. */
static const struct bask_plugin *
find_claimant(const struct bask_plugin *named, bask_str argument)
{
    if (named && named->claims(argument))
        return named;
    for (size_t k = 0; bask_embedded_plugins[k]; k++)
        if (bask_embedded_plugins[k]->claims(argument))
            return bask_embedded_plugins[k];
    return NULL;
}

/* The plugin that was asked for: by name, by an argument it claims, by its options. */
static void
choose_plugin(struct server *server)
{
    const struct bask_plugin *plugin = named_plugin(server);
    const struct bask_values *arguments = bask_conf_arguments(server->conf);
    for (size_t i = 0; i < arguments->count; i++) {
        const struct bask_plugin *claimant = find_claimant(plugin, arguments->items[i].text);
        if (!claimant)
            die("%.*s: \"%.*s\" is neither an option nor an application: expected "
                "module:callable, a file ending in .py or .wsgi, or a file of options",
                BASK_FMT(arguments->items[i].origin), BASK_FMT(arguments->items[i].text));
        plugin = plugin ? plugin : claimant;
    }
    for (size_t k = 0; bask_embedded_plugins[k] && !plugin; k++)
        if (bask_embedded_plugins[k]->wanted())
            plugin = bask_embedded_plugins[k];
    if (!plugin)
        die("no application was named; try: bask module:callable, or bask --help");
    server->heritage.plugin = plugin;
}

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
    words = server->handed.words;
    bask_log_also_to(words);
}

static void
open_sockets(struct server *server)
{
    char error[512];
    struct bask_net_options *net = &server->net;
    net->given = server->succeeds ? &server->handed.listeners : NULL;
    if (!net->http_sockets.count && !net->uwsgi_sockets.count) {
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
    for (size_t i = 0; i < server->heritage.listeners.count; i++) {
        const struct bask_listener *listener = &server->heritage.listeners.items[i];
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
        .listeners = (uint32_t)heritage->listeners.count,
    };
    if (bask_board_init(&heritage->board, heritage->info.workers, heritage->info.threads))
        die("the scoreboard: %s", bask_err_text(BASK_E_NOMEM));
}

/* What was made so far is taken back, then one clear line. */
__attribute__((noreturn)) static void
give_up(struct server *server, const char *error)
{
    bask_pidfiles_fini(&server->pidfiles, true);
    bask_listeners_close(&server->heritage.listeners, !server->succeeds);
    die("%s", error);
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
    /* The one before is in the background already, and waits for this very process. */
    if (log.len && (server->succeeds
                        ? bask_log_to(log.ptr, error, sizeof error)
                        : bask_daemon_start(log.ptr, !service->daemonize.len, error, sizeof error)))
        die("%s", error);
    if (service->logto.len && bask_log_to(service->logto.ptr, error, sizeof error))
        die("%s", error);
    if (bask_place_begin(place, error, sizeof error))
        die("%s", error);
    if (bask_hooks_run(&place->options.hooks, BASK_HOOK_ASAP))
        die("a hook failed");
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
    if (service->logto2.len && bask_log_to(service->logto2.ptr, error, sizeof error))
        give_up(server, error);
    write_pidfile(server, service->pidfile2, false);
    write_pidfile(server, service->safe_pidfile2, true);
}

/* In another root, or as a user who may not read them, files of options are out of reach. Then what
 * is known has to do: a server that could not reload at all would be worse. */
static bool
is_readable(const struct server *server)
{
    const struct bask_values *files = bask_conf_files(server->conf);
    const char *missing = NULL;
    if (server->heritage.place.root && files->count)
        missing = files->items[0].text.ptr;
    else if (chdir(server->start.folder))
        missing = server->start.folder;
    for (size_t i = 0; i < files->count && !missing; i++)
        if (access(files->items[i].text.ptr, R_OK) && errno == EACCES)
            missing = files->items[i].text.ptr;
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

/* What the rows cannot tell: whether options fit to each other. */
static void
check_options(const struct server *server)
{
    char error[512];
    if (bask_daemons_check(&server->options.master.daemons, error, sizeof error))
        die("%s", error);
    if (bask_scaling_check(&server->options.master.scaling, server->options.process.workers, error,
                           sizeof error))
        die("%s", error);
}

static void
run_zygote(void *context, const struct bask_zygote_orders *orders)
{
    struct server *server = context;
    in_zygote = true;
    bask_log_also_to(orders->words);
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
    int code = bask_worker_init(heritage);
    if (!code && !heritage->options->lazy_apps)
        code = bask_worker_load(heritage);
    if (!code && !heritage->options->lazy_apps)
        code = bask_warmup_run(heritage, 1, false);
    if (place->root && !bask_place_is_settled(place, BASK_PLACE_START))
        enter_root(server, place->root);
    if (code)
        return code;
    on_serving();
    return bask_worker_run(heritage, (struct bask_seat){1, 0});
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
    int *sockets = listening_sockets(&heritage->listeners);
    int code = bask_master_run(&(struct bask_master_plan){
        .board = &heritage->board,
        .options = options,
        .sockets = sockets,
        .socket_count = heritage->listeners.count,
        .notify = &heritage->notify,
        .load_limit_ms = heritage->options->ready_timeout_ms,
        .request_limit_ms = heritage->limits->harakiri.limit_ms,
        .request_grace_ms = heritage->limits->harakiri.grace_ms,
        .run_zygote = run_zygote,
        .context = server,
        .serving = on_serving,
        .announce = announce,
        .handover = server->handover.argv ? &server->handover : NULL,
        .before = server->succeeds ? &server->handed : NULL,
        .vacuum = server->options.service.vacuum,
        .ret_shared = &server->shared,
    });
    free(sockets);
    return code;
}

static void
leave(struct server *server)
{
    bool vacuum = server->options.service.vacuum;
    bask_hooks_run(&server->heritage.place.options.hooks, BASK_HOOK_AS_USER_ATEXIT);
    bask_listeners_close(&server->heritage.listeners, vacuum && !server->shared);
    bask_handover_fini(&server->handover);
    if (server->succeeds)
        bask_succession_fini(&server->handed);
    bask_pidfiles_fini(&server->pidfiles, vacuum);
    bask_recorder_close(&server->heritage.recorder);
    bask_place_fini(&server->heritage.place);
    bask_conf_free(&server->conf);
}

int
main(int argc, char **argv)
{
    static struct server server;
    if (bask_proc_fill_standard_files())
        return BASK_EXIT_FAILED;
    take_succession(&server);                  /* before the environment moves */
    bask_notify_take(&server.heritage.notify); /* before the environment is copied */
    char **arguments = bask_title_init(argc, argv);
    if (!arguments || bask_start_init(&server.start, argc, arguments, environ))
        die("%s", bask_err_text(BASK_E_NOMEM));
    read_options(&server, NULL);
    run_action(&server);
    log_warnings(server.conf);
    if (server.options.show_config) {
        bask_conf_show(server.conf, stdout);
        fflush(stdout); /* or every process that is forked would have it to write */
    }
    check_options(&server);
    choose_plugin(&server);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a log at its limit is as a full disk: lines are lost, no more */
    take_place(&server);
    open_sockets(&server);
    bask_handover_init(&server.handover, arguments, server.options.master.binary_path,
                       &server.heritage.listeners);
    prepare_heritage(&server);
    drop_privileges(&server);
    open_recorder(&server);
    server.heritage.on_loaded = bask_daemon_log;
    int code = server.heritage.options->master ? run_master(&server) : run_alone(&server);
    leave(&server);
    return code;
}
