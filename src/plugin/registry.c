/* Finding and checking plugins. */
#include "plugin/registry.h"

#include "base/str.h"

#include <dlfcn.h>
#include <stdio.h>

const struct bask_plugin *
bask_plugin_find(bask_str name)
{
    for (size_t i = 0; bask_embedded_plugins[i]; i++)
        if (bask_str_eq(name, bask_str_of(bask_embedded_plugins[i]->name)))
            return bask_embedded_plugins[i];
    return NULL;
}

const struct bask_plugin *
bask_plugin_open(const char *path, char *error, size_t error_size)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        snprintf(error, error_size, "cannot load the plugin: %s", dlerror());
        return NULL;
    }
    const struct bask_plugin *plugin = dlsym(object, BASK_PLUGIN_SYMBOL);
    if (!plugin) {
        snprintf(error, error_size, "%s is no Bask plugin: it has no symbol " BASK_PLUGIN_SYMBOL,
                 path);
    } else if (plugin->abi_major != BASK_ABI_MAJOR) {
        snprintf(error, error_size, "%s was built for plugin ABI %u, this server has %u", path,
                 plugin->abi_major, BASK_ABI_MAJOR);
    } else if (plugin->size < BASK_PLUGIN_SIZE) {
        snprintf(error, error_size, "%s lacks functions that every plugin has", path);
    } else {
        return plugin;
    }
    dlclose(object);
    return NULL;
}

uint32_t
bask_plugin_jobs(const struct bask_plugin *plugin)
{
    bool knows = plugin->size >= offsetof(struct bask_plugin, jobs) + sizeof plugin->jobs;
    return knows ? plugin->jobs : 0;
}

bool
bask_plugin_has_aides(const struct bask_plugin *plugin)
{
    return plugin->size >= BASK_PLUGIN_HAS(aide) && plugin->aide;
}
