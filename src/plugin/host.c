/* The functions of struct bask_host, each a lock around what the request's connection does. */
#include "plugin/host.h"

#include "base/err.h"
#include "obs/log.h"
#include "svc/functions.h"
#include "svc/spool_packet.h"
#include "svc/svc.h"
#include "sys/bell.h"
#include "sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 200, COMPLAIN_US = 10000000 };

static struct bask_host_setup host;
static _Thread_local struct bask_thread *current; /* the calling application thread */
/* The applications of this process: in memory of its own until it has a seat. */
static struct bask_app_list *applications;

void
bask_host_set_up(const struct bask_host_setup *setup)
{
    host = *setup;
}

void
bask_host_limit(struct bask_host_limits limits)
{
    host.limits = limits;
}

void
bask_host_serve_signals(struct bask_host_signals signals)
{
    host.signals = signals;
}

int
bask_host_wait_signal(void)
{
    const struct bask_host_signals *signals = &host.signals;
    const struct bask_req *req = bask_host_present();
    uint32_t turn;
    if (!req)
        return BASK_E_STATE;
    if (!signals->take)
        return BASK_E_NOTFOUND;
    bask_crew_lock(host.crew);
    signals->begin_wait(signals->context);
    int number = signals->take(signals->context, &turn);
    while (number == BASK_E_NOTFOUND) {
        bask_crew_unlock(host.crew);
        signals->wait(signals->context, turn);
        bask_crew_lock(host.crew);
        number = req->cut ? BASK_E_TIMEOUT : signals->take(signals->context, &turn);
    }
    if (number >= 0)
        bask_board_add(&current->board->signals, 1);
    signals->end_wait(signals->context);
    bask_crew_unlock(host.crew);
    return number;
}

void
bask_host_enter(struct bask_thread *thread)
{
    if (current)
        bask_host_websocket_free(&current->websocket);
    current = thread;
}

int64_t
bask_host_harakiri_us(void)
{
    return host.limits.harakiri_us;
}

int
bask_host_transfer_ms(void)
{
    return host.transfer_ms;
}

struct bask_crew *
bask_host_crew(void)
{
    return host.crew;
}

const struct bask_line_format *
bask_host_lines(void)
{
    return host.lines;
}

struct bask_thread *
bask_host_thread(void)
{
    return current;
}

static struct bask_req *
req_of(const struct bask_request *request)
{
    return (struct bask_req *)request; /* `pub` is the first member */
}

/* What is served, for whoever has to explain a crash or a request that was cut off. */
static void
note_line(struct bask_board_thread *board, const struct bask_request *pub)
{
    char *line = board->line;
    size_t room = sizeof board->line - 1;
    size_t method = pub->method.len < 24 ? pub->method.len : 24;
    if (method)
        memcpy(line, pub->method.ptr, method);
    line[method++] = ' ';
    size_t uri = pub->uri.len < room - method ? pub->uri.len : room - method;
    if (uri) /* a gateway may leave it out */
        memcpy(line + method, pub->uri.ptr, uri);
    line[method + uri] = '\0';
}

/* What a thread gets: a request, or NULL and perhaps a job. */
static const struct bask_request *
take(struct bask_thread *thread)
{
    struct bask_board_thread *board = thread->board;
    struct bask_req *req = bask_crew_next(host.crew, &thread->idle);
    if (!req)
        return NULL;
    req->thread = thread;
    req->thread_index = thread->index;
    thread->req = req;
    thread->app = 0;
    note_line(board, &req->pub);
    int64_t now = bask_clock_coarse_us();
    atomic_store_explicit(&board->busy_since_us, now, memory_order_relaxed);
    if (host.limits.harakiri_us && req->job.kind != BASK_JOB_SIGNAL)
        atomic_store_explicit(&board->deadline_us, now + host.limits.harakiri_us,
                              memory_order_release);
    if (req->job.kind) {
        if (req->job.kind == BASK_JOB_SIGNAL)
            atomic_store_explicit(&board->signal, req->job.number + 1, memory_order_relaxed);
        thread->job = &req->job;
        thread->app = applications ? -1 : 0;
        return NULL;
    }
    return &req->pub;
}

