/*
 * The plugins that are built in, and what may be missing in one that is not.
 */
#pragma once

#include <bask/plugin.h>

/* The plugins built in, ended by NULL; defined by the composition root. */
extern const struct bask_plugin *const bask_embedded_plugins[];

/* An embedded plugin; NULL if none has this name. */
const struct bask_plugin *bask_plugin_find(bask_str name);

/* The kinds of jobs that a plugin takes; one that was built before there were any takes none. */
uint32_t bask_plugin_jobs(const struct bask_plugin *plugin);
/* It can be a mule and a spooler. */
bool bask_plugin_has_aides(const struct bask_plugin *plugin);
