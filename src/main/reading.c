/* From the words, the environment and the files of the start to options, and what is only asked. */
#include "base/err.h"
#include "main/oneshot.h"
#include "main/server.h"
#include "main/texts.h"
#include "obs/log.h"
#include "plugin/guests.h"
#include "plugin/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A guest in a shared object; BASK_E_NOTFOUND: it is none. */
static int
open_guest(struct server *server, const char *path, struct bask_conf_error *ret_error)
{
    struct bask_guests *guests = &server->heritage.guests;
    size_t before = guests->count;
    const struct bask_guest *guest = bask_guest_open(path, ret_error->text, sizeof ret_error->text);
    if (!guest)
        return *ret_error->text ? BASK_E_STATE : BASK_E_NOTFOUND;
    int err = bask_guests_add(guests, guest);
    if (err)
        snprintf(ret_error->text, sizeof ret_error->text, "%s is one language too many", path);
    if (guests->count > before && guest->options) /* it may be named twice */
        add_table(server, *guest->options);
    return err;
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
    int err = open_guest(server, path, ret_error);
    if (err != BASK_E_NOTFOUND)
        return err;
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

static bool
has_plugin(bask_str name)
{
    return bask_plugin_find(name) || bask_guest_find(name) || is_built_in(name);
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
    add_table(server, bask_client_limits_option_table(&server->net.clients));
    add_table(server, bask_static_option_table(&server->files));
    add_table(server, bask_process_option_table(&server->options));
    add_table(server, bask_master_option_table(&server->options.master));
    add_table(server, bask_service_option_table(&server->options));
    add_table(server, bask_place_option_table(&server->heritage.place.options));
    add_table(server, bask_hook_option_table(&server->heritage.place.options.hooks));
    add_table(server, bask_warmup_option_table(&server->warmup));
    add_table(server, bask_limits_option_table(&server->limits));
    add_table(server, bask_svc_option_table(&server->services));
    add_table(server, bask_shared_option_table(&server->shared_options));
    add_table(server, bask_aide_option_table(&server->aides));
    add_table(server, bask_alarm_option_table(&server->alarms));
    add_table(server, bask_health_option_table(&server->options.master.health));
    add_table(server, bask_daemon_option_table(&server->options.master.daemons));
    add_table(server, bask_scaling_option_table(&server->options.master.scaling));
    for (size_t i = 0; bask_embedded_plugins[i]; i++)
        add_plugin_table(server, bask_embedded_plugins[i]);
    for (size_t i = 0; bask_embedded_guests[i]; i++)
        if (bask_embedded_guests[i]->options)
            add_table(server, *bask_embedded_guests[i]->options);
    server->heritage.guests.count = 0;
    server->heritage.plugin = NULL;
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
    bask_net_options_settle(&server->net);
    settle_http(server);
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

void
run_action(const struct server *server)
{
    const char *action = bask_conf_action(server->conf);
    bask_str value = {0};
    int code;
    if (!action)
        return;
    bask_conf_get(server->conf, bask_str_of(action), 0, &value);
    if (bask_oneshot_run(action, value.ptr, &code))
        end(code);
    if (strcmp(action, "help") == 0)
        show_help(server);
    else if (strcmp(action, "help-list") == 0)
        bask_conf_list(server->conf, stdout);
    else if (strcmp(action, "help-markdown") == 0)
        bask_conf_markdown(server->conf, stdout);
    else if (strcmp(action, "get") == 0)
        show_value(server->conf);
    else if (strcmp(action, "print-sym") == 0)
        exit(bask_texts_print(value));
    else
        puts(BASK_VERSION);
    end(BASK_EXIT_OK);
}
