/*
 * The start of PyPy: its runtime, its home, the Python half of this library. Also what goes between
 * the two halves during it.
 */
#include "border.h"
#include "private.h"
#include "sources.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum {
    CFFI_VERSION = 0xB011,    /* of the struct that pypy_init_embedded_cffi_module takes */
    ALREADY_STARTED = 67,     /* what rpython_startup_code returns the second time */
    OLDEST_PYTHON = 0x030900, /* sys.hexversion >> 8 */
};

/* A young generation of 4 MB: the default is half of the last-level cache, which costs tens of
 * megabytes a process, thousands of page faults after a fork, and longer pauses. */
static const char default_nursery[] = "4M";

static _Atomic(struct pypy_embed *) running; /* a process has one */
static struct embed_settings settings;
static uint32_t version; /* what Python said of itself */

const struct embed_settings *
embed_settings(void)
{
    return &settings;
}

void
embed_python_version(uint32_t hexversion)
{
    version = hexversion;
}

const char *
embed_source(const char *name)
{
    for (const struct embed_source_row *row = embed_source_rows; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row->text;
    return NULL;
}

static int
start_runtime(struct pypy_embed *pypy, char **ret_error)
{
    const char *nursery = pypy->config.nursery ? pypy->config.nursery : default_nursery;
    if (*nursery)
        setenv("PYPY_GC_NURSERY", nursery, 0);
    int status = pypy->entry.startup();
    pypy->adopted = status == ALREADY_STARTED;
    if (status && !pypy->adopted)
        return text_error(ret_error, PYPY_EMBED_UNUSABLE, "%s: cannot be started, status %d",
                          pypy->library, status);
    return 0;
}

static bool
has_locale(const char *name)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, name, (locale_t)0);
    if (locale)
        freelocale(locale);
    return locale != (locale_t)0;
}

/* PyPy for Python 3.11 fails to start in a locale that the system does not have, as containers
 * often name one. Nor would the pypy3 start that Python starts: so the variable keeps its new
 * value. */
static void
replace_missing_locale(void)
{
    const char *all = getenv("LC_ALL");
    if (!has_locale(""))
        setenv(all && *all ? "LC_ALL" : "LC_CTYPE", has_locale("C.UTF-8") ? "C.UTF-8" : "C", 1);
}

static bool
try_home(struct pypy_embed *pypy, char *home)
{
    int status = pypy->entry.setup_home(home, 0);
    if (status)
        text_add(&pypy->report, "%s: %s, starting at %s\n", pypy->library,
                 status == 1 ? "no standard library was found"
                             : "the standard library raised an exception",
                 home ? home : "the library's own folder");
    else
        pypy->home = home ? home : "";
    return status == 0;
}

/* The first home of which PyPy finds its standard library. */
static int
set_up_home(struct pypy_embed *pypy, char **ret_error)
{
    replace_missing_locale();
    int err = pypy->homes ? 0 : find_homes(pypy);
    bool found = !err && !pypy->homes[0] && try_home(pypy, NULL);
    for (char **home = pypy->homes; !err && !found && *home; home++)
        found = try_home(pypy, *home);
    if (found)
        return 0;
    if (err == PYPY_EMBED_NOMEM)
        return text_error(ret_error, err, "out of memory");
    if (pypy->report.len)
        pypy->report.ptr[--pypy->report.len] = '\0';
    if (ret_error)
        *ret_error = text_give(&pypy->report);
    return PYPY_EMBED_NOTFOUND;
}

static int
init_module(struct pypy_embed *pypy, const char *name, void *init, const char *code)
{
    struct {
        const char *name;
        void *function;
        const char *code;
    } module = {name, init, code};
    return pypy->entry.init_module(CFFI_VERSION, &module);
}

/* The bootstrap says which Python this is before it does anything that an old one could not. */
static int
start_python_half(struct pypy_embed *pypy, char **ret_error)
{
    int failed = init_module(pypy, "_pypy_embed", (void *)_cffi_pypyinit__pypy_embed,
                             embed_source("bootstrap"));
    if (version && version >> 8 < OLDEST_PYTHON)
        return text_error(ret_error, PYPY_EMBED_UNUSABLE,
                          "%s: is PyPy for Python %u.%u, 3.9 or newer is needed", pypy->library,
                          version >> 24, version >> 16 & 0xff);
    if (failed || !version)
        return text_error(ret_error, PYPY_EMBED_UNUSABLE,
                          "%s: does not take this program's cffi module", pypy->library);
    pypy->python_version = version;
    return 0;
}

static int
set_up_python(struct pypy_embed *pypy, char **ret_error)
{
    static const char *const no_arguments[] = {"", NULL};
    struct embed_call call = {.operation = OP_SET_UP};
    const struct pypy_embed_config *config = &pypy->config;
    settings = (struct embed_settings){
        .flags = config->flags,
        .home = pypy->home,
        .home_label = config->home_label ? config->home_label : "home",
        .executable = config->executable,
        .argc = config->argc ? config->argc : 1,
        .argv = config->argc ? config->argv : no_arguments,
        .adopted = pypy->adopted,
    };
    int err = call_python(&call, ret_error);
    settings = (struct embed_settings){.flags = config->flags, .adopted = pypy->adopted};
    return err;
}

static int
start(struct pypy_embed *pypy, char **ret_error)
{
    int err = start_runtime(pypy, ret_error);
    if (!err && !pypy->adopted)
        err = set_up_home(pypy, ret_error);
    if (err)
        return err;
    pypy->entry.init_threads();
    guard_watch_forks();
    err = start_python_half(pypy, ret_error);
    return err ? err : set_up_python(pypy, ret_error);
}

int
pypy_embed_start(struct pypy_embed *pypy, char **ret_error)
{
    struct pypy_embed *none = NULL;
    if (pypy->step != LOADED || !atomic_compare_exchange_strong(&running, &none, pypy))
        return text_error(ret_error, PYPY_EMBED_STATE,
                          "PyPy was started in this process before, and can be started once");
    int err = guard_process(ret_error);
    if (err) {
        running = NULL;
        return err;
    }
    err = start(pypy, ret_error);
    pypy->step = err ? BROKEN : STARTED;
    return err;
}

int
pypy_embed_add_module(struct pypy_embed *pypy, const char *name, void *init, const char *bootstrap,
                      char **ret_error)
{
    int err = guard_enter(pypy, ret_error);
    if (err)
        return err;
    if (init_module(pypy, name, init, "pass"))
        return text_error(ret_error, PYPY_EMBED_UNUSABLE,
                          "PyPy does not take the cffi module %s; it said why on standard error",
                          name);
    struct embed_call call = {.operation = OP_RUN_MODULE, .name = name, .text = bootstrap};
    return bootstrap ? call_python(&call, ret_error) : 0;
}