/* Row 0 stands for no application: what the first one answered is the rest. */
static void
count_app(int app, bool failed)
{
    struct bask_app_row *row = &applications->rows[app < 0 ? 0 : app];
    bask_board_add(&row->requests, 1);
    if (failed)
        bask_board_add(&row->exceptions, 1);
}

/* The thread has done what it took. With the lock. */
static void
come_back(struct bask_thread *thread)
{
    struct bask_board_thread *board = thread->board;
    int64_t since = atomic_load_explicit(&board->busy_since_us, memory_order_relaxed);
    bask_board_add(&board->busy_us, (uint64_t)(bask_clock_coarse_us() - since));
    atomic_store_explicit(&board->busy_since_us, 0, memory_order_relaxed);
    if (atomic_load_explicit(&board->deadline_us, memory_order_relaxed))
        atomic_store_explicit(&board->deadline_us, 0, memory_order_relaxed);
    if (thread->websocket)
        bask_host_websocket_free(&thread->websocket);
    bask_crew_done(host.crew);
}

/* Notes an answered request. Called with the lock, while the request is still there. */
static void
count(struct bask_thread *thread, uint64_t bytes, bool failed)
{
    struct bask_board_thread *board = thread->board;
    bask_board_add(&board->requests, 1);
    bask_board_add(&board->tx_bytes, bytes);
    if (thread->app)
        count_app(thread->app, failed);
    come_back(thread);
    if (host.limits.requests && --host.limits.requests == 0)
        host.limits.recycle(host.limits.context, BASK_STR("max-requests"));
}

/* What a call for a client came to: it may have left, or be too slow. */
static void
count_error(_Atomic uint64_t *errors, ssize_t result)
{
    if (result == BASK_E_CLOSED || result == BASK_E_TIMEOUT)
        bask_board_add(errors, 1);
}

static int
host_respond(const struct bask_request *request, bask_str head, uint32_t header_count,
             bask_str body)
{
    struct bask_req *req = req_of(request);
    struct bask_thread *thread = req->thread;
    bask_crew_lock(host.crew);
    int err = req->io->respond(req, head, header_count, body);
    if (err != BASK_E_SYNTAX)
        count(thread, head.len + body.len, false);
    if (err)
        count_error(&thread->board->write_errors, err);
    bask_crew_unlock(host.crew);
    return err;
}

static int
host_respond_file(const struct bask_request *request, bask_str head, uint32_t header_count, int fd,
                  int64_t offset, int64_t length)
{
    struct bask_req *req = req_of(request);
    struct bask_thread *thread = req->thread;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return BASK_E_SYSTEM;
    bask_crew_lock(host.crew);
    int err = bask_req_respond_file(req, head, header_count, copy, offset, length);
    if (err != BASK_E_SYNTAX)
        count(thread, head.len + (uint64_t)length, false);
    count_error(&thread->board->write_errors, err);
    bask_crew_unlock(host.crew);
    return err;
}

static int
host_begin(const struct bask_request *request, bask_str head, uint32_t header_count)
{
    struct bask_req *req = req_of(request);
    bask_crew_lock(host.crew);
    int err = req->io->begin(req, head, header_count);
    bask_crew_unlock(host.crew);
    return err;
}

int
bask_host_wait(struct bask_req *req, short events)
{
    bask_crew_lock(host.crew);
    struct pollfd poller = {.fd = req->io->descriptor(req), .events = events};
    int err = req->io->waits ? req->io->waits(req, events) : BASK_OK;
    bask_crew_unlock(host.crew);
    if (err)
        return err;
    return poll(&poller, 1, WAIT_MS) < 0 && errno != EINTR ? BASK_E_CLOSED : BASK_OK;
}

static int
host_write(const struct bask_request *request, bask_str data)
{
    struct bask_req *req = req_of(request);
    for (;;) {
        bask_crew_lock(host.crew);
        int err = req->io->write(req, data);
        count_error(&req->thread->board->write_errors, err);
        bask_crew_unlock(host.crew);
        if (err != BASK_E_AGAIN)
            return err;
        if ((err = bask_host_wait(req, POLLOUT)))
            return err;
        data = (bask_str){0};
    }
}

