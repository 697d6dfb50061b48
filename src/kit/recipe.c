/*
 * What a plugin is made of: the sources in its folder, or what its manifest says. The manifest,
 * plugin.ini, is read like any file of options, so its complaints are the same.
 */
#include "kit/private.h"

#include "base/err.h"
#include "conf/conf.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct manifest {
    bask_str name;
    struct bask_values sources, cflags, ldflags, libs, packages;
};

#define AT(member) offsetof(struct manifest, member)

static const struct bask_option rows[] = {
    {"name", NULL, 0, BASK_OPT_STRING, AT(name), 0, 0, NULL, "NAME", "what the plugin is called"},
    {"sources", "source", 0, BASK_OPT_LIST, AT(sources), 0, 0, NULL, "FILES", "what is compiled"},
    {"cflags", NULL, 0, BASK_OPT_LIST, AT(cflags), 0, 0, NULL, "WORDS", "for the compilers"},
    {"ldflags", NULL, 0, BASK_OPT_LIST, AT(ldflags), 0, 0, NULL, "WORDS", "for the link"},
    {"libs", NULL, 0, BASK_OPT_LIST, AT(libs), 0, 0, NULL, "WORDS", "libraries: -lNAME"},
    {"pkg-config", NULL, 0, BASK_OPT_LIST, AT(packages), 0, 0, NULL, "NAMES",
     "libraries that pkg-config knows"},
};

static const struct {
    size_t from, to;
} lists[] = {
    {AT(sources), offsetof(struct kit_recipe, sources)},
    {AT(cflags), offsetof(struct kit_recipe, cflags)},
    {AT(ldflags), offsetof(struct kit_recipe, ldflags)},
    {AT(libs), offsetof(struct kit_recipe, libs)},
    {AT(packages), offsetof(struct kit_recipe, packages)},
};

/* It becomes part of the names of files. */
static int
set_name(struct kit *kit, struct kit_recipe *recipe, const char *name, size_t len)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (!len || len > KIT_NAME_MAX || strspn(name, allowed) < len)
        return kit_fail(kit, BASK_E_SYNTAX,
                        "a plugin cannot be called \"%.*s\": expected up to %d letters, digits, _ "
                        "and -",
                        (int)len, name, KIT_NAME_MAX);
    memcpy(recipe->name, name, len);
    recipe->name[len] = '\0';
    return BASK_OK;
}

int
kit_recipe_find(struct kit *kit, struct kit_recipe *recipe, const char *path, const char *name)
{
    struct stat about;
    if (!realpath(path, recipe->folder) || stat(recipe->folder, &about))
        return kit_fail(kit, BASK_E_NOTFOUND, "%s: %s%s", path, strerror(errno),
                        strstr(path, "://") ? " (a repository has to be cloned first)" : "");
    recipe->is_folder = S_ISDIR(about.st_mode);
    char *last = strrchr(recipe->folder, '/') + 1;
    if (!recipe->is_folder) {
        if (!kit_is_source(last))
            return kit_fail(kit, BASK_E_SYNTAX,
                            "%s is neither a folder nor a source in C, C++ or Objective-C", path);
        kit_words_add(&recipe->sources, last);
    }
    recipe->named = name;
    int err = BASK_OK;
    if (name)
        err = set_name(kit, recipe, name, strlen(name));
    else if (!recipe->is_folder)
        err = set_name(kit, recipe, last, strcspn(last, "."));
    if (!recipe->is_folder)
        last[last - recipe->folder > 1 ? -1 : 0] = '\0'; /* the folder "/" keeps its slash */
    return err;
}

int
kit_recipe_name(struct kit *kit, struct kit_recipe *recipe)
{
    const char *last = strrchr(recipe->folder, '/') + 1;
    return *recipe->name ? BASK_OK : set_name(kit, recipe, last, strlen(last));
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All there are, in an order that is the same everywhere. */
static int
find_sources(struct kit *kit, struct kit_recipe *recipe)
{
    DIR *folder = opendir(recipe->folder);
    if (!folder)
        return kit_fail(kit, BASK_E_SYSTEM, "%s: %s", recipe->folder, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (kit_is_source(entry->d_name))
            kit_words_add(&recipe->sources, entry->d_name);
    closedir(folder);
    qsort(recipe->sources.items, recipe->sources.count, sizeof *recipe->sources.items, compare);
    if (recipe->sources.count)
        return BASK_OK;
    return kit_fail(kit, BASK_E_NOTFOUND,
                    "%s has no sources in C, C++ or Objective-C (.c .cc .cpp .cxx .m .mm) and no "
                    "plugin.ini that names some",
                    recipe->folder);
}

static int
take_manifest(struct kit *kit, struct kit_recipe *recipe, const struct manifest *manifest)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct bask_values *from = (const void *)((const char *)manifest + lists[i].from);
        struct kit_words *to = (void *)((char *)recipe + lists[i].to);
        for (size_t k = 0; k < from->count && !to->err; k++) {
            kit_words_split(to, from->items[k].text.ptr);
            if (to->err)
                return kit_fail(kit, to->err, "%.*s: %s", BASK_FMT(from->items[k].origin),
                                to->err == BASK_E_SYNTAX ? "a quote is not closed"
                                                         : bask_err_text(to->err));
        }
    }
    return manifest->name.len && !recipe->named
               ? set_name(kit, recipe, manifest->name.ptr, manifest->name.len)
               : BASK_OK;
}

static int
read_manifest(struct kit *kit, struct kit_recipe *recipe, char *path)
{
    struct manifest manifest = {.name = {NULL, 0}};
    struct bask_conf_error error;
    char program[] = "", strict[] = "--strict", ini[] = "--ini";
    char *words[] = {program, strict, ini, path, NULL};
    struct bask_conf *conf = bask_conf_new();
    const struct bask_option_table table = {
        .group = "Plugin",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = &manifest,
    };
    if (!conf || bask_conf_add(conf, bask_conf_directive_table()) || bask_conf_add(conf, &table)) {
        bask_conf_free(&conf);
        return kit_fail(kit, BASK_E_NOMEM, "%s", bask_err_text(BASK_E_NOMEM));
    }
    int err = bask_conf_parse_args(conf, 4, words, &error);
    err = err ? kit_fail(kit, err, "%s", error.text) : take_manifest(kit, recipe, &manifest);
    bask_conf_free(&conf);
    return err;
}

int
kit_recipe_read(struct kit *kit, struct kit_recipe *recipe)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/plugin.ini", recipe->folder);
    if (!recipe->is_folder)
        return BASK_OK;
    if (access(path, F_OK) == 0) {
        strcat(path, ":plugin");
        int err = read_manifest(kit, recipe, path);
        if (err || recipe->sources.count)
            return err;
    }
    return find_sources(kit, recipe);
}

void
kit_recipe_fini(struct kit_recipe *recipe)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        kit_words_fini((void *)((char *)recipe + lists[i].to));
}
