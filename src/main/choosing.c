/* Which plugin serves. */
#include "main/server.h"
#include "obs/log.h"
#include "plugin/registry.h"
#include "plugin/uwsgi_plugins.h"
#include "proc/program.h"

static void
add_guest(struct server *server, const struct bask_guest *guest)
{
    if (bask_guests_add(&server->heritage.guests, guest))
        die("there are more than %d languages beside the application's", BASK_GUESTS_MAX);
}

/* As in uWSGI, only what --need-plugin names has to be there, if there is any need for it. */
static void
miss(const struct server *server, bask_str name, bask_str origin, bool needed)
{
    char places[1024];
    const char *instead = NULL;
    enum bask_uwsgi_plugin kind = bask_uwsgi_plugin(name, &instead);
    bask_objects_places(&server->objects, places, sizeof places);
    if (needed && kind != BASK_UWSGI_PLUGIN_NEEDLESS)
        die("%.*s: there is no plugin named \"%.*s\" in this server, and no %.*s_plugin.so in %s "
            "(--plugins-dir names more folders)",
            BASK_FMT(origin), BASK_FMT(name), BASK_FMT(name), places);
    if (instead)
        bask_log(BASK_LOG_ERROR, "%.*s: uWSGI's plugin \"%.*s\" is not in this server: %s",
                 BASK_FMT(origin), BASK_FMT(name), instead);
    else if (bask_object_is_path(name))
        bask_log(BASK_LOG_ERROR, "%.*s: there is no plugin %.*s; going on without it",
                 BASK_FMT(origin), BASK_FMT(name));
    else if (kind == BASK_UWSGI_PLUGIN_NONE)
        bask_log(BASK_LOG_ERROR,
                 "%.*s: there is no plugin named \"%.*s\" in this server, and no %.*s_plugin.so in "
                 "%s (--plugins-dir names more folders); going on without it",
                 BASK_FMT(origin), BASK_FMT(name), BASK_FMT(name), places);
}

/* One that --plugin names: the application's, which is returned, or a language beside it. */
static const struct bask_plugin *
use_named(struct server *server, bask_str name, bask_str origin, bool needed)
{
    const struct bask_object *object = bask_objects_find(&server->objects, name);
    const struct bask_plugin *plugin = object ? object->plugin : bask_plugin_find(name);
    const struct bask_guest *guest = object ? object->guest : bask_guest_find(name);
    if (guest)
        add_guest(server, guest);
    else if (!plugin && name.len && !is_built_in(name))
        miss(server, name, origin, needed);
    return plugin;
}

/* The last one of the application's. */
static const struct bask_plugin *
use_all(struct server *server, const struct bask_values *values, bool needed)
{
    const struct bask_plugin *found = NULL;
    for (size_t i = 0; i < values->count; i++) {
        bask_str name, rest = values->items[i].text;
        for (bool more = true; more;) { /* "http,python3" */
            more = bask_str_cut(rest, ',', &name, &rest);
            name = bask_object_name(bask_str_trim(more ? name : rest));
            const struct bask_plugin *plugin =
                use_named(server, name, values->items[i].origin, needed);
            found = plugin ? plugin : found;
        }
    }
    return found;
}

static const struct bask_plugin *
named_plugin(struct server *server)
{
    const struct bask_plugin *wished = use_all(server, &server->options.plugins, false);
    const struct bask_plugin *needed = use_all(server, &server->options.needed_plugins, true);
    return needed ? needed : wished;
}

/* Who takes a bare argument for an application: the plugin that was named, or any there is. */
static const struct bask_plugin *
find_claimant(const struct server *server, const struct bask_plugin *named, bask_str argument)
{
    const struct bask_plugin *plugin;
    if (named && named->claims(argument))
        return named;
    for (size_t k = 0; (plugin = bask_plugin_at(&server->objects, k)); k++)
        if (plugin->claims(argument))
            return plugin;
    return NULL;
}

/* --plugins-list */
static void
list_plugins(const struct server *server)
{
    const struct bask_plugin *plugin;
    const struct bask_objects *objects = &server->objects;
    for (size_t i = 0; (plugin = bask_plugin_at(objects, i)); i++)
        bask_log(BASK_LOG_INFO, "plugin %s: %s%s", plugin->name, plugin->summary,
                 bask_plugin_find(bask_str_of(plugin->name)) ? "" : " (loaded)");
    for (size_t i = 0; bask_embedded_guests[i]; i++)
        bask_log(BASK_LOG_INFO, "plugin %s: %s", bask_embedded_guests[i]->name,
                 bask_embedded_guests[i]->summary);
    for (size_t i = 0; i < objects->count; i++)
        if (objects->items[i].guest && !objects->items[i].again)
            bask_log(BASK_LOG_INFO, "plugin %s: %s (loaded)", objects->items[i].guest->name,
                     objects->items[i].guest->summary);
}

void
choose_plugin(struct server *server)
{
    const struct bask_plugin *plugin = named_plugin(server);
    const struct bask_values *arguments = bask_conf_arguments(server->conf);
    for (size_t i = 0; i < arguments->count; i++) {
        const struct bask_plugin *claimant =
            find_claimant(server, plugin, arguments->items[i].text);
        if (!claimant)
            die("%.*s: \"%.*s\" is neither an option nor an application: expected "
                "module:callable, a file ending in .py or .wsgi, or a file of options",
                BASK_FMT(arguments->items[i].origin), BASK_FMT(arguments->items[i].text));
        plugin = plugin ? plugin : claimant;
    }
    for (size_t k = 0; bask_embedded_guests[k]; k++)
        if (bask_embedded_guests[k]->wanted())
            add_guest(server, bask_embedded_guests[k]);
    for (size_t k = 0; bask_plugin_at(&server->objects, k) && !plugin; k++)
        if (bask_plugin_at(&server->objects, k)->wanted())
            plugin = bask_plugin_at(&server->objects, k);
    if (bask_program_is_wanted(&server->options.process))
        plugin = &bask_program_plugin;
    if (!plugin)
        die("no application was named; try: bask module:callable, or bask --help");
    server->heritage.plugin = plugin;
    if (server->options.plugins_list && !server->before)
        list_plugins(server);
}
