/* Rows of the PyPy plugin. */
#include "options.h"

struct pypy_options pypy_options;

static const struct bask_option rows[] = {
    {"pypy-wsgi", "module wsgi", 'w', BASK_OPT_STRING, offsetof(struct pypy_options, module), 0, 0,
     NULL, "MODULE[:CALLABLE]", "load a WSGI application from a module"},
    {"pypy-wsgi-file", "wsgi-file file", 0, BASK_OPT_STRING, offsetof(struct pypy_options, file), 0,
     0, NULL, "FILE", "load a WSGI application from a file"},
    {"callable", NULL, 0, BASK_OPT_STRING, offsetof(struct pypy_options, callable), 0, 0,
     "application", "NAME", "the application's name where the module or file does not say"},
    {"pypy-pp", "pypy-python-path pypy-pythonpath pythonpath python-path pp", 0, BASK_OPT_LIST,
     offsetof(struct pypy_options, python_path), 0, 0, NULL, "DIR",
     "add a folder to sys.path, before the others"},
    {"pypy-home", "home virtualenv venv pyhome", 'H', BASK_OPT_STRING,
     offsetof(struct pypy_options, home), 0, 0, NULL, "DIR",
     "PyPy's prefix, its bin or standard library folder, or a virtualenv"},
    {"pypy-lib", NULL, 0, BASK_OPT_STRING, offsetof(struct pypy_options, lib), 0, 0, NULL,
     "FILE|NAME", "PyPy's shared library: a path, or a name for the loader"},
    {"pypy-jit", NULL, 0, BASK_OPT_LIST, offsetof(struct pypy_options, jit), 0, 0, NULL,
     "NAME=N[,NAME=N...]",
     "parameters of PyPy's JIT while serving, as pypyjit.set_param takes them; off, default"},
    {"warmup-jit", NULL, 0, BASK_OPT_LIST, offsetof(struct pypy_options, warmup_jit), 0, 0, NULL,
     "NAME=N[,NAME=N...]",
     "the same while warming up, \"\" for none (default: compile much sooner than usual)"},
    {"gc-idle", NULL, 0, BASK_OPT_FLAG, offsetof(struct pypy_options, gc_idle), 0, 0, NULL, NULL,
     "make the steps of major collections while a worker is idle"},
};

const struct bask_option_table pypy_option_table = {
    .group = "PyPy",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .values = &pypy_options,
};
