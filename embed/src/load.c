/*
 * PyPy's library: opening it, telling whether it will do, and the handle itself. A PyPy that is in
 * the process already is taken instead, because there cannot be two.
 */
#include "private.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_symbol[] = "rpython_startup_code";

static bool
resolve(struct pypy_embed *pypy, void *handle, const char *what)
{
    struct {
        const char *name;
        void **slot;
    } symbols[] = {
        {first_symbol, (void **)&pypy->entry.startup},
        {"pypy_setup_home", (void **)&pypy->entry.setup_home},
        {"pypy_init_threads", (void **)&pypy->entry.init_threads},
        {"pypy_init_embedded_cffi_module", (void **)&pypy->entry.init_module},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        *symbols[i].slot = dlsym(handle, symbols[i].name);
        if (!*symbols[i].slot) {
            text_add(&pypy->report, "%s: has no %s, it is not PyPy 3 or too old\n", what,
                     symbols[i].name);
            return false;
        }
    }
    if (dlsym(handle, "PyPyString_FromString")) {
        text_add(&pypy->report, "%s: is PyPy for Python 2, 3.9 or newer is needed\n", what);
        return false;
    }
    return true;
}

int
open_library(struct pypy_embed *pypy, const char *path)
{
    if (strlen(path) >= sizeof pypy->library) {
        text_add(&pypy->report, "the path of the library is too long\n");
        return 0;
    }
    void *handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!handle) {
        text_add(&pypy->report, "%s\n", dlerror());
        return 0;
    }
    if (!resolve(pypy, handle, path)) {
        dlclose(handle);
        return 0;
    }
    snprintf(pypy->library, sizeof pypy->library, "%s", path);
    pypy->handle = handle;
    return 1;
}

static bool
same_file(const char *a, const char *b)
{
    char real_a[PATH_MAX], real_b[PATH_MAX];
    return realpath(a, real_a) && realpath(b, real_b) && strcmp(real_a, real_b) == 0;
}

/* A name without a folder is looked up by the loader, so it says only what the file is called. */
static bool
is_asked_for(const char *asked, const char *loaded)
{
    const char *slash = strrchr(loaded, '/');
    if (!asked || strcmp(asked, loaded) == 0)
        return true;
    return strchr(asked, '/') ? same_file(asked, loaded)
                              : strcmp(asked, slash ? slash + 1 : loaded) == 0;
}

/* 1: PyPy is in the process and was taken; 0: it is not there; or an error. */
static int
take_loaded(struct pypy_embed *pypy)
{
    char path[PATH_MAX] = "";
    bool by_name = guard_find_loaded("libpypy", path);
    /* A library that was loaded for its owner alone is not in the global scope. */
    void *handle = by_name ? dlopen(path, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD) : NULL;
    if (!handle && !dlsym(RTLD_DEFAULT, first_symbol))
        return 0;
    if (!is_asked_for(pypy->config.library, path)) {
        text_add(&pypy->report, "%s cannot be used, PyPy is already in this process: %s\n",
                 pypy->config.library, *path ? path : "the program itself");
    } else if (resolve(pypy, handle ? handle : RTLD_DEFAULT, *path ? path : "this program")) {
        memcpy(pypy->library, path, sizeof path);
        pypy->handle = handle;
        return 1;
    }
    if (handle)
        dlclose(handle);
    return PYPY_EMBED_UNUSABLE;
}

static int
load(struct pypy_embed *pypy, char **ret_error)
{
    int err = guard_process(ret_error);
    if (err)
        return err;
    int taken = take_loaded(pypy);
    if (!taken) {
        taken = find_homes(pypy);
        if (!taken)
            taken = find_library(pypy);
    }
    if (taken > 0)
        return 0;
    if (taken == PYPY_EMBED_NOMEM || pypy->report.failed)
        return text_error(ret_error, PYPY_EMBED_NOMEM, "out of memory");
    if (pypy->report.len) /* the lines of the report, without the end of the last one */
        pypy->report.ptr[--pypy->report.len] = '\0';
    if (ret_error)
        *ret_error = text_give(&pypy->report);
    return taken ? taken : PYPY_EMBED_NOTFOUND;
}

int
pypy_embed_load(const struct pypy_embed_config *config, struct pypy_embed **ret_pypy,
                char **ret_error)
{
    struct pypy_embed *pypy = calloc(1, sizeof *pypy);
    if (!pypy)
        return text_error(ret_error, PYPY_EMBED_NOMEM, "out of memory");
    pypy->config = *config;
    pypy->home = "";
    int err = load(pypy, ret_error);
    if (err) {
        pypy_embed_free(&pypy);
        return err;
    }
    *ret_pypy = pypy;
    return 0;
}

void
pypy_embed_free(struct pypy_embed **handle)
{
    struct pypy_embed *pypy = *handle;
    if (!pypy)
        return;
    /* Once it was started, PyPy has threads, handlers and memory of its own and stays. */
    if (pypy->step == LOADED && pypy->handle)
        dlclose(pypy->handle);
    for (char **home = pypy->homes; home && *home; home++)
        free(*home);
    free(pypy->homes);
    text_fini(&pypy->report);
    free(pypy);
    *handle = NULL;
}

void
pypy_embed_free_text(char *text)
{
    text_free(text);
}

const char *
pypy_embed_library(const struct pypy_embed *pypy)
{
    return pypy->library;
}

const char *
pypy_embed_home(const struct pypy_embed *pypy)
{
    return pypy->home;
}

const char *
pypy_embed_report(const struct pypy_embed *pypy)
{
    return pypy->report.ptr ? pypy->report.ptr : "";
}

uint32_t
pypy_embed_python_version(const struct pypy_embed *pypy)
{
    return pypy->python_version;
}
