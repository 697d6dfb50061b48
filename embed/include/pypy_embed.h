/*
 * pypy_embed: PyPy inside a C or C++ program.
 *
 * A program links this library and not PyPy. PyPy's shared library is found and loaded at run time,
 * so that changing PyPy needs no rebuild; no compiler, no cffi and no header of PyPy is needed.
 *
 *     struct pypy_embed_config config = {0};
 *     struct pypy_embed *pypy;
 *     char *error;
 *     if (pypy_embed_load(&config, &pypy, &error) || pypy_embed_start(pypy, &error) ||
 *         pypy_embed_exec(pypy, "print('hello')", "hello.py", NULL, &error))
 *         ...
 *
 * Rules:
 *   - A process has one PyPy, and it can be started once. The thread that starts it is Python's
 * main thread: signal handlers run there, and there it is ended.
 *   - After the start every thread may call everything but pypy_embed_end. Nothing has to be
 *     attached or locked; a thread needs PYPY_EMBED_STACK_MIN bytes of stack.
 *   - C code never holds PyPy's lock (GIL). A function of yours that Python calls runs without it.
 *   - A process that holds PyPy is forked by pypy_embed_fork or Python's os.fork(), never by
 * fork(2) alone, unless the child only executes another program.
 *
 * Results: 0 or a negative enum pypy_embed_err. Out-parameters are written only on success. Where a
 * function takes `ret_error`, it may be NULL; on failure, and only then, *ret_error is set to a
 * text that is never NULL and that pypy_embed_free_text releases. Texts are UTF-8.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pypy_embed_err {
    PYPY_EMBED_NOMEM = -1,    /* no memory */
    PYPY_EMBED_NOTFOUND = -2, /* no library or no standard library; the text tells what was tried */
    PYPY_EMBED_UNUSABLE = -3, /* this PyPy, or this process, will not do; one line says why */
    PYPY_EMBED_STATE = -4,    /* not now or not here: not started, ended, wrong thread, fork(2) */
    PYPY_EMBED_RAISED = -5,   /* Python raised; the text is the traceback */
    PYPY_EMBED_EXITED = -6,   /* Python raised SystemExit: sys.exit() */
};

/* The stack below which PyPy crashes on deep recursion, and what a thread should be given. */
#define PYPY_EMBED_STACK_MIN ((size_t)1 << 20)
#define PYPY_EMBED_STACK ((size_t)4 << 20)

enum pypy_embed_flags {
    PYPY_EMBED_IGNORE_ENVIRONMENT = 1, /* PYPY_HOME, VIRTUAL_ENV, PYTHON*: as pypy3 -E */
    PYPY_EMBED_KEEP_STREAMS = 2,       /* sys.stdin, stdout, stderr as PyPy opens them */
    PYPY_EMBED_SIGNALS = 4, /* as pypy3: SIGINT is KeyboardInterrupt, SIGPIPE is ignored */
};

/* All zero is a good default. What it points to must stay until pypy_embed_start has returned. */
struct pypy_embed_config {
    unsigned flags;
    /* PyPy's library: a path, or a name for the loader. NULL: it is searched. */
    const char *library;
    /* Homes, NULL at the end, of which the first with a standard library in or above it is taken: a
     * PyPy's prefix, its bin or standard library folder, a virtualenv. NULL: $PYPY_HOME, else
     * $VIRTUAL_ENV if PyPy made it, else the virtualenv or unpacked PyPy in whose bin the program
     * is, else the library's own. */
    const char *const *homes;
    /* What messages call a home, as "--home". NULL: "home". */
    const char *home_label;
    /* sys.argv; argc 0 makes it [""]. */
    int argc;
    const char *const *argv;
    /* sys.executable. NULL: the pypy3 that belongs to the home. */
    const char *executable;
    /* PYPY_GC_NURSERY where the environment does not say. NULL: "4M"; "": PyPy's own choice. */
    const char *nursery;
};

/* PyPy in this process. */
struct pypy_embed;

/* Finds PyPy's library and loads it, or takes the one that is in the process. */
int pypy_embed_load(const struct pypy_embed_config *config, struct pypy_embed **ret_pypy,
                    char **ret_error);
/* Starts PyPy and does what pypy3's own main does. Where PyPy runs already (a library that pypy3
 * loaded) it is left as it is. */
int pypy_embed_start(struct pypy_embed *pypy, char **ret_error);
/* The orderly end: waits for threads, runs atexit handlers, flushes the streams. PyPy stays in the
 * process but may not be entered again. On the thread that started it. */
int pypy_embed_end(struct pypy_embed *pypy, char **ret_error);
/* Releases the handle, NULL too. Not while a thread is inside. */
void pypy_embed_free(struct pypy_embed **pypy);
void pypy_embed_free_text(char *text);

/* The path of the library; "" where the program itself is PyPy. */
const char *pypy_embed_library(const struct pypy_embed *pypy);
/* What PyPy was given as its home, "" where it found its own. */
const char *pypy_embed_home(const struct pypy_embed *pypy);
/* What was tried in vain before something did: lines. */
const char *pypy_embed_report(const struct pypy_embed *pypy);
/* sys.hexversion, 0x03090cf0 or so; 0 before the start. */
uint32_t pypy_embed_python_version(const struct pypy_embed *pypy);

