/* Finding plugins, and what one can do. */
#include "plugin/registry.h"

#include "base/str.h"

const struct bask_plugin *
bask_plugin_find(bask_str name)
{
    for (size_t i = 0; bask_embedded_plugins[i]; i++)
        if (bask_str_eq(name, bask_str_of(bask_embedded_plugins[i]->name)))
            return bask_embedded_plugins[i];
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
