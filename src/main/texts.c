/* The texts are the plugins'; the names are looked up as people know them from uWSGI, too. */
#include "main/texts.h"

#include "base/str.h"
#include "ipc/exit.h"

#include <stdio.h>

/* "_uwsgi_pypy_setup", the linker's name in uWSGI, and "bask_pypy.wsgi" mean what they end in. */
static bool
means(bask_str asked, bask_str name)
{
    static const bask_str before[] = {BASK_STR("_uwsgi_"), BASK_STR("uwsgi_"),
                                      BASK_STR("bask_pypy.")};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (bask_str_starts(asked, before[i]) &&
            bask_str_eq(bask_str_n(asked.ptr + before[i].len, asked.len - before[i].len), name))
            return true;
    return bask_str_eq(asked, name);
}

static bool
has_texts(const struct bask_plugin *plugin)
{
    return plugin->size >= offsetof(struct bask_plugin, text) + sizeof plugin->text && plugin->text;
}

/* Absent if there is no such text. */
static bask_str
find(const struct bask_objects *objects, bask_str asked)
{
    const struct bask_plugin *plugin;
    for (size_t i = 0; (plugin = bask_plugin_at(objects, i)); i++) {
        bask_str name, text;
        for (size_t n = 0; has_texts(plugin) && (text = plugin->text(n, &name)).ptr; n++)
            if (means(asked, name))
                return text;
    }
    return (bask_str){NULL, 0};
}

static void
list(const struct bask_objects *objects)
{
    const struct bask_plugin *plugin;
    for (size_t i = 0; (plugin = bask_plugin_at(objects, i)); i++) {
        bask_str name;
        for (size_t n = 0; has_texts(plugin) && plugin->text(n, &name).ptr; n++)
            fprintf(stderr, "  %.*s\n", BASK_FMT(name));
    }
}

int
bask_texts_print(const struct bask_objects *objects, bask_str name)
{
    bask_str text = find(objects, name);
    if (!text.ptr) {
        fprintf(stderr, "bask: --print-sym: there is no text named \"%.*s\"; there are:\n",
                BASK_FMT(name));
        list(objects);
        return BASK_EXIT_FAILED;
    }
    fwrite(text.ptr, 1, text.len, stdout);
    return fflush(stdout) ? BASK_EXIT_FAILED : BASK_EXIT_OK;
}
