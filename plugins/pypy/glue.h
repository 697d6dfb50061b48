/*
 * The C functions that the Python half (python/bask_pypy) calls, and the Python functions that the
 * C half calls. gen_glue.py turns this border into a cffi module that is part of the plugin.
 *
 * Bytes go to C as `const char *`, which PyPy passes without a copy and only for the call.
 */
#pragma once

#include <bask/plugin.h>

const struct bask_request *glue_next(struct bask_thread *thread);
int glue_respond(const struct bask_request *request, const char *head, size_t head_len,
                 uint32_t header_count, const char *body, size_t body_len);
int glue_respond_file(const struct bask_request *request, const char *head, size_t head_len,
                      uint32_t header_count, int fd, int64_t offset, int64_t length);
int glue_begin(const struct bask_request *request, const char *head, size_t head_len,
               uint32_t header_count);
int glue_write(const struct bask_request *request, const char *data, size_t len);
int glue_finish(const struct bask_request *request);
void glue_abort(const struct bask_request *request, const char *head, size_t head_len,
                uint32_t header_count, const char *body, size_t body_len);
int glue_headers_sent(const struct bask_request *request);
int64_t glue_read_body(const struct bask_request *request, char *buffer, size_t size);
void glue_log(int level, const char *line, size_t len);
uint32_t glue_thread_index(const struct bask_thread *thread);
const struct bask_server_info *glue_server_info(void);
int glue_worker_info(uint32_t id, struct bask_worker_info *ret_info);
uint32_t glue_worker_id(void);
int glue_listener_info(uint32_t id, bask_str *ret_name, bask_str *ret_port, int *ret_fd);
int glue_option_given(size_t n, bask_str *ret_name);
int glue_option(const char *name, size_t index, bask_str *ret_value);
void glue_stop_worker(void);
int glue_warmup_info(struct bask_warmup_info *ret_info);
void glue_recycle(const char *why, size_t len);
int glue_set_user_harakiri(int64_t ms);
void glue_watch_idle(uint32_t after_ms, uint64_t requests);
int glue_is_idle(struct bask_thread *thread);
/* The id of an application that was loaded in `load_ms`; a bask_err. */
int glue_add_app(const char *mountpoint, size_t mountpoint_len, const char *folder,
                 size_t folder_len, int64_t load_ms);
void glue_serve_app(int id);
int glue_app_info(uint32_t worker_id, uint32_t id, struct bask_app_info *ret_info);
int glue_is_stopping(void);
void glue_occupied(void);
const struct bask_request *glue_current(struct bask_thread *thread);
/* The source of a module of the glue, "wsgi" or "pypy_setup"; ptr NULL if there is none. */
bask_str glue_source(const char *name);
/* Its code, for marshal.loads() of an interpreter like "pypy39-b0010d0a"; ptr NULL if there is
 * none. */
bask_str glue_bytecode(const char *interpreter, const char *name);
/* The number and the name of a row of bask/environ_keys.h: 0, 1, ... ; absent at the end. */
bask_str glue_key_name(int key_id);
bask_str glue_method_name(int method_id);

/* The name of a socket's other end; its length, -1 if the descriptor has none. */
int glue_peer_name(int fd, char *out, size_t size);

/* What the C half settled and the options do not tell. */
struct glue_settings {
    bask_str home;    /* what PyPy was given as its home; empty if it found its own */
    bask_str library; /* the path of libpypy-c as it was loaded */
    bask_str module;  /* "package.module:callable"; empty: none */
    bask_str file;
    bask_str callable; /* where module and file do not say */
    bask_str jit;      /* parameters while serving, checked; empty: PyPy's own */
    bask_str warmup_jit;
    size_t path_count; /* of the folders for sys.path */
    int stacks_signal; /* sent to have faulthandler say what all threads are doing */
    int gc_idle;
    int hosted; /* PyPy was there before this server: it is a library in a program of PyPy's */
};
const struct glue_settings *glue_settings(void);
/* Folder `index` for sys.path, in the order in which they were given. */
bask_str glue_python_path(size_t index);

/* Written by cffi, in Python: what the C half calls. */
int bask_py_check(void);
int bask_py_load(void);
void bask_py_post_fork(void);
/* 0: the server said stop; else an exception came from outside any request, and the thread is to
 * go on. */
int bask_py_run(struct bask_thread *thread);
void bask_py_log_threads(void);
void bask_py_fini(void);
/* A function of Python's, called from another language in whatever thread; as
 * bask_rpc_language.call. 0; -1: it failed, and the log says how; -2: it could not even say that.
 */
int bask_py_call(uint32_t number, const bask_str *name, const bask_str *arguments, uint32_t count,
                 bask_str *ret_result);
int64_t bask_py_stage(int stage);
/* A mule or a spooler: its exit status. */
int bask_py_aide(void);
/* The module itself, for pypy_init_embedded_cffi_module. */
struct _object *_cffi_pypyinit__bask(const void *p[]);
