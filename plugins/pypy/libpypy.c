/* The search for libpypy-c and its start. Knows nothing of servers. */
#include "libpypy.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names under which PyPy 3 is distributed, newest first. */
static const char *const names[] = {
    "libpypy3.12-c.so", "libpypy3.11-c.so", "libpypy3.10-c.so", "libpypy3.9-c.so", "libpypy3-c.so",
};

/* A young generation of 4 MB: the default is half of the last-level cache, which costs tens of
 * megabytes a process, thousands of page faults after a fork, and longer pauses. */
static const char nursery[] = "4M";

__attribute__((format(printf, 2, 3))) static void
note(struct libpypy_report *report, const char *format, ...)
{
    size_t room = sizeof report->text - report->used;
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(report->text + report->used, room, format, arguments);
    va_end(arguments);
    if (n > 0)
        report->used += (size_t)n < room ? (size_t)n : room - 1;
}

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

static bool
resolve(struct libpypy *pypy, struct libpypy_report *report)
{
    struct {
        const char *name;
        void **slot;
    } symbols[] = {
        {"rpython_startup_code", (void **)&pypy->startup},
        {"pypy_setup_home", (void **)&pypy->setup_home},
        {"pypy_init_threads", (void **)&pypy->init_threads},
        {"pypy_init_embedded_cffi_module", (void **)&pypy->init_module},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        *symbols[i].slot = dlsym(pypy->handle, symbols[i].name);
        if (!*symbols[i].slot) {
            note(report, "  %s: has no %s, it is not PyPy 3 or too old\n", pypy->path,
                 symbols[i].name);
            return false;
        }
    }
    return true;
}

static bool
open_library(struct libpypy *pypy, const char *path, struct libpypy_report *report)
{
    snprintf(pypy->path, sizeof pypy->path, "%s", path);
    pypy->handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!pypy->handle) {
        note(report, "  %s\n", dlerror());
        return false;
    }
    if (resolve(pypy, report))
        return true;
    dlclose(pypy->handle);
    pypy->handle = NULL;
    return false;
}

/* Any of the usual names in one folder. */
static bool
open_in(struct libpypy *pypy, const char *folder, struct libpypy_report *report)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (exists(folder, names[i]) && make_path(path, "%s/%s", folder, names[i]) &&
            open_library(pypy, path, report))
            return true;
    }
    note(report, "  %s: no libpypy3*-c.so\n", folder);
    return false;
}

static bool
open_below(struct libpypy *pypy, const char *folder, const char *const *below,
           struct libpypy_report *report)
{
    for (; *below; below++) {
        char path[PATH_MAX];
        if (make_path(path, "%s%s", folder, *below) && is_folder(path) &&
            open_in(pypy, path, report))
            return true;
    }
    return false;
}

/* Beside a pypy3 that may be a symbolic link to the real one. */
static bool
open_beside(struct libpypy *pypy, const char *interpreter, struct libpypy_report *report)
{
    static const char *const below[] = {"", "/../lib", "/../bin", NULL};
    char real[PATH_MAX], *slash;
    if (!realpath(interpreter, real) || !(slash = strrchr(real, '/')))
        return false;
    *slash = '\0';
    return open_below(pypy, real, below, report);
}

/* The library of the version whose standard library is in <home>/lib/pypyX.Y. */
static bool
open_version_of(struct libpypy *pypy, const char *home, struct libpypy_report *report)
{
    char path[PATH_MAX];
    bool opened = false;
    DIR *folder = make_path(path, "%s/lib", home) ? opendir(path) : NULL;
    if (!folder)
        return false;
    for (struct dirent *entry; !opened && (entry = readdir(folder));) {
        int major, minor;
        if (sscanf(entry->d_name, "pypy%d.%d", &major, &minor) != 2)
            continue;
        opened =
            make_path(path, "libpypy%d.%d-c.so", major, minor) && open_library(pypy, path, report);
    }
    closedir(folder);
    return opened;
}

