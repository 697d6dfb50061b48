/*
 * The PyPy plugin: hosts Python applications in PyPy, inside the server's process.
 *
 * The C half finds and starts PyPy and carries calls across the border; what happens with a request
 * is the Python half's (python/bask_pypy). Python pulls: bask_py_run is entered once a thread and
 * then asks for one request after the other.
 */
#include "aides.h"
#include "gc_limits.h"
#include "glue.h"
#include "jit_params.h"
#include "options.h"
#include "services.h"
#include "sources.h"

#include <pypy_embed.h>

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The first Python that runs: enough to import the rest from the sources in this binary. */
static const char bootstrap[] =
    "from _bask import ffi, lib\n"
    "def _source(name):\n"
    "    view = lib.glue_source(name.encode())\n"
    "    return ffi.string(view.ptr).decode() if view.ptr else None\n"
    "exec(compile(_source('_importer'), '<bask>/_importer.py', 'exec'))\n"
    "def _bytecode(name):\n"
    "    view = lib.glue_bytecode(BYTECODE.encode(), name.encode())\n"
    "    return ffi.buffer(view.ptr, view.len)[:] if view.ptr else None\n"
    "install(_source, _bytecode)\n"
    "if lib.glue_settings().hosted:\n"
    "    from bask_pypy import hosted\n"
    "    hosted.begin(alone=not lib.glue_server_info().master_pid)\n"
    "import bask_pypy.border\n";

static const struct bask_host *host;
static struct pypy_embed *pypy;
static bool is_hosted;                   /* PyPy was in this process before the server was */
static char jit[1024], warmup_jit[1024]; /* parameters, checked */

const struct bask_request *
glue_next(struct bask_thread *thread)
{
    return host->next(thread);
}

int
glue_respond(const struct bask_request *request, const char *head, size_t head_len,
             uint32_t header_count, const char *body, size_t body_len)
{
    return host->respond(request, (bask_str){head, head_len}, header_count,
                         (bask_str){body, body_len});
}

int
glue_respond_file(const struct bask_request *request, const char *head, size_t head_len,
                  uint32_t header_count, int fd, int64_t offset, int64_t length)
{
    return host->respond_file(request, (bask_str){head, head_len}, header_count, fd, offset,
                              length);
}

int
glue_begin(const struct bask_request *request, const char *head, size_t head_len,
           uint32_t header_count)
{
    return host->begin(request, (bask_str){head, head_len}, header_count);
}

int
glue_write(const struct bask_request *request, const char *data, size_t len)
{
    return host->write(request, (bask_str){data, len});
}

int
glue_finish(const struct bask_request *request)
{
    return host->finish(request);
}

void
glue_abort(const struct bask_request *request, const char *head, size_t head_len,
           uint32_t header_count, const char *body, size_t body_len)
{
    host->abort(request, (bask_str){head, head_len}, header_count, (bask_str){body, body_len});
}

int
glue_headers_sent(const struct bask_request *request)
{
    return host->headers_sent(request);
}

int64_t
glue_read_body(const struct bask_request *request, char *buffer, size_t size)
{
    return host->read_body(request, buffer, size);
}

void
glue_log(int level, const char *line, size_t len)
{
    host->log(level, (bask_str){line, len});
}

uint32_t
glue_thread_index(const struct bask_thread *thread)
{
    return host->thread_index(thread);
}

const struct bask_server_info *
glue_server_info(void)
{
    return host->server_info();
}

int
glue_worker_info(uint32_t id, struct bask_worker_info *ret_info)
{
    return host->worker_info(id, ret_info);
}

uint32_t
glue_worker_id(void)
{
    return host->worker_id();
}

int
glue_listener_info(uint32_t id, bask_str *ret_name, bask_str *ret_port, int *ret_fd)
{
    return host->listener_info(id, ret_name, ret_port, ret_fd);
}

int
glue_option(const char *name, size_t index, bask_str *ret_value)
{
    return host->option(name, index, ret_value);
}

int
glue_option_given(size_t n, bask_str *ret_name)
{
    return host->option_given(n, ret_name);
}

void
glue_stop_worker(void)
{
    host->stop_worker();
}

int
glue_warmup_info(struct bask_warmup_info *ret_info)
{
    return host->warmup_info(ret_info);
}

void
glue_recycle(const char *why, size_t len)
{
    host->recycle((bask_str){why, len});
}

int
glue_set_user_harakiri(int64_t ms)
{
    return host->set_user_harakiri(ms);
}

void
glue_watch_idle(uint32_t after_ms, uint64_t requests)
{
    host->watch_idle(after_ms, requests);
}

int
glue_is_idle(struct bask_thread *thread)
{
    return host->is_idle(thread);
}

static void
copy_cut(char to[BASK_APP_TEXT], const char *text, size_t len)
{
    memcpy(to, text, len < BASK_APP_TEXT ? len : BASK_APP_TEXT - 1);
}

