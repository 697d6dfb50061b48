/*
 * The search for PyPy's library and its home: which paths are tried, in which order. Whether one
 * will do is decided in load.c.
 *
 *   1. config.library: a path, or a name that the loader resolves; nothing else
 *   2. the homes in turn (given, or the environment's, or the PyPy that the program was installed
 *      into): the folder, bin/ and lib/ in it, the two folders above; the folder of the real pypy3
 * in its bin/; the loader's folders for the version that its lib/ names
 *   3. without a home: beside the pypy3 on the PATH
 *   4. without a home: the loader's folders, by the usual names, newest first
 */
#include "private.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names under which PyPy 3 is distributed, newest first. */
static const char *const names[] = {
    "libpypy3.12-c.so", "libpypy3.11-c.so", "libpypy3.10-c.so", "libpypy3.9-c.so", "libpypy3-c.so",
};

/* A path from its parts; false if it is too long to be one. */
__attribute__((format(printf, 2, 3))) static bool
make_path(char out[PATH_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(out, PATH_MAX, format, arguments);
    va_end(arguments);
    return n >= 0 && n < PATH_MAX;
}

static bool
is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool
exists(const char *folder, const char *name)
{
    char path[PATH_MAX];
    return make_path(path, "%s/%s", folder, name) && access(path, F_OK) == 0;
}

/* Any of the usual names in one folder. */
static int
open_in(struct pypy_embed *pypy, const char *folder)
{
    char path[PATH_MAX];
    int taken = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!exists(folder, names[i]) || !make_path(path, "%s/%s", folder, names[i]))
            continue;
        taken = open_library(pypy, path);
        if (taken)
            return taken;
    }
    text_add(&pypy->report, "%s: no libpypy3*-c.so\n", folder);
    return 0;
}

static int
open_below(struct pypy_embed *pypy, const char *folder, const char *const *below)
{
    int taken = 0;
    for (; !taken && *below; below++) {
        char path[PATH_MAX];
        if (make_path(path, "%s%s", folder, *below) && is_folder(path))
            taken = open_in(pypy, path);
    }
    return taken;
}

/* Beside a pypy3 that may be a symbolic link to the real one. */
static int
open_beside(struct pypy_embed *pypy, const char *interpreter)
{
    static const char *const below[] = {"", "/../lib", "/../bin", NULL};
    char real[PATH_MAX], *slash;
    if (access(interpreter, X_OK) || !realpath(interpreter, real) || !(slash = strrchr(real, '/')))
        return 0;
    *slash = '\0';
    return open_below(pypy, real, below);
}

/* The library of the version whose standard library is in <home>/lib/pypyX.Y. */
static int
open_version_of(struct pypy_embed *pypy, const char *home, const char *up)
{
    char path[PATH_MAX];
    int taken = 0;
    DIR *folder = make_path(path, "%s%s/lib", home, up) ? opendir(path) : NULL;
    if (!folder)
        return 0;
    for (struct dirent *entry; !taken && (entry = readdir(folder));) {
        int major, minor;
        if (sscanf(entry->d_name, "pypy%d.%d", &major, &minor) == 2 && major == 3 &&
            make_path(path, "libpypy%d.%d-c.so", major, minor))
            taken = open_library(pypy, path);
    }
    closedir(folder);
    return taken;
}

static int
open_for_home(struct pypy_embed *pypy, const char *home)
{
    static const char *const below[] = {"",        "/bin",   "/lib",       "/..", "/../lib",
                                        "/../bin", "/../..", "/../../bin", NULL};
    static const char *const interpreters[] = {"/bin/pypy3", "/pypy3"};
    static const char *const ups[] = {"", "/..", "/../.."};
    char path[PATH_MAX];
    int taken = open_below(pypy, home, below);
    for (size_t i = 0; !taken && i < sizeof interpreters / sizeof *interpreters; i++)
        if (make_path(path, "%s%s", home, interpreters[i]))
            taken = open_beside(pypy, path);
    for (size_t i = 0; !taken && i < sizeof ups / sizeof *ups; i++)
        taken = open_version_of(pypy, home, ups[i]);
    return taken;
}

static int
open_from_path(struct pypy_embed *pypy)
{
    const char *path = getenv("PATH");
    int taken = 0;
    while (!taken && path && *path) {
        char interpreter[PATH_MAX];
        int len = (int)strcspn(path, ":");
        if (make_path(interpreter, "%.*s/pypy3", len, path))
            taken = open_beside(pypy, interpreter);
        path += len + (path[len] == ':');
    }
    return taken;
}

static int
open_by_loader(struct pypy_embed *pypy)
{
    int taken = 0;
    for (size_t i = 0; !taken && i < sizeof names / sizeof *names; i++)
        taken = open_library(pypy, names[i]);
    return taken;
}

