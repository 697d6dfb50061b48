/* From the words, the environment and the files of the start to options, and what is only asked. */
#include "base/err.h"
#include "kit/kit.h"
#include "main/asking.h"
#include "main/oneshot.h"
#include "main/server.h"
#include "main/texts.h"
#include "obs/log.h"
#include "plugin/guests.h"
#include "plugin/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
add_table(struct server *server, struct bask_option_table table)
{
    if (bask_conf_add(server->conf, &table))
        die("%s", bask_conf_message(server->conf));
}

static bool
is_there(void *context, bask_str name)
{
    return has_plugin(context, name);
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
    add_table(server, bask_socket_option_table(&server->net.sockets));
    add_table(server, bask_body_option_table(&server->net.bodies));
    add_table(server, bask_http_option_table(&server->net.http));
    add_table(server, bask_field_option_table(&server->net.fields));
    add_table(server, bask_client_limits_option_table(&server->net.clients));
    add_table(server, bask_static_option_table(&server->files));
    add_table(server, bask_process_option_table(&server->options));
    add_table(server, bask_log_option_table(&server->options.log));
    add_table(server, bask_logs_option_table(&server->loggers));
    add_table(server, bask_access_option_table(&server->options.process.log_rules));
    add_table(server, bask_line_option_table(&server->options.process.lines));
    add_table(server, bask_master_option_table(&server->options.master));
    add_table(server, bask_service_option_table(&server->options));
    add_table(server, bask_place_option_table(&server->heritage.place.options));
    add_table(server, bask_hook_option_table(&server->heritage.place.options.hooks));
    add_table(server, bask_waiting_option_table(&server->heritage.place.options.waiting));
    add_table(server, bask_warmup_option_table(&server->warmup));
    add_table(server, bask_limits_option_table(&server->limits));
    add_table(server, bask_svc_option_table(&server->services));
    add_table(server, bask_shared_option_table(&server->shared_options));
    add_table(server, bask_aide_option_table(&server->aides));
    add_table(server, bask_alarm_option_table(&server->alarms));
    add_table(server, bask_health_option_table(&server->options.master.health));
    add_table(server, bask_stats_option_table(&server->options.master.stats));
    add_table(server, bask_daemon_option_table(&server->options.master.daemons));
    add_table(server, bask_raise_option_table(&server->options.master.raise));
    add_table(server, bask_cron_option_table(&server->options.master.crons));
    add_table(server, bask_scaling_option_table(&server->options.master.scaling));
    add_table(server, bask_accepted_option_table(&server->accepted));
    for (size_t i = 0; bask_embedded_plugins[i]; i++)
        if (bask_embedded_plugins[i]->options)
            add_table(server, *bask_embedded_plugins[i]->options);
    for (size_t i = 0; bask_embedded_guests[i]; i++)
        if (bask_embedded_guests[i]->options)
            add_table(server, *bask_embedded_guests[i]->options);
    server->heritage.guests.count = 0;
    open_plugins(server);
}

static void
settle_http(struct server *server)
{
    char error[256];
    const char *name;
    if (bask_http_options_settle(&server->net.http, &name, error, sizeof error))
        die("%.*s: --%s: %s", BASK_FMT(bask_conf_origin(server->conf, bask_str_of(name))), name,
            error);
    struct bask_modifiers *modifiers = &server->net.sockets.modifiers;
    name = "allowed-modifiers";
    if (bask_modifiers_settle(modifiers))
        die("%.*s: --%s: \"%.*s\", expected numbers from 0 to 255, with commas between them",
            BASK_FMT(bask_conf_origin(server->conf, bask_str_of(name))), name,
            BASK_FMT(modifiers->text));
}

static void
settle_fields(struct server *server)
{
    char error[512];
    if (bask_field_options_settle(&server->net.fields, error, sizeof error))
        die("%s", error);
}

static void
settle_lines(struct server *server)
{
    char error[256];
    const char *name = "";
    struct bask_line_options *lines = &server->options.process.lines;
    if (bask_line_options_settle(lines, &name, error, sizeof error))
        die("%.*s: --%s: %s", BASK_FMT(bask_conf_origin(server->conf, bask_str_of(name))), name,
            error);
    bask_log_date(lines->date.ptr);
}