int
glue_add_app(const char *mountpoint, size_t mountpoint_len, const char *folder, size_t folder_len,
             int64_t load_ms)
{
    struct bask_app_info app = {
        .size = sizeof app, .loaded_at = (int64_t)time(NULL), .load_ms = load_ms};
    copy_cut(app.mountpoint, mountpoint, mountpoint_len);
    copy_cut(app.folder, folder, folder_len);
    return host->add_app(&app);
}

void
glue_serve_app(int id)
{
    host->serve_app(id);
}

int
glue_app_info(uint32_t worker_id, uint32_t id, struct bask_app_info *ret_info)
{
    return host->app_info(worker_id, id, ret_info);
}

int
glue_is_stopping(void)
{
    return host->is_stopping();
}

void
glue_occupied(void)
{
    host->occupied();
}

const struct bask_request *
glue_current(struct bask_thread *thread)
{
    return host->current(thread);
}

bask_str
glue_source(const char *name)
{
    for (const struct glue_source_row *row = glue_source_rows; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return (bask_str){row->text, row->len};
    return (bask_str){0};
}

bask_str
glue_bytecode(const char *interpreter, const char *name)
{
    for (const struct glue_bytecode_row *row = glue_bytecode_rows; row->interpreter; row++)
        if (strcmp(row->interpreter, interpreter) == 0 && strcmp(row->name, name) == 0)
            return (bask_str){row->code, row->len};
    return (bask_str){0};
}

bask_str
glue_key_name(int key_id)
{
    static const bask_str key_names[] = {
#define X(symbol, header, variable) {variable, sizeof variable - 1},
        BASK_ENVIRON_KEYS(X)
#undef X
    };
    return key_id >= 0 && key_id < BASK_KEY_COUNT ? key_names[key_id] : (bask_str){0};
}

bask_str
glue_method_name(int method_id)
{
    static const bask_str method_names[] = {
#define X(name) {#name, sizeof #name - 1},
        BASK_METHODS(X)
#undef X
    };
    return method_id >= 0 && method_id < BASK_METHOD_COUNT ? method_names[method_id]
                                                           : (bask_str){0};
}

static bask_str
str_of(const char *text)
{
    return (bask_str){text, strlen(text)};
}

const struct glue_settings *
glue_settings(void)
{
    static struct glue_settings settings;
    settings = (struct glue_settings){
        .home = str_of(pypy_embed_home(pypy)),
        .library = str_of(pypy_embed_library(pypy)),
        .module = pypy_options.module,
        .file = pypy_options.file,
        .callable = pypy_options.callable,
        .jit = str_of(jit),
        .warmup_jit = str_of(warmup_jit),
        .path_count = pypy_options.python_path.count,
        .stacks_signal = SIGRTMIN + 7, /* nobody's: an application may use SIGUSR1 and SIGUSR2 */
        .gc_idle = pypy_options.gc_idle,
        .hosted = is_hosted,
    };
    return &settings;
}

bask_str
glue_python_path(size_t index)
{
    return pypy_options.python_path.items[index].text;
}

static void
log_line(enum bask_log_level level, const char *text)
{
    host->log(level, str_of(text));
}

/* The one message for whoever has no PyPy, or another one than they think: a line for each thing
 * that was tried. */
static void
explain(const char *tried)
{
    fputs("bask: PyPy cannot be used. Tried:\n", stderr);
    while (*tried) {
        int len = (int)strcspn(tried, "\n");
        fprintf(stderr, "  %.*s\n", len, tried);
        tried += len + (tried[len] == '\n');
    }
    fputs("Install PyPy 3.9 or newer with its shared library (on Debian: apt-get install pypy3),\n"
          "or name one with --pypy-home DIR or --pypy-lib FILE.\n",
          stderr);
}

static bool
ends_in(bask_str s, const char *end)
{
    size_t len = strlen(end);
    return s.len > len && memcmp(s.ptr + s.len - len, end, len) == 0;
}

static bool
is_identifier_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || (unsigned char)c >= 0x80;
}

/* "package.module:callable", or a file. A bare word is a module only with its callable named, so
 * that a mistyped option is not taken for one. */
static bool
claims(bask_str argument)
{
    if (ends_in(argument, ".py") || ends_in(argument, ".wsgi")) {
        pypy_options.file = argument;
        return true;
    }
    const char *colon = argument.len ? memchr(argument.ptr, ':', argument.len) : NULL;
    if (!colon || colon == argument.ptr || colon == argument.ptr + argument.len - 1)
        return false;
    for (const char *at = argument.ptr; at < colon; at++)
        if (!is_identifier_byte(*at))
            return false;
    pypy_options.module = argument;
    return true;
}

static bool
wanted(void)
{
    return pypy_options.module.len || pypy_options.file.len || pypy_options.mounts.count ||
           pypy_options.dynamic_apps || pypy_options_ask_for_code();
}