/* Values that cross the border. */
enum pypy_embed_kind {
    PYPY_EMBED_NONE,
    PYPY_EMBED_BOOL,
    PYPY_EMBED_INT,
    PYPY_EMBED_FLOAT,
    PYPY_EMBED_BYTES,
    PYPY_EMBED_STR,   /* UTF-8; other bytes become lone surrogates, as in os.fsdecode() */
    PYPY_EMBED_OBJECT /* anything else, a large int too: a reference */
};

struct pypy_embed_value {
    enum pypy_embed_kind kind;
    int64_t integer;  /* BOOL, INT; the reference of an OBJECT */
    double number;    /* FLOAT */
    const char *data; /* BYTES, STR; in results followed by a 0 */
    size_t len;
    char *owned; /* what pypy_embed_clear frees; NULL in values that you make */
};

struct pypy_embed_value pypy_embed_none(void);
struct pypy_embed_value pypy_embed_bool(int truth);
struct pypy_embed_value pypy_embed_int(int64_t integer);
struct pypy_embed_value pypy_embed_float(double number);
/* These two borrow: the memory stays yours. */
struct pypy_embed_value pypy_embed_bytes(const void *data, size_t len);
struct pypy_embed_value pypy_embed_str(const char *text);
/* A BYTES or STR with a copy of the data: 0 or PYPY_EMBED_NOMEM. */
int pypy_embed_copy(struct pypy_embed_value *ret_value, enum pypy_embed_kind kind, const void *data,
                    size_t len);
/* Frees what a result owns and makes it None; an OBJECT is left for pypy_embed_release. */
void pypy_embed_clear(struct pypy_embed_value *value);
/* Gives the reference of an OBJECT back and makes it None; others are left alone. */
void pypy_embed_release(struct pypy_embed *pypy, struct pypy_embed_value *object);

/* `ret_result` may be NULL here and below. After PYPY_EMBED_EXITED it is the exit status, an INT.
 */

/* Runs source in __main__; the result is None. `name` is what tracebacks call it; NULL:
 * "<embedded>". */
int pypy_embed_exec(struct pypy_embed *pypy, const char *source, const char *name,
                    struct pypy_embed_value *ret_result, char **ret_error);
/* Runs a file in __main__ as a program. */
int pypy_embed_exec_file(struct pypy_embed *pypy, const char *path,
                         struct pypy_embed_value *ret_result, char **ret_error);
/* An expression in __main__. */
int pypy_embed_eval(struct pypy_embed *pypy, const char *expression,
                    struct pypy_embed_value *ret_result, char **ret_error);
/* Imports a module, "package.module"; the result is an OBJECT. */
int pypy_embed_import(struct pypy_embed *pypy, const char *module,
                      struct pypy_embed_value *ret_result, char **ret_error);
/* Calls what `name` names: "package.module:attribute.attribute", which imports the module, or
 * "attribute" of __main__ or of the builtins. */
int pypy_embed_call(struct pypy_embed *pypy, const char *name, const struct pypy_embed_value *args,
                    size_t count, struct pypy_embed_value *ret_result, char **ret_error);
/* Calls an object, or its method if `method` is not NULL. */
int pypy_embed_call_object(struct pypy_embed *pypy, const struct pypy_embed_value *object,
                           const char *method, const struct pypy_embed_value *args, size_t count,
                           struct pypy_embed_value *ret_result, char **ret_error);

/* A function of yours that Python may call from any of its threads. The arguments are valid during
 * the call; an OBJECT among them too. Not 0: pypy_embed.Error is raised with the STR in
 * *ret_result. What is put there with pypy_embed_copy is freed by the library. */
typedef int (*pypy_embed_function)(void *context, const struct pypy_embed_value *args, size_t count,
                                   struct pypy_embed_value *ret_result);
/* Makes it `name` in the Python module pypy_embed; an older one of this name is replaced. */
int pypy_embed_register(struct pypy_embed *pypy, const char *name, pypy_embed_function function,
                        void *context, char **ret_error);

/* Adds a cffi module in API mode that is linked into the program (`init` is the
 * _cffi_pypyinit__NAME in the C file that cffi emits), then runs `bootstrap`, if not NULL, in a
 * namespace of its own. */
int pypy_embed_add_module(struct pypy_embed *pypy, const char *name, void *init,
                          const char *bootstrap, char **ret_error);

/* fork(2) through os.fork(), with all handlers of Python, and flushed streams: the child's id, 0 in
 * the child, or an error. In the child the calling thread alone goes on, as Python's main thread.
 */
pid_t pypy_embed_fork(struct pypy_embed *pypy, char **ret_error);
/* Runs Python's handlers of signals that have come; on the main thread, where C code waits for
 * long. PYPY_EMBED_RAISED if one of them raised: KeyboardInterrupt. */
int pypy_embed_check_signals(struct pypy_embed *pypy, char **ret_error);
/* Whether something was loaded into the process meanwhile that PyPy cannot share it with: CPython.
 * pypy_embed_fork looks for itself. */
int pypy_embed_check_process(char **ret_error);

#ifdef __cplusplus
}
#endif
