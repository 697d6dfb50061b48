/* dlopen, and what has to be true of what it finds. An object sees nothing of this program's
 * symbols: all that it may call comes through struct bask_host. */
#include "plugin/objects.h"

#include "base/err.h"
#include "base/str.h"
#include "plugin/registry.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static const bask_str usual_folders[] = {BASK_STR(BASK_PLUGIN_FOLDER), BASK_STR(".")};

enum { USUAL_FOLDERS = sizeof usual_folders / sizeof *usual_folders };

bask_str
bask_object_name(bask_str asked)
{
    bask_str number, name;
    long long unused;
    if (bask_str_cut(asked, ':', &number, &name) && !bask_str_to_i64(number, &unused))
        return name;
    return asked;
}

bool
bask_object_is_path(bask_str name)
{
    return name.len && memchr(name.ptr, '/', name.len);
}

bool
bask_object_is_open(const struct bask_object *object)
{
    return object->plugin || object->guest;
}

const char *
bask_object_own_name(const struct bask_object *object)
{
    return object->plugin ? object->plugin->name : object->guest->name;
}

const struct bask_option_table *
bask_object_options(const struct bask_object *object)
{
    return object->plugin ? object->plugin->options : object->guest->options;
}

int
bask_objects_look_in(struct bask_objects *objects, bask_str folder)
{
    if (objects->folder_count == BASK_OBJECTS_MAX)
        return BASK_E_LIMIT;
    objects->folders[objects->folder_count++] = folder;
    return BASK_OK;
}

const struct bask_object *
bask_objects_find(const struct bask_objects *objects, bask_str name)
{
    for (size_t i = 0; i < objects->count; i++)
        if (bask_str_eq(objects->items[i].asked, name))
            return &objects->items[i];
    return NULL;
}

struct bask_object *
bask_objects_want(struct bask_objects *objects, bask_str name)
{
    const struct bask_object *known = bask_objects_find(objects, name);
    if (known)
        return &objects->items[known - objects->items];
    if (objects->count == BASK_OBJECTS_MAX)
        return NULL;
    objects->items[objects->count] = (struct bask_object){.asked = name};
    return &objects->items[objects->count++];
}

/* The n-th place to look in; absent at the end. */
static bask_str
folder_at(const struct bask_objects *objects, size_t n)
{
    if (n < objects->folder_count)
        return objects->folders[n];
    n -= objects->folder_count;
    return n < USUAL_FOLDERS ? usual_folders[n] : (bask_str){NULL, 0};
}

static int
find_path(const struct bask_objects *objects, const struct bask_object *object, char path[PATH_MAX])
{
    bask_str name = object->asked;
    size_t most = objects->folder_count + (object->is_part ? 0 : USUAL_FOLDERS);
    const char *ending = bask_str_ends(name, BASK_STR(".so")) ? "" : "_plugin.so";
    if (bask_object_is_path(name)) {
        if (snprintf(path, PATH_MAX, "%.*s", BASK_FMT(name)) < PATH_MAX && access(path, F_OK) == 0)
            return BASK_OK;
        return snprintf(path, PATH_MAX, "%.*s%s", BASK_FMT(name), ending) < PATH_MAX &&
                       access(path, F_OK) == 0
                   ? BASK_OK
                   : BASK_E_NOTFOUND;
    }
    for (size_t i = 0; i < most; i++) {
        bask_str folder = folder_at(objects, i);
        if (snprintf(path, PATH_MAX, "%.*s/%.*s%s", BASK_FMT(folder), BASK_FMT(name), ending) <
                PATH_MAX &&
            access(path, F_OK) == 0)
            return BASK_OK;
    }
    return BASK_E_NOTFOUND;
}

