"""Write _bask.c: the border between C and Python (glue.h) as a cffi API-mode module.

Runs when Bask is built, under any Python that has cffi. usage: gen_glue.py OUTPUT
"""
import sys

import cffi

import aides_cdef
import services_cdef
import shared_cdef

TYPES = """
typedef struct { const char *ptr; size_t len; ...; } bask_str;

struct bask_pair { bask_str key; bask_str value; int32_t key_id; ...; };

struct bask_request {
    int32_t method_id, protocol_id, listener_id;
    bask_str method, uri, path, query, script_name, protocol, scheme, server_name, server_port;
    bask_str remote_addr, remote_port, content_type, host;
    int64_t content_length;
    int32_t has_length, uri_is_path;
    uint32_t peer_slot;
    int32_t peer_is_new;
    uint32_t pair_count;
    int32_t is_plain;
    const struct bask_pair *pairs;
    bask_str fields, body;
    int64_t body_left;
    int32_t body_fd;
    ...;
};

struct bask_server_info {
    const char *version, *hostname, *binary_path;
    uint32_t workers, threads;
    int32_t master_pid, crash_fd, is_reload;
    int64_t started_at;
    uint32_t listeners;
    uint64_t buffer_size;
    ...;
};

struct bask_worker_info {
    uint32_t size, id;
    int32_t pid;
    uint64_t requests, exceptions, respawns, tx_bytes, busy_us, rss_bytes;
    int64_t started_at;
    uint32_t threads_busy, accepting;
    uint64_t harakiris, signals, vsz_bytes;
    uint32_t paused;
    ...;
};

struct bask_warmup_info {
    uint32_t size, generation, settled;
    uint64_t requests, elapsed_us, first_ns, last_ns;
    int64_t traces;
    uint64_t statuses[6], failures;
    ...;
};

struct bask_app_info {
    uint32_t size, id;
    uint64_t requests, exceptions;
    int64_t loaded_at, load_ms;
    char mountpoint[...], folder[...];
    ...;
};

struct glue_settings {
    bask_str home, library, module, file, callable, jit, warmup_jit;
    size_t path_count;
    int stacks_signal, gc_idle, hosted;
    ...;
};

struct bask_thread;
"""

C_FUNCTIONS = """
const struct bask_request *glue_next(struct bask_thread *);
int glue_respond(const struct bask_request *, const char *, size_t, uint32_t, const char *, size_t);
int glue_respond_file(const struct bask_request *, const char *, size_t, uint32_t, int, int64_t,
                      int64_t);
int glue_begin(const struct bask_request *, const char *, size_t, uint32_t);
int glue_write(const struct bask_request *, const char *, size_t);
int glue_finish(const struct bask_request *);
void glue_abort(const struct bask_request *, const char *, size_t, uint32_t, const char *, size_t);
int glue_headers_sent(const struct bask_request *);
int64_t glue_read_body(const struct bask_request *, char *, size_t);
void glue_log(int, const char *, size_t);
uint32_t glue_thread_index(const struct bask_thread *);
const struct bask_server_info *glue_server_info(void);
int glue_worker_info(uint32_t, struct bask_worker_info *);
uint32_t glue_worker_id(void);
int glue_listener_info(uint32_t, bask_str *, bask_str *, int *);
int glue_option_given(size_t, bask_str *);
int glue_option(const char *, size_t, bask_str *);
void glue_stop_worker(void);
int glue_warmup_info(struct bask_warmup_info *);
int glue_peer_name(int, char *, size_t);
void glue_recycle(const char *, size_t);
int glue_set_user_harakiri(int64_t);
void glue_watch_idle(uint32_t, uint64_t);
int glue_is_idle(struct bask_thread *);
int glue_add_app(const char *, size_t, const char *, size_t, int64_t);
void glue_serve_app(int);
int glue_app_info(uint32_t, uint32_t, struct bask_app_info *);
int glue_is_stopping(void);
void glue_occupied(void);
const struct bask_request *glue_current(struct bask_thread *);
bask_str glue_source(const char *);
bask_str glue_bytecode(const char *, const char *);
bask_str glue_key_name(int);
bask_str glue_method_name(int);
const struct glue_settings *glue_settings(void);
bask_str glue_python_path(size_t);
"""

PYTHON_FUNCTIONS = """
extern "Python+C" int bask_py_check(void);
extern "Python+C" int bask_py_load(void);
extern "Python+C" void bask_py_post_fork(void);
extern "Python+C" int bask_py_run(struct bask_thread *);
extern "Python+C" void bask_py_log_threads(void);
extern "Python+C" void bask_py_fini(void);
extern "Python+C" int bask_py_call(uint32_t, const bask_str *, const bask_str *, uint32_t,
                                   bask_str *);
extern "Python+C" int64_t bask_py_stage(int);
extern "Python+C" int bask_py_aide(void);
"""


def main() -> None:
    ffi = cffi.FFI()
    ffi.cdef(TYPES + C_FUNCTIONS + PYTHON_FUNCTIONS)
    ffi.cdef(services_cdef.TYPES + services_cdef.C_FUNCTIONS)
    ffi.cdef(shared_cdef.C_FUNCTIONS)
    ffi.cdef(aides_cdef.TYPES + aides_cdef.C_FUNCTIONS)
    headers = ("glue.h", "services.h", "services_shared.h", "aides.h")
    ffi.set_source("_bask", "".join('#include "%s"\n' % name for name in headers))
    ffi.emit_c_code(sys.argv[1])


if __name__ == "__main__":
    main()