static int
host_finish(const struct bask_request *request)
{
    struct bask_req *req = req_of(request);
    struct bask_thread *thread = req->thread;
    bask_crew_lock(host.crew);
    uint64_t bytes = req->response.head.len + (uint64_t)req->response.taken;
    int err = req->io->finish(req);
    count(thread, bytes, false);
    count_error(&thread->board->write_errors, err);
    bask_crew_unlock(host.crew);
    return err;
}

static const struct bask_request *
host_current(struct bask_thread *thread)
{
    bool open = atomic_load_explicit(&thread->board->busy_since_us, memory_order_relaxed) != 0;
    return open ? &thread->req->pub : NULL;
}

static void
host_abort(const struct bask_request *request, bask_str head, uint32_t header_count, bask_str body)
{
    struct bask_req *req = req_of(request);
    struct bask_thread *thread = current ? current : req->thread;
    if (!thread || host_current(thread) != request)
        return;
    bask_crew_lock(host.crew);
    req->io->abort(req, head, header_count, body);
    if (head.ptr)
        bask_board_add(&thread->board->exceptions, 1);
    count(thread, head.len + body.len, head.ptr != NULL);
    if (head.ptr && host.limits.exceptions)
        host.limits.recycle(host.limits.context, BASK_STR("reload-on-exception"));
    bask_crew_unlock(host.crew);
}

static int
host_headers_sent(const struct bask_request *request)
{
    return req_of(request)->response.head_sent;
}

static ssize_t
host_read_body(const struct bask_request *request, char *buffer, size_t size)
{
    struct bask_req *req = req_of(request);
    for (;;) {
        bask_crew_lock(host.crew);
        ssize_t n = req->io->read_body(req, buffer, size);
        count_error(&req->thread->board->read_errors, n);
        bask_crew_unlock(host.crew);
        if (n != BASK_E_AGAIN)
            return n;
        int err = bask_host_wait(req, POLLIN);
        if (err)
            return err;
    }
}

static void
host_log(enum bask_log_level level, bask_str line)
{
    bask_log(level, "%.*s", BASK_FMT(line));
}

static uint32_t
host_thread_index(const struct bask_thread *thread)
{
    return thread->index;
}

static const struct bask_server_info *
host_server_info(void)
{
    return &host.info;
}

static int
host_worker_info(uint32_t id, struct bask_worker_info *ret_info)
{
    struct bask_worker_info info;
    uint32_t size = ret_info->size;
    int err = bask_board_read(host.board, id, &info);
    if (err)
        return err;
    info.size = size < sizeof info ? size : (uint32_t)sizeof info;
    memcpy(ret_info, &info, info.size);
    return BASK_OK;
}

static int
host_warmup_info(struct bask_warmup_info *ret_info)
{
    struct bask_warmup_info info;
    uint32_t size = ret_info->size;
    int err = bask_board_read_warmup(host.board, &info);
    if (err)
        return err;
    info.size = size < sizeof info ? size : (uint32_t)sizeof info;
    memcpy(ret_info, &info, info.size);
    return BASK_OK;
}

static uint32_t
host_worker_id(void)
{
    return host.worker_id;
}

static int
host_listener_info(uint32_t id, bask_str *ret_name, bask_str *ret_server_port, int *ret_fd)
{
    if (id >= host.info.listeners)
        return BASK_E_NOTFOUND;
    *ret_name = host.listeners[id].name;
    *ret_server_port = host.listeners[id].port;
    *ret_fd = host.listeners[id].fd;
    return BASK_OK;
}

static int
host_option(const char *name, size_t index, bask_str *ret_value)
{
    return bask_conf_get(host.conf, bask_str_of(name), index, ret_value);
}

static int
host_option_given(size_t n, bask_str *ret_name)
{
    bask_str name = bask_conf_given(host.conf, n);
    if (!name.ptr)
        return BASK_E_NOTFOUND;
    *ret_name = name;
    return BASK_OK;
}

static void
host_stop_worker(void)
{
    kill(getpid(), SIGHUP); /* as the master asks for it */
}

