/*
 * Who may enter PyPy, checked where a mistake would be a crash or a deadlock later: a stack that is
 * too small, a child of fork(2), CPython in the same process. What is checked at every call is one
 * load; the rest once a thread.
 */
#include "border.h"
#include "private.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* This process came from fork(2), and Python's handlers have not run in it. */
static atomic_bool forked;
static _Thread_local bool known; /* this thread was checked */

static void
mark_child(void)
{
    forked = true;
}

void
guard_watch_forks(void)
{
    pthread_atfork(NULL, NULL, mark_child);
}

/* os.fork() has done its part in the child. */
void
embed_forked(void)
{
    forked = false;
}

struct wanted {
    const char *name;
    char *out;
};

static int
is_wanted(struct dl_phdr_info *info, size_t size, void *context)
{
    struct wanted *wanted = context;
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *base = slash ? slash + 1 : info->dlpi_name;
    size_t len = strlen(wanted->name);
    (void)size;
    if (strncmp(base, wanted->name, len) != 0 || !strchr("0123456789-", base[len]) || !base[len])
        return 0;
    snprintf(wanted->out, PATH_MAX, "%s", info->dlpi_name);
    return 1;
}

bool
guard_find_loaded(const char *name, char out[PATH_MAX])
{
    struct wanted wanted = {name, out};
    return dl_iterate_phdr(is_wanted, &wanted) != 0;
}

int
guard_process(char **ret_error)
{
    char path[PATH_MAX];
    bool library = guard_find_loaded("libpython", path);
    if (!library && !dlsym(RTLD_DEFAULT, "Py_Initialize"))
        return 0;
    return text_error(ret_error, PYPY_EMBED_UNUSABLE,
                      "CPython (%s) is loaded in this process, and PyPy cannot share one with it",
                      library ? path : "libpython, or a program that contains it");
}

int
pypy_embed_check_process(char **ret_error)
{
    return guard_process(ret_error);
}

/* How much stack this thread has left; SIZE_MAX if the system does not say. */
static size_t
stack_left(void)
{
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0, left = SIZE_MAX;
    char here;
    if (pthread_getattr_np(pthread_self(), &attributes))
        return SIZE_MAX;
    if (!pthread_attr_getstack(&attributes, &low, &size) && (uintptr_t)&here > (uintptr_t)low)
        left = (uintptr_t)&here - (uintptr_t)low;
    pthread_attr_destroy(&attributes);
    return left;
}

static int
check_thread(char **ret_error)
{
    size_t left = stack_left();
    if (left < PYPY_EMBED_STACK_MIN - PYPY_EMBED_STACK_MIN / 8)
        return text_error(ret_error, PYPY_EMBED_STATE,
                          "this thread has %zu KiB of stack left, PyPy needs %zu", left / 1024,
                          PYPY_EMBED_STACK_MIN / 1024);
    int err = guard_process(ret_error);
    known = !err;
    return err;
}

int
guard_enter(struct pypy_embed *pypy, char **ret_error)
{
    static const char *const states[] = {
        [LOADED] = "PyPy was not started",
        [ENDED] = "PyPy was ended",
        [BROKEN] = "PyPy did not start",
    };
    int step = pypy->step;
    if (step != STARTED)
        return text_error(ret_error, PYPY_EMBED_STATE, "%s", states[step]);
    if (forked)
        return text_error(ret_error, PYPY_EMBED_STATE,
                          "this process was forked without PyPy: use pypy_embed_fork or os.fork()");
    return known ? 0 : check_thread(ret_error);
}
