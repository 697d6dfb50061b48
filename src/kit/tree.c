/* A plugin of the server's own source tree has generated code and is built as the server is. */
#include "kit/private.h"

#include "base/err.h"

#include <string.h>
#include <unistd.h>

static bool
has(const char *folder, const char *file)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return access(path, F_OK) == 0;
}

bool
kit_tree_has(const struct kit_recipe *recipe, char tree[PATH_MAX])
{
    strcpy(tree, recipe->folder);
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(tree, '/');
        if (!slash || slash == tree)
            return false;
        *slash = '\0';
    }
    return recipe->is_folder && has(recipe->folder, "meson.build") && has(tree, "meson.build") &&
           has(tree, "src/ROOMS") && has(tree, "include/bask/plugin.h");
}

static int
run(struct kit *kit, struct kit_words *words, const char *what)
{
    int err = kit_run(kit, &(struct kit_command){.words = words});
    if (err == BASK_E_STATE)
        kit_fail(kit, err, "%s failed for %s", words->items[0], what);
    kit_words_fini(words);
    return err;
}

int
kit_tree_build(struct kit *kit, const struct kit_recipe *recipe, const char *tree,
               char object[PATH_MAX])
{
    char build[PATH_MAX + 16];
    const char *folder = strrchr(recipe->folder, '/') + 1;
    struct kit_words setup = {.count = 0}, ninja = {.count = 0};
    int err = BASK_OK;
    snprintf(build, sizeof build, "%s/build", tree);
    if (!has(build, "build.ninja")) {
        snprintf(build, sizeof build, "%s/build", kit->scratch);
        kit_words_split(&setup, "meson setup -Dtests=false");
        kit_words_add(&setup, build);
        kit_words_add(&setup, tree);
        err = run(kit, &setup, tree);
    }
    if (err)
        return err;
    kit_words_split(&ninja, "ninja --quiet -C");
    kit_words_add(&ninja, build);
    kit_words_addf(&ninja, "plugins/%s/%s_plugin.so", folder, folder);
    if (snprintf(object, PATH_MAX, "%s/plugins/%s/%s_plugin.so", build, folder, folder) >= PATH_MAX)
        err = kit_fail(kit, BASK_E_LIMIT, "%s: the path is too long", tree);
    return err ? err : run(kit, &ninja, recipe->folder);
}