static void
host_recycle(bask_str why)
{
    if (!host.limits.recycle)
        return; /* in a zygote: there is nothing to replace yet */
    bask_crew_lock(host.crew);
    host.limits.recycle(host.limits.context, why);
    bask_crew_unlock(host.crew);
}

/* When the time of a request is up that came at `since`. */
static int64_t
deadline_of(int64_t since, int64_t own_ms)
{
    int64_t usual = host.limits.harakiri_us ? since + host.limits.harakiri_us : 0;
    int64_t own = own_ms > 0 ? bask_clock_coarse_us() + own_ms * 1000 : 0;
    return own && (!usual || own < usual) ? own : usual;
}

static int
host_set_user_harakiri(int64_t ms)
{
    if (!current || !host.limits.deadline)
        return BASK_E_STATE;
    struct bask_board_thread *board = current->board;
    int err = BASK_E_STATE;
    bask_crew_lock(host.crew);
    int64_t since = atomic_load_explicit(&board->busy_since_us, memory_order_relaxed);
    if (since && !current->req->cut) {
        int64_t at = deadline_of(since, ms);
        atomic_store_explicit(&board->deadline_us, at, memory_order_release);
        if (at)
            host.limits.deadline(host.limits.context, at);
        err = BASK_OK;
    }
    bask_crew_unlock(host.crew);
    return err;
}

static void
host_watch_idle(uint32_t after_ms, uint64_t requests)
{
    if (!host.crew)
        return;
    bask_crew_lock(host.crew);
    bask_crew_watch_idle(host.crew, after_ms < INT_MAX ? (int)after_ms : INT_MAX, requests);
    bask_crew_unlock(host.crew);
}

static int
host_is_stopping(void)
{
    return atomic_load(&host.board->server->stopping) != 0;
}

static void
host_occupied(void)
{
    for (uint32_t side = 0; side < BASK_PLACES; side++) {
        struct bask_board_place *place =
            bask_board_place(host.board, (struct bask_seat){host.worker_id, side});
        if (atomic_load(&place->pid) == getpid())
            atomic_store(&place->accepting, 1);
    }
    bask_bell_ring(host.board->bell);
}

static int
host_is_idle(struct bask_thread *thread)
{
    bool idle = thread->idle;
    thread->idle = false;
    return idle;
}

static int
host_add_app(const struct bask_app_info *app)
{
    if (!host.apps)
        return BASK_E_STATE;
    if (!applications)
        applications = calloc(1, bask_apps_list_size(host.apps->max));
    return applications ? bask_app_list_add(applications, host.apps->max, app) : BASK_E_NOMEM;
}

void
bask_host_take_seat(struct bask_seat seat)
{
    struct bask_app_list *before = applications;
    applications = bask_apps_list(host.apps, seat);
    if (!before)
        return;
    bask_app_list_begin(applications, before);
    free(before);
}

static void
host_serve_app(int id)
{
    bool inside =
        current && atomic_load_explicit(&current->board->busy_since_us, memory_order_relaxed);
    if (inside && applications && id < (int)atomic_load(&applications->count))
        current->app = current->req->app = id;
}

static int
host_app_info(uint32_t worker_id, uint32_t id, struct bask_app_info *ret_info)
{
    struct bask_app_info info;
    uint32_t size = ret_info->size;
    if (!host.apps)
        return BASK_E_NOTFOUND;
    int err = bask_apps_read(host.apps, host.board, worker_id, id, &info);
    if (err)
        return err;
    info.size = size < sizeof info ? size : (uint32_t)sizeof info;
    memcpy(ret_info, &info, info.size);
    return BASK_OK;
}

static const struct {
    const char *name;
    const void *functions;
} services[] = {
    {"request", &bask_host_request_service},
    {"stream", &bask_host_stream_service},
    {"websocket", &bask_host_websocket_service},
};

/* What is about requests is the host's; the rest is not. */
static const void *
host_service(const char *name)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (strcmp(name, services[i].name) == 0)
            return services[i].functions;
    return bask_svc_find(name);
}

static const struct bask_job *
host_job(struct bask_thread *thread)
{
    const struct bask_job *job = thread->job;
    thread->job = NULL;
    return job;
}

