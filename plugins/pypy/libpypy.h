/*
 * PyPy as a shared library: finding it, loading it, starting it.
 *
 * Where it is looked for, in this order:
 *   1. --pypy-lib: a path, or a name that the loader resolves
 *   2. the home (--pypy-home, $PYPY_HOME, $VIRTUAL_ENV): its folder, bin/ and lib/ in it, the
 * folder of the pypy3 in its bin/, and the loader's folders for the version that its lib/ names
 *   3. the folder of the pypy3 on the PATH, and lib/ and bin/ beside it
 *   4. the loader's own folders, by the usual names, newest first
 */
#pragma once

#include <bask/str.h>

#include <stddef.h>

/* What libpypy-c exports and this server calls. */
struct libpypy {
    void *handle;
    char path[4096];
    char home[4096]; /* for pypy_setup_home; "" if the library finds its own */
    int (*startup)(void);
    int (*setup_home)(char *home, int verbose);
    void (*init_threads)(void);
    int (*init_module)(int version, void *module);
};

/* What was tried and why it did not do, for the one message a user needs. */
struct libpypy_report {
    char text[8192];
    size_t used;
};

/* Finds and loads the library. 0, or -1 and a report that tells what was tried. `lib`, `home`: what
 * the options say, may be empty. */
int libpypy_load(struct libpypy *pypy, bask_str lib, bask_str home, struct libpypy_report *report);

/* Starts PyPy in this process and sets up its home: 0 or -1 with a report. */
int libpypy_start(struct libpypy *pypy, struct libpypy_report *report);
