/* Which plugin serves. */
#include "main/server.h"
#include "plugin/guests.h"
#include "plugin/registry.h"
#include "proc/program.h"

#include <string.h>

bool
is_built_in(bask_str name)
{
    static const char *const names[] = {"http", "python", "python3", "wsgi", "corerouter"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bask_str_eq(name, bask_str_of(names[i])))
            return true;
    return false;
}

static void
add_guest(struct server *server, const struct bask_guest *guest)
{
    if (bask_guests_add(&server->heritage.guests, guest))
        die("there are more than %d languages beside the application's", BASK_GUESTS_MAX);
}

static const struct bask_plugin *
named_plugin(struct server *server)
{
    const struct bask_plugin *found = server->heritage.plugin;
    for (size_t i = 0; i < server->options.plugins.count; i++) {
        bask_str name, rest = server->options.plugins.items[i].text;
        bool more = true;
        while (more) { /* "http,python3" */
            more = bask_str_cut(rest, ',', &name, &rest);
            name = bask_str_trim(more ? name : rest);
            const struct bask_plugin *plugin = bask_plugin_find(name);
            const struct bask_guest *guest = bask_guest_find(name);
            if (plugin)
                found = plugin;
            else if (guest)
                add_guest(server, guest);
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

void
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
    for (size_t k = 0; bask_embedded_guests[k]; k++)
        if (bask_embedded_guests[k]->wanted())
            add_guest(server, bask_embedded_guests[k]);
    for (size_t k = 0; bask_embedded_plugins[k] && !plugin; k++)
        if (bask_embedded_plugins[k]->wanted())
            plugin = bask_embedded_plugins[k];
    if (bask_program_is_wanted(&server->options.process))
        plugin = &bask_program_plugin;
    if (!plugin)
        die("no application was named; try: bask module:callable, or bask --help");
    server->heritage.plugin = plugin;
}
