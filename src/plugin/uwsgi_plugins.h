/*
 * The plugins of uWSGI by their names: which are part of this server, which nobody needs here, and
 * what there is instead of the others. Knows names and nothing of what is loaded.
 */
#pragma once

#include <bask/str.h>

#include <stdbool.h>

enum bask_uwsgi_plugin {
    BASK_UWSGI_PLUGIN_NONE,     /* not one of uWSGI's */
    BASK_UWSGI_PLUGIN_PART,     /* what it does, this server does itself */
    BASK_UWSGI_PLUGIN_NEEDLESS, /* it does nothing until an option asks for it, which says so then
                                 */
    BASK_UWSGI_PLUGIN_ABSENT,   /* it would do something */
};

/* `name` may be a path to such a plugin. `*ret_instead` is half a sentence, for what is ABSENT. */
enum bask_uwsgi_plugin bask_uwsgi_plugin(bask_str name, const char **ret_instead);
