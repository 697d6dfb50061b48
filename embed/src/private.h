/*
 * What the files of the library share: the handle, and what each file does for the others.
 *
 * The life of a handle: LOADED -> STARTED -> ENDED; a start that failed leaves BROKEN, because PyPy
 * cannot be started twice in a process.
 */
#pragma once

#include "text.h"

#include <pypy_embed.h>

#include <limits.h>
#include <stdatomic.h>

enum step { LOADED, STARTED, ENDED, BROKEN };

struct pypy_embed {
    struct pypy_embed_config config;
    _Atomic int step;
    void *handle;           /* NULL: the symbols are the program's own */
    char library[PATH_MAX]; /* "": unknown, the program's own */
    char **homes;           /* as pypy_setup_home wants them; NULL at the end */
    const char *home;       /* the one that was taken; "" for the library's own */
    uint32_t python_version;
    bool adopted; /* PyPy ran already: its interpreter is not ours to set up */
    struct text report;
    struct {
        int (*startup)(void);
        int (*setup_home)(char *home, int verbose);
        void (*init_threads)(void);
        int (*init_module)(int version, void *module);
    } entry;
};

/* find.c: the candidates, one after the other, until open_library takes one. */
int find_homes(struct pypy_embed *pypy);
int find_library(struct pypy_embed *pypy);

/* load.c. The result of open_library: 1 taken; 0 not, and the report says why; or an error. */
int open_library(struct pypy_embed *pypy, const char *path);

/* guard.c: who may enter PyPy, and whether the process is still fit for it. */
int guard_enter(struct pypy_embed *pypy, char **ret_error);
int guard_process(char **ret_error);
void guard_watch_forks(void);
/* The path of a loaded library whose name begins with `name`, a digit or '-'; false if none is. */
bool guard_find_loaded(const char *name, char out[PATH_MAX]);

/* call.c: one operation of the Python half. */
enum operation {
    OP_SET_UP,
    OP_EXEC,
    OP_EXEC_FILE,
    OP_EVAL,
    OP_IMPORT,
    OP_CALL,
    OP_CALL_OBJECT,
    OP_RELEASE,
    OP_REGISTER,
    OP_RUN_MODULE,
    OP_FORK,
    OP_CHECK_SIGNALS,
    OP_END,
};
struct embed_call;
int call_python(struct embed_call *call, char **ret_error);