/* What is wrong with them is said before a socket is open. */
static void
check_static(struct server *server)
{
    char error[512];
    struct bask_static *files = NULL;
    if (bask_static_new(&server->files, &files, error, sizeof error))
        die("%s", error);
    bask_static_free(&files);
}

void
read_options(struct server *server, const struct bask_conf *before)
{
    struct bask_conf_error error;
    struct bask_conf_facts facts;
    bask_start_facts(&server->start, &facts);
    facts.reload = before != NULL;
    facts.has_plugin = is_there;
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
    settle_fields(server);
    bask_net_options_settle(&server->net);
    settle_http(server);
    settle_lines(server);
    check_static(server);
}

void
log_warnings(const struct bask_conf *conf)
{
    const struct bask_values *warnings = bask_conf_warnings(conf);
    for (size_t i = 0; i < warnings->count; i++)
        bask_log(BASK_LOG_WARN, "%.*s", BASK_FMT(warnings->items[i].text));
}

/* A link to the program may be all that is on the PATH: "uwsgi". */
static const char *
called_name(const struct server *server)
{
    const char *called = server->start.argv[0], *slash = strrchr(called, '/');
    return slash ? slash + 1 : called;
}

static void
show_usage(const char *name)
{
    static const struct {
        const char *words, *meaning;
    } uses[] = {
        {"MODULE:CALLABLE", "serve on " DEFAULT_ADDRESS},
        {"FILE.py", "the same, from a file"},
        {"FILE.ini", "with the options of a file"},
        {"--http-socket :8080 --master --processes 4 --module app:application", ""},
    };
    puts("Bask " BASK_VERSION ": runs Python web applications inside PyPy.\n");
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        printf(*uses[i].meaning ? "  %s %-28s %s\n" : "  %s %s%s\n", name, uses[i].words,
               uses[i].meaning);
    puts("\nOptions are those of uWSGI wherever it has them.\n");
}

static void
show_help(const struct server *server)
{
    bask_str group = {0};
    bask_conf_get(server->conf, BASK_STR("help"), 0, &group);
    if (!group.len)
        show_usage(called_name(server));
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
build_plugin(bask_str what)
{
    char text[2048];
    if (bask_kit_build(what.ptr, text, sizeof text))
        die("%s", text);
    printf("%s is built; load it with --plugin ./%s\n", text, text);
}

/* True, with the exit status, if another server was asked. */
static bool
ask_server(const struct server *server, const char *action, bask_str value, int *ret_code)
{
    int64_t timeout_ms = server->options.ping_timeout_ms ? server->options.ping_timeout_ms : 3000;
    const struct bask_values *sockets = &server->net.uwsgi_sockets;
    if (strcmp(action, "ping") == 0)
        *ret_code = bask_asking_ping(value, timeout_ms);
    else if (strcmp(action, "nagios") == 0)
        *ret_code =
            bask_asking_nagios(sockets->count ? sockets->items[0].text : (bask_str){0}, timeout_ms);
    else if (strcmp(action, "signal") == 0)
        *ret_code = bask_asking_signal(value, timeout_ms);
    else
        return false;
    return true;
}

void
run_action(const struct server *server)
{
    const char *action = bask_conf_action(server->conf);
    bask_str value = {0};
    int code;
    if (!action)
        return;
    bask_conf_get(server->conf, bask_str_of(action), 0, &value);
    if (bask_oneshot_run(action, value.ptr, &code) || ask_server(server, action, value, &code))
        end(code);
    if (strcmp(action, "help") == 0)
        show_help(server);
    else if (strcmp(action, "help-list") == 0)
        bask_conf_list(server->conf, stdout);
    else if (strcmp(action, "help-markdown") == 0)
        bask_conf_markdown(server->conf, stdout);
    else if (strcmp(action, "get") == 0)
        show_value(server->conf);
    else if (strcmp(action, "build-plugin") == 0)
        build_plugin(value);
    else if (strcmp(action, "dot-h") == 0)
        bask_kit_print_headers(stdout);
    else if (strcmp(action, "cflags") == 0)
        bask_kit_print_flags(stdout);
    else if (strcmp(action, "print-sym") == 0)
        exit(bask_texts_print(&server->objects, value));
    else
        puts(BASK_VERSION);
    end(BASK_EXIT_OK);
}
