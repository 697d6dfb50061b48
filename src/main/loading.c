/*
 * Plugins in shared objects. They bring options of their own, so each is opened as soon as it is
 * named: on the command line before anything else is read, in a file or in the environment when it
 * is met. One that is in no folder yet may be in the next --plugins-dir.
 */
#include "base/err.h"
#include "main/server.h"
#include "obs/log.h"
#include "plugin/registry.h"
#include "plugin/uwsgi_plugins.h"

#include <stdio.h>
#include <string.h>

static bool
is_embedded(bask_str name)
{
    return bask_plugin_find(name) || bask_guest_find(name);
}

static bool
is_part(bask_str name)
{
    const char *unused;
    return bask_uwsgi_plugin(name, &unused) == BASK_UWSGI_PLUGIN_PART;
}

bool
is_built_in(bask_str name)
{
    return is_part(name) || is_embedded(name);
}

bool
has_plugin(const struct server *server, bask_str name)
{
    const struct bask_object *object = bask_objects_find(&server->objects, name);
    return is_built_in(name) || (object && bask_object_is_open(object));
}

/* Later generations find what the one before has set; nothing of this one is set before all is
 * read. */
static void
add_options(struct server *server, const struct bask_option_table *options)
{
    add_table(server, *options);
    if (server->before)
        bask_conf_clear(server->conf);
}

/* 0, or one sentence. What is in no folder is not missed before choose_plugin, and neither is what
 * was built for uWSGI: it is where uWSGI's own plugins are. */
static int
open_object(struct server *server, struct bask_object *object, struct bask_conf_error *ret_error)
{
    int err = bask_object_open(&server->objects, object, ret_error->text, sizeof ret_error->text);
    const char *unused;
    if (err)
        return err == BASK_E_NOTFOUND || bask_uwsgi_plugin(object->asked, &unused) ? BASK_OK : err;
    if (object->again)
        bask_log(BASK_LOG_INFO, "%.*s: the server has a plugin %s already, which is used",
                 BASK_FMT(object->asked), bask_object_own_name(object));
    else if (bask_object_options(object))
        add_options(server, bask_object_options(object));
    return BASK_OK;
}

/* "hello", "0:hello", "hello,./other_plugin.so" */
static int
load_plugins(struct server *server, bask_str names, struct bask_conf_error *ret_error)
{
    bask_str name, rest = names;
    int err = BASK_OK;
    for (bool more = true; more && !err;) {
        more = bask_str_cut(rest, ',', &name, &rest);
        name = bask_object_name(bask_str_trim(more ? name : rest));
        if (!name.len || is_embedded(name))
            continue;
        struct bask_object *object = bask_objects_want(&server->objects, name);
        if (!object) {
            snprintf(ret_error->text, sizeof ret_error->text, "%.*s is one plugin too many",
                     BASK_FMT(name));
            err = BASK_E_LIMIT;
        } else if (!bask_object_is_open(object)) {
            object->is_part = is_part(name);
            err = open_object(server, object, ret_error);
        }
    }
    return err;
}

static int
look_in(struct server *server, bask_str folder, struct bask_conf_error *ret_error)
{
    struct bask_objects *objects = &server->objects;
    int err = bask_objects_look_in(objects, folder);
    if (err)
        snprintf(ret_error->text, sizeof ret_error->text, "%.*s is one folder too many",
                 BASK_FMT(folder));
    for (size_t i = 0; i < objects->count && !err; i++)
        if (!bask_object_is_open(&objects->items[i]))
            err = open_object(server, &objects->items[i], ret_error);
    return err;
}

int
on_plugin_option(void *context, const struct bask_option *row, bask_str text, bask_str origin,
                 struct bask_conf_error *ret_error)
{
    struct bask_conf_error why;
    if (!text.ptr)
        return BASK_OK;
    bool folder = strcmp(row->name, "plugins-dir") == 0;
    if (!(folder ? look_in : load_plugins)(context, text, &why))
        return BASK_OK;
    snprintf(ret_error->text, sizeof ret_error->text, "%.*s: %.400s", BASK_FMT(origin), why.text);
    return BASK_E_NOTFOUND;
}

/* The value of an option at argv[i]; NULL if it is none of these names. */
static const char *
value_at(char **argv, int i, const char *const *names)
{
    for (; *names; names++) {
        size_t len = strlen(*names);
        if (strncmp(argv[i], *names, len) != 0)
            continue;
        if (argv[i][len] == '=')
            return argv[i] + len + 1;
        if (argv[i][len] == '\0')
            return argv[i + 1];
    }
    return NULL;
}

void
open_plugins(struct server *server)
{
    static const struct {
        const char *const names[6];
        int (*take)(struct server *server, bask_str text, struct bask_conf_error *ret_error);
    } options[] = {
        {{"--plugins-dir", "--plugin-dir"}, look_in},
        {{"--plugin", "--plugins", "--need-plugin", "--need-plugins"}, load_plugins},
    };
    struct bask_conf_error error;
    server->objects = (struct bask_objects){.count = 0};
    for (size_t k = 0; k < sizeof options / sizeof *options; k++)
        for (int i = 1; i < server->start.argc; i++) {
            const char *text = value_at(server->start.argv, i, options[k].names);
            if (text && options[k].take(server, bask_str_of(text), &error))
                die("%s", error.text);
        }
}