static bool
open_for_home(struct libpypy *pypy, const char *home, struct libpypy_report *report)
{
    static const char *const below[] = {"",        "/bin",   "/lib",       "/..",
                                        "/../bin", "/../..", "/../../bin", NULL};
    char interpreter[PATH_MAX];
    if (open_below(pypy, home, below, report))
        return true;
    for (int up = 0; up < 2; up++) {
        if (make_path(interpreter, "%s/%spypy3", home, up ? "" : "bin/") &&
            access(interpreter, X_OK) == 0 && open_beside(pypy, interpreter, report))
            return true;
    }
    for (int up = 0; up < 3; up++) {
        char root[PATH_MAX];
        if (make_path(root, "%s%s", home,
                      up == 0   ? ""
                      : up == 1 ? "/.."
                                : "/../..") &&
            open_version_of(pypy, root, report))
            return true;
    }
    return false;
}

static bool
open_from_path(struct libpypy *pypy, struct libpypy_report *report)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        char interpreter[PATH_MAX];
        int len = (int)strcspn(path, ":");
        if (make_path(interpreter, "%.*s/pypy3", len, path) && access(interpreter, X_OK) == 0 &&
            open_beside(pypy, interpreter, report))
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

static bool
open_by_loader(struct libpypy *pypy, struct libpypy_report *report)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (open_library(pypy, names[i], report))
            return true;
    return false;
}

/* The home as pypy_setup_home wants it: it walks up from there, and recognises a virtualenv only
 * from its bin folder. */
static bool
set_home(struct libpypy *pypy, const char *home, const char *origin, struct libpypy_report *report)
{
    char real[PATH_MAX];
    if (!realpath(home, real) || !is_folder(real)) {
        note(report, "  %s (%s) is not a folder\n", home, origin);
        return false;
    }
    return make_path(pypy->home, "%s%s", real, exists(real, "pyvenv.cfg") ? "/bin" : "");
}

/* 1: a home is set; 0: none is given; -1: it is wrong. */
static int
choose_home(struct libpypy *pypy, bask_str option, struct libpypy_report *report)
{
    const char *env = getenv("PYPY_HOME"), *venv = getenv("VIRTUAL_ENV");
    char interpreter[PATH_MAX];
    if (option.len)
        return set_home(pypy, option.ptr, "--pypy-home", report) ? 1 : -1;
    if (env && *env)
        return set_home(pypy, env, "$PYPY_HOME", report) ? 1 : -1;
    /* An active virtualenv of another Python says nothing about PyPy. */
    if (venv && *venv && make_path(interpreter, "%s/bin/pypy3", venv) &&
        access(interpreter, X_OK) == 0)
        return set_home(pypy, venv, "$VIRTUAL_ENV", report) ? 1 : -1;
    return 0;
}

int
libpypy_load(struct libpypy *pypy, bask_str lib, bask_str home, struct libpypy_report *report)
{
    *pypy = (struct libpypy){0};
    if (dlsym(RTLD_DEFAULT, "Py_Initialize")) {
        note(report, "  CPython (libpython) is already loaded in this process, and the two cannot "
                     "share one\n");
        return -1;
    }
    int chosen = choose_home(pypy, home, report);
    if (chosen < 0)
        return -1;
    if (lib.len)
        return open_library(pypy, lib.ptr, report) ? 0 : -1;
    if (chosen && open_for_home(pypy, pypy->home, report))
        return 0;
    if (chosen)
        return -1; /* another PyPy than the one that was asked for would be a surprise */
    return open_from_path(pypy, report) || open_by_loader(pypy, report) ? 0 : -1;
}

int
libpypy_start(struct libpypy *pypy, struct libpypy_report *report)
{
    setenv("PYPY_GC_NURSERY", nursery, 0);
    pypy->startup();
    int err = pypy->setup_home(pypy->home[0] ? pypy->home : NULL, 0);
    if (err) {
        note(report, "  %s: %s, starting at %s\n", pypy->path,
             err == 1 ? "no standard library was found"
                      : "the standard library raised an exception",
             pypy->home[0] ? pypy->home : "the library's own folder");
        return -1;
    }
    pypy->init_threads();
    return 0;
}