static void
host_end_job(const struct bask_job *job, int failed, bask_str answer)
{
    struct bask_req *req = BASK_CONTAINER(job, struct bask_req, job);
    struct bask_thread *thread = req->thread;
    bool is_call = job->kind != BASK_JOB_SIGNAL; /* somebody waits for an answer */
    bask_crew_lock(host.crew);
    if (failed)
        bask_board_add(&thread->board->exceptions, 1);
    if (failed && !is_call && applications)
        bask_board_add(&applications->rows[0].exceptions, 1); /* no application's */
    if (!is_call) {
        bask_board_add(&thread->board->signals, 1);
        atomic_store_explicit(&thread->board->signal, 0, memory_order_relaxed);
    }
    req->io->end_job(req, failed, answer); /* the job is gone */
    if (is_call)
        count(thread, answer.len, failed);
    else
        come_back(thread);
    bask_crew_unlock(host.crew);
}

/* What is wrong with the disk everybody who sends a task would hear of: now and then is enough. */
static void
complain_of_task(const char *why)
{
    static _Atomic int64_t complained_us;
    int64_t now = bask_clock_us(), before = atomic_load(&complained_us);
    if ((!before || now - before >= COMPLAIN_US) &&
        atomic_compare_exchange_strong(&complained_us, &before, now))
        bask_log(BASK_LOG_ERROR, "a task that came over the network is not kept: %s", why);
}

static void
keep_task(struct bask_thread *thread)
{
    const struct bask_job *job = thread->job;
    char error[512];
    int err = bask_spool_put_packet(job->items, error, sizeof error);
    bool refused = err == BASK_E_SYNTAX || err == BASK_E_NOTFOUND || err == BASK_E_LIMIT;
    if (err && !refused)
        complain_of_task(error);
    thread->job = NULL;
    host_end_job(job, err && !refused, err ? (bask_str){0} : BASK_STR("kept"));
}

/* A task, or a call of a function that is not the plugin's: it is done here, by the thread that
 * took it, and needs nothing of the plugin. */
static bool
answer_here(struct bask_thread *thread)
{
    const struct bask_job *job = thread->job;
    bool plugin_takes_calls = host.jobs & BASK_JOBS(BASK_JOB_CALL);
    if (job->kind == BASK_JOB_TASK) {
        keep_task(thread);
        return true;
    }
    if (job->kind != BASK_JOB_CALL || (plugin_takes_calls && !bask_functions_are_direct(job->name)))
        return false;
    bask_str result = {0};
    int err = bask_functions_answer(job->name, job->items, &result);
    thread->job = NULL;
    host_end_job(job, err && err != BASK_E_NOTFOUND, result);
    free((char *)result.ptr);
    return true;
}

static const struct bask_request *
host_next(struct bask_thread *thread)
{
    const struct bask_request *request;
    do
        request = take(thread);
    while (!request && thread->job && answer_here(thread));
    return request;
}

const struct bask_host bask_host_functions = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof bask_host_functions,
    .next = host_next,
    .respond = host_respond,
    .respond_file = host_respond_file,
    .begin = host_begin,
    .write = host_write,
    .finish = host_finish,
    .abort = host_abort,
    .headers_sent = host_headers_sent,
    .read_body = host_read_body,
    .log = host_log,
    .thread_index = host_thread_index,
    .server_info = host_server_info,
    .worker_info = host_worker_info,
    .worker_id = host_worker_id,
    .listener_info = host_listener_info,
    .option = host_option,
    .option_given = host_option_given,
    .stop_worker = host_stop_worker,
    .warmup_info = host_warmup_info,
    .recycle = host_recycle,
    .set_user_harakiri = host_set_user_harakiri,
    .watch_idle = host_watch_idle,
    .is_idle = host_is_idle,
    .add_app = host_add_app,
    .serve_app = host_serve_app,
    .app_info = host_app_info,
    .is_stopping = host_is_stopping,
    .occupied = host_occupied,
    .current = host_current,
    .service = host_service,
    .job = host_job,
    .end_job = host_end_job,
};
