/*
 * The order of a build: what is to be built, a folder for what lies about meanwhile, the build, and
 * the result in its place in one step.
 */
#include "kit/private.h"

#include "base/err.h"
#include "base/str.h"
#include "sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int
kit_fail(struct kit *kit, int err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(kit->error, sizeof kit->error, format, arguments);
    va_end(arguments);
    return err;
}

static int
make_scratch(struct kit *kit)
{
    const char *folder = getenv("TMPDIR");
    int len = snprintf(kit->scratch, sizeof kit->scratch, "%s/bask-plugin-XXXXXX",
                       folder && *folder == '/' ? folder : "/tmp");
    if (len < (int)sizeof kit->scratch && mkdtemp(kit->scratch))
        return BASK_OK;
    int err = kit_fail(kit, BASK_E_SYSTEM, "%s: %s", kit->scratch, strerror(errno));
    kit->scratch[0] = '\0';
    return err;
}

static int
remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    remove(path);
    return 0;
}

static void
remove_scratch(struct kit *kit)
{
    if (kit->scratch[0])
        nftw(kit->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A server that has the old file open goes on with that. */
static int
put_in_place(struct kit *kit, const char *object, const char *name)
{
    struct stat about;
    int fd = open(object, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about))
        return kit_fail(kit, BASK_E_SYSTEM, "%s: %s", object, strerror(errno));
    void *bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return kit_fail(kit, BASK_E_SYSTEM, "%s: %s", object, strerror(errno));
    int err = bask_file_replace(name, bask_str_n(bytes, (size_t)about.st_size), 0755);
    if (err)
        kit_fail(kit, err, "%s cannot be written: %s", name,
                 err == BASK_E_SYSTEM ? strerror(errno) : bask_err_text(err));
    munmap(bytes, (size_t)about.st_size);
    return err;
}

static int
build(struct kit *kit, struct kit_recipe *recipe, char *text, size_t size)
{
    char tree[PATH_MAX], object[PATH_MAX];
    bool ours = kit_tree_has(recipe, tree);
    int err = ours ? BASK_OK : kit_recipe_read(kit, recipe);
    if (!err)
        err = kit_recipe_name(kit, recipe);
    if (!err)
        err = make_scratch(kit);
    if (err)
        return err;
    snprintf(object, sizeof object, "%s/plugin.so", kit->scratch);
    err = ours ? kit_tree_build(kit, recipe, tree, object) : kit_compile(kit, recipe, object);
    snprintf(text, size, "%s_plugin.so", recipe->name);
    return err ? err : put_in_place(kit, object, text);
}

/* "FOLDER", or "FOLDER NAME" if there is no folder with a space in its name. */
static int
find(struct kit *kit, struct kit_recipe *recipe, const char *what)
{
    struct kit_words words = {.count = 0};
    if (access(what, F_OK) == 0)
        return kit_recipe_find(kit, recipe, what, NULL);
    kit_words_split(&words, what);
    int err = words.err || words.count < 1 || words.count > 2
                  ? kit_fail(kit, BASK_E_SYNTAX, "\"%s\", expected FOLDER or \"FOLDER NAME\"", what)
                  : kit_recipe_find(kit, recipe, words.items[0], words.items[1]);
    kit_words_fini(&words);
    return err;
}

int
bask_kit_build(const char *what, char *text, size_t size)
{
    struct kit kit = {.scratch = ""};
    struct kit_recipe recipe = {.name = ""};
    sigset_t stops, before;
    /* Ctrl-C ends the compilers; then there is something to clear away. */
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    sigprocmask(SIG_BLOCK, &stops, &before);
    int err = find(&kit, &recipe, what);
    if (!err)
        err = build(&kit, &recipe, text, size);
    remove_scratch(&kit);
    kit_recipe_fini(&recipe);
    if (err)
        snprintf(text, size, "%s", kit.error);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return err;
}