/* Each is MOUNTPOINT=APP; the mountpoint may be empty. */
static int
check_mounts(void)
{
    for (size_t i = 0; i < pypy_options.mounts.count; i++) {
        const struct bask_value *mount = &pypy_options.mounts.items[i];
        const char *equals = mount->text.len ? memchr(mount->text.ptr, '=', mount->text.len) : NULL;
        if (equals && equals + 1 < mount->text.ptr + mount->text.len)
            continue;
        char error[1024];
        snprintf(error, sizeof error, "%.*s: --mount %.*s: expected MOUNTPOINT=APP",
                 BASK_FMT(mount->origin), BASK_FMT(mount->text));
        log_line(BASK_LOG_ERROR, error);
        return -1;
    }
    return 0;
}

static int
read_jit_params(void)
{
    char error[1024];
    if (!jit_params_join("pypy-jit", &pypy_options.jit, "", jit, sizeof jit, error, sizeof error) &&
        !jit_params_join("warmup-jit", &pypy_options.warmup_jit, PYPY_WARMUP_JIT, warmup_jit,
                         sizeof warmup_jit, error, sizeof error))
        return 0;
    log_line(BASK_LOG_ERROR, error);
    return -1;
}

static int
start_pypy(void)
{
    const char *homes[] = {pypy_options.home.len ? pypy_options.home.ptr : NULL, NULL};
    const char *argv[] = {pypy_options.file.len ? pypy_options.file.ptr : "bask"};
    struct pypy_embed_config config = {
        .library = pypy_options.lib.len ? pypy_options.lib.ptr : NULL,
        .homes = homes,
        .home_label = "--pypy-home",
        .argc = 1,
        .argv = argv,
    };
    char *error;
    if (pypy_embed_load(&config, &pypy, &error) || pypy_embed_start(pypy, &error)) {
        explain(error);
        pypy_embed_free_text(error);
        return -1;
    }
    return 0;
}

static int
init(const struct bask_host *functions)
{
    char *error;
    host = functions;
    const struct bask_server_info *server = host->server_info();
    services_init(functions);
    glue_aides_init(functions);
    gc_limits_set(server->memory_limit, server->workers);
    if (read_jit_params() || check_mounts() || (!pypy && start_pypy()))
        return -1;
    if (!pypy_embed_add_module(pypy, "_bask", (void *)_cffi_pypyinit__bask, bootstrap, &error))
        return bask_py_check();
    log_line(BASK_LOG_ERROR, "PyPy started, but Bask's Python half did not:");
    log_line(BASK_LOG_ERROR, error);
    pypy_embed_free_text(error);
    return -1;
}

/* A program that has PyPy called this server. It must not be forked behind PyPy's back. */
static int
attach(const struct bask_host *functions)
{
    host = functions;
    if (!dlsym(RTLD_DEFAULT, "rpython_startup_code"))
        return 0;
    if (start_pypy())
        return -1;
    if (pypy_options.home.len)
        log_line(BASK_LOG_INFO, "--pypy-home is not used: the calling program runs PyPy already");
    is_hosted = true;
    return 1;
}

static int
load(void)
{
    char *error;
    int apps = bask_py_load();
    if (!pypy_embed_check_process(&error))
        return apps;
    log_line(BASK_LOG_ERROR, error);
    pypy_embed_free_text(error);
    return -1;
}

static pid_t
fork_in_python(void)
{
    char *error;
    pid_t child = pypy_embed_fork(pypy, &error);
    if (child >= 0)
        return child;
    log_line(BASK_LOG_ERROR, error);
    pypy_embed_free_text(error);
    return -1;
}

static void
post_fork(void)
{
    bask_py_post_fork();
}

static void
run(struct bask_thread *thread)
{
    while (bask_py_run(thread))
        continue;
}

/* faulthandler walks the stacks of other threads without the interpreter's lock. While some thread
 * holds that lock for good nothing moves, and only then is it asked. */
static void
log_threads(int urgent)
{
    if (urgent)
        kill(getpid(), glue_settings()->stacks_signal);
    else
        bask_py_log_threads();
}

static void
fini(void)
{
    bask_py_fini();
    if (!pypy_options.skip_atexit && !pypy_options.skip_teardown)
        pypy_embed_end(pypy, NULL);
}

static int64_t
stage(enum bask_stage next)
{
    return bask_py_stage((int)next);
}

static int
aide(void)
{
    return bask_py_aide();
}

static bask_str
text(size_t n, bask_str *ret_name)
{
    const struct glue_source_row *row = &glue_source_rows[n];
    *ret_name = row->name ? str_of(row->name) : (bask_str){0};
    return (bask_str){row->text, row->len};
}

const struct bask_plugin bask_plugin_pypy = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof bask_plugin_pypy,
    .name = "pypy",
    .summary = "runs Python applications (WSGI) in PyPy",
    .options = &pypy_option_table,
    .claims = claims,
    .wanted = wanted,
    .init = init,
    .load = load,
    .fork = fork_in_python,
    .post_fork = post_fork,
    .run = run,
    .fini = fini,
    .stage = stage,
    .log_threads = log_threads,
    .attach = attach,
    .text = text,
    .jobs = BASK_JOBS(BASK_JOB_SIGNAL) | BASK_JOBS(BASK_JOB_CALL),
    .aide = aide,
    .abi_minor = BASK_ABI_MINOR,
};