void
bask_objects_places(const struct bask_objects *objects, char *text, size_t size)
{
    size_t used = 0;
    bask_str folder;
    *text = '\0';
    for (size_t i = 0; (folder = folder_at(objects, i)).ptr && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%.*s", i ? ", " : "", BASK_FMT(folder));
}

/* What a plugin or a guest says of itself. */
struct claims {
    uint32_t major, minor, size;
    size_t least; /* size that it must have */
};

static struct claims
claims_of_plugin(const struct bask_plugin *plugin)
{
    bool tells = plugin->size >= BASK_PLUGIN_HAS(abi_minor);
    return (struct claims){plugin->abi_major, tells ? plugin->abi_minor : 0, plugin->size,
                           BASK_PLUGIN_SIZE};
}

static struct claims
claims_of_guest(const struct bask_guest *guest)
{
    bool tells = guest->size >= sizeof *guest;
    return (struct claims){guest->abi_major, tells ? guest->abi_minor : 0, guest->size,
                           BASK_GUEST_SIZE};
}

static int
check(const char *path, struct claims claims, char *error, size_t error_size)
{
    if (claims.major != BASK_ABI_MAJOR)
        snprintf(error, error_size, "%s was built for plugin ABI %u, this server has %u", path,
                 claims.major, BASK_ABI_MAJOR);
    else if (claims.size < claims.least)
        snprintf(error, error_size, "%s lacks functions that every plugin has", path);
    else if (claims.minor > BASK_ABI_MINOR)
        snprintf(error, error_size,
                 "%s is newer than this server: it needs plugin ABI %u.%u, this server has %u.%u",
                 path, claims.major, claims.minor, BASK_ABI_MAJOR, BASK_ABI_MINOR);
    else
        return BASK_OK;
    return BASK_E_STATE;
}

static int
look_into(void *handle, const char *path, struct bask_object *object, char *error,
          size_t error_size)
{
    const struct bask_plugin *plugin = dlsym(handle, BASK_PLUGIN_SYMBOL);
    const struct bask_guest *guest = dlsym(handle, BASK_GUEST_SYMBOL);
    int err = BASK_E_STATE;
    if (plugin)
        err = check(path, claims_of_plugin(plugin), error, error_size);
    else if (guest)
        err = check(path, claims_of_guest(guest), error, error_size);
    else
        snprintf(error, error_size,
                 "%s is no Bask plugin: it has no symbol " BASK_PLUGIN_SYMBOL
                 " or " BASK_GUEST_SYMBOL,
                 path);
    if (!err) {
        object->plugin = plugin;
        object->guest = plugin ? NULL : guest;
    }
    return err;
}

/* There can be one of a name only, since an option has one owner. */
static void
prefer_known(const struct bask_objects *objects, struct bask_object *object)
{
    bask_str name = bask_str_of(bask_object_own_name(object));
    struct bask_object known = {
        .plugin = object->plugin ? bask_plugin_find(name) : NULL,
        .guest = object->guest ? bask_guest_find(name) : NULL,
    };
    for (size_t i = 0; i < objects->count && !bask_object_is_open(&known); i++) {
        const struct bask_object *at = &objects->items[i];
        if (at != object && bask_object_is_open(at) && !at->plugin == !object->plugin &&
            bask_str_eq(name, bask_str_of(bask_object_own_name(at))))
            known = *at;
    }
    if (!bask_object_is_open(&known))
        return;
    object->plugin = known.plugin;
    object->guest = known.guest;
    object->again = true;
}

int
bask_object_open(const struct bask_objects *objects, struct bask_object *object, char *error,
                 size_t error_size)
{
    char path[PATH_MAX];
    int err = find_path(objects, object, path);
    if (err)
        return BASK_E_NOTFOUND;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(error, error_size, "cannot load the plugin: %s", dlerror());
        return BASK_E_STATE;
    }
    err = look_into(handle, path, object, error, error_size);
    if (err)
        dlclose(handle);
    else
        prefer_known(objects, object);
    return err;
}

const struct bask_plugin *
bask_plugin_at(const struct bask_objects *objects, size_t n)
{
    size_t embedded = 0;
    while (bask_embedded_plugins[embedded])
        embedded++;
    if (n < embedded)
        return bask_embedded_plugins[n];
    n -= embedded;
    for (size_t i = 0; i < objects->count; i++)
        if (objects->items[i].plugin && !objects->items[i].again && n-- == 0)
            return objects->items[i].plugin;
    return NULL;
}