int
find_library(struct pypy_embed *pypy)
{
    int taken = 0;
    if (pypy->config.library)
        return open_library(pypy, pypy->config.library);
    if (!pypy->homes[0]) {
        taken = open_from_path(pypy);
        return taken ? taken : open_by_loader(pypy);
    }
    /* Another PyPy than the one that was asked for would be a surprise: no further search. */
    for (char **home = pypy->homes; !taken && *home; home++)
        taken = open_for_home(pypy, *home);
    return taken;
}

/* A folder <dir>/lib/pypy3.N with a standard library, or the layout of PyPy's own sources. */
static bool
has_standard_library(const char *dir)
{
    char path[PATH_MAX];
    bool found = exists(dir, "lib-python/3/site.py");
    DIR *folder = !found && make_path(path, "%s/lib", dir) ? opendir(path) : NULL;
    if (!folder)
        return found;
    for (struct dirent *entry; !found && (entry = readdir(folder));)
        found = strncmp(entry->d_name, "pypy3", 5) == 0 &&
                make_path(path, "%s/lib/%.*s/site.py", dir, NAME_MAX, entry->d_name) &&
                access(path, F_OK) == 0;
    closedir(folder);
    return found;
}

/* PyPy walks up from a home until it finds a standard library, takes its own if there is none, and
 * says nothing. Up to the root would be too far: /lib may be /usr/lib. */
static bool
leads_to_standard_library(const char *home)
{
    char dir[PATH_MAX], *slash;
    snprintf(dir, sizeof dir, "%s", home);
    if (exists(dir, "pyvenv.cfg") || exists(dir, "../pyvenv.cfg") || has_standard_library(dir))
        return true;
    while ((slash = strrchr(dir, '/')) && slash != dir) {
        *slash = '\0';
        if (has_standard_library(dir))
            return true;
    }
    return false;
}

/* Adds a home as pypy_setup_home wants it: it walks up from there, and recognises a virtualenv only
 * from its bin folder. */
static int
add_home(struct pypy_embed *pypy, const char *home, const char *label)
{
    char real[PATH_MAX];
    size_t count = 0;
    if (!realpath(home, real) || !is_folder(real)) {
        text_add(&pypy->report, "%s (%s) is not a folder\n", home, label);
        return 0;
    }
    if (!leads_to_standard_library(real)) {
        text_add(&pypy->report, "%s (%s) has no standard library of PyPy 3 in it or above it\n",
                 home, label);
        return 0;
    }
    const char *below = exists(real, "pyvenv.cfg") ? "/bin" : "";
    while (pypy->homes[count])
        count++;
    size_t size = strlen(real) + strlen(below) + 1;
    char **grown = realloc(pypy->homes, (count + 2) * sizeof *grown);
    if (!grown)
        return PYPY_EMBED_NOMEM;
    pypy->homes = grown;
    grown[count + 1] = NULL;
    grown[count] = malloc(size);
    if (!grown[count])
        return PYPY_EMBED_NOMEM;
    snprintf(grown[count], size, "%s%s", real, below);
    return 0;
}

/* The home that the environment names, and the variable; NULL if it names none. */
static const char *
home_of_environment(const char **ret_label)
{
    const char *home = getenv("PYPY_HOME"), *venv = getenv("VIRTUAL_ENV");
    char interpreter[PATH_MAX];
    *ret_label = "$PYPY_HOME";
    if (home && *home)
        return home;
    /* An active virtualenv of another Python says nothing about PyPy. */
    *ret_label = "$VIRTUAL_ENV";
    if (venv && *venv && make_path(interpreter, "%s/bin/pypy3", venv) &&
        access(interpreter, X_OK) == 0)
        return venv;
    return NULL;
}

/* The PyPy or virtualenv into whose bin the program was installed, in `folder`. A system's bin,
 * whose library is elsewhere, says no more than the PATH. */
static bool
find_home_of_program(char folder[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (len <= 0)
        return false;
    folder[len] = '\0';
    *strrchr(folder, '/') = '\0';
    if (!exists(folder, "pypy3"))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (exists(folder, names[i]))
            return true;
    return exists(folder, "../pyvenv.cfg");
}

int
find_homes(struct pypy_embed *pypy)
{
    const struct pypy_embed_config *config = &pypy->config;
    const char *label = config->home_label ? config->home_label : "home";
    char beside[PATH_MAX];
    int given = 0, err = 0;
    pypy->homes = calloc(1, sizeof *pypy->homes);
    if (!pypy->homes)
        return PYPY_EMBED_NOMEM;
    for (; !err && config->homes && config->homes[given]; given++)
        err = add_home(pypy, config->homes[given], label);
    if (!given && !(config->flags & PYPY_EMBED_IGNORE_ENVIRONMENT)) {
        const char *home = home_of_environment(&label);
        if (!home && find_home_of_program(beside)) {
            home = beside;
            label = "beside the program";
        }
        given = home != NULL;
        err = home ? add_home(pypy, home, label) : 0;
    }
    if (err)
        return err;
    return given && !pypy->homes[0] ? PYPY_EMBED_NOTFOUND : 0;
}
