/*
 * An application host in C, without an interpreter: the core, its sanitizers, fuzzers and
 * benchmarks run on it.
 *
 *   GET  anything       "Hello, World!"
 *   GET  /bytes/N       N bytes
 *   GET  /stream/N      N pieces of 1024 bytes, each written on its own
 *   GET  /sleep/N       answers after N milliseconds, holding its thread
 *   GET  /env           the request's variables, one a line
 *   GET  /fail          as an application that raises
 *   GET  /fail-late     the same after the first bytes of the body
 *   GET  /short         promises more bytes than it gives
 *   GET  /long          gives more bytes than it promises
 *   GET  /split         a header with a line break in its value
 *   GET  /crash         aborts the process
 *   GET  /websocket     sends each message back; "close" and "fail" do so, "big" gets a megabyte
 *   GET  /raw           takes the connection over and sends back what comes, until "end"
 *   GET  /alarm/NAME    raises that alarm; what it says is the query
 *   POST anything       the request's body
 *   GET  /mule/N        a message "hello" to mule N, 0: to any; its answer is a line in the log
 *   GET  /spool         a task for the spooler, whose answer is the same
 *   GET  /signal/N      raises signal N, see define_signals
 *   GET  /wait-signal   waits for a signal; its number, or why there is none
 *
 * A mule sleeps for a message "sleep", and aborts for "crash".
 */
#include <bask/plugin.h>
#include <bask/service_aide.h>
#include <bask/service_alarm.h>
#include <bask/service_mule.h>
#include <bask/service_request.h>
#include <bask/service_signal.h>
#include <bask/service_spool.h>
#include <bask/service_stream.h>
#include <bask/service_websocket.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BIG = 1 << 20, INTERRUPTED = -6 };

static const struct bask_host *host;

static const bask_str ok_head = {"200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n",
                                 54};
static const bask_str text_head = {"200 OK\r\nContent-Type: text/plain\r\n", 34};
static const bask_str failed_head = {"500 Internal Server Error\r\nContent-Type: text/plain\r\n",
                                     53};
static const bask_str failed_body = {"Internal Server Error\n", 22};

static void
hello(const struct bask_request *request)
{
    host->respond(request, ok_head, 2, BASK_STR("Hello, World!"));
}

static void
fail(const struct bask_request *request)
{
    host->abort(request, failed_head, 1, failed_body);
}

/* The number after `prefix` in the path; 0 if there is none. */
static size_t
number_after(const struct bask_request *request, bask_str prefix)
{
    size_t number = 0;
    for (size_t i = prefix.len; i < request->path.len && i < prefix.len + 9; i++) {
        if (request->path.ptr[i] < '0' || request->path.ptr[i] > '9')
            return 0;
        number = number * 10 + (size_t)(request->path.ptr[i] - '0');
    }
    return number;
}

static void
bytes(const struct bask_request *request)
{
    size_t n = number_after(request, BASK_STR("/bytes/"));
    char *body = malloc(n + 1);
    if (!body) {
        fail(request);
        return;
    }
    memset(body, 'x', n);
    host->respond(request, text_head, 1, (bask_str){body, n});
    free(body);
}

static void
stream(const struct bask_request *request)
{
    char piece[1024];
    size_t n = number_after(request, BASK_STR("/stream/"));
    memset(piece, 's', sizeof piece);
    host->begin(request, text_head, 1);
    while (n-- > 0)
        if (host->write(request, (bask_str){piece, sizeof piece}))
            break;
    host->finish(request);
}

static void
sleep_first(const struct bask_request *request)
{
    size_t ms = number_after(request, BASK_STR("/sleep/"));
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left))
        continue;
    hello(request);
}

static void
put(char **at, const char *end, bask_str key, bask_str value)
{
    int n = snprintf(*at, (size_t)(end - *at), "%.*s=%.*s\n", BASK_FMT(key), BASK_FMT(value));
    if (n > 0 && n < end - *at)
        *at += n;
}

static void
environment(const struct bask_request *request)
{
    static const bask_str names[] = {
#define X(symbol, header, variable) {variable, sizeof variable - 1},
        BASK_ENVIRON_KEYS(X)
#undef X
    };
    char text[65536], number[24], *at = text;
    const char *end = text + sizeof text;
    snprintf(number, sizeof number, "%" PRId64, request->content_length);
    put(&at, end, BASK_STR("REQUEST_METHOD"), request->method);
    put(&at, end, BASK_STR("REQUEST_URI"), request->uri);
    put(&at, end, BASK_STR("PATH_INFO"), request->path);
    put(&at, end, BASK_STR("QUERY_STRING"), request->query);
    put(&at, end, BASK_STR("SCRIPT_NAME"), request->script_name);
    put(&at, end, BASK_STR("SERVER_PROTOCOL"), request->protocol);
    put(&at, end, BASK_STR("scheme"), request->scheme);
    put(&at, end, BASK_STR("REMOTE_ADDR"), request->remote_addr);
    put(&at, end, BASK_STR("CONTENT_TYPE"), request->content_type);
    put(&at, end, BASK_STR("CONTENT_LENGTH"), (bask_str){number, strlen(number)});
    if (request->host.ptr)
        put(&at, end, BASK_STR("HTTP_HOST"), request->host);
    for (uint32_t i = 0; i < request->pair_count; i++) {
        const struct bask_pair *pair = &request->pairs[i];
        put(&at, end, pair->key_id < 0 ? pair->key : names[pair->key_id], pair->value);
    }
    host->respond(request, text_head, 1, (bask_str){text, (size_t)(at - text)});
}

static void
fail_late(const struct bask_request *request)
{
    host->begin(request, text_head, 1);
    host->write(request, BASK_STR("the first half"));
    fail(request);
}

static void
short_body(const struct bask_request *request)
{
    const bask_str head = BASK_STR("200 OK\r\nContent-Length: 100\r\n");
    host->respond(request, head, 1, BASK_STR("too short"));
}

static void
long_body(const struct bask_request *request)
{
    const bask_str head = BASK_STR("200 OK\r\nContent-Length: 4\r\n");
    host->respond(request, head, 1, BASK_STR("fourteen bytes"));
}

static void
split_header(const struct bask_request *request)
{
    const bask_str head = BASK_STR("200 OK\r\nX-Name: a\r\nSet-Cookie: stolen=1\r\n");
    if (host->respond(request, head, 1, BASK_STR("")))
        fail(request);
}

static void
crash(const struct bask_request *request)
{
    (void)request;
    abort();
}

static void
to_mule(const struct bask_request *request)
{
    char error[256];
    const struct bask_service_mule *mule = host->service("mule");
    uint32_t id = (uint32_t)number_after(request, BASK_STR("/mule/"));
    bask_str message = request->query.len ? request->query : BASK_STR("hello");
    if (mule->send(id, message, error, sizeof error))
        fail(request);
    else
        hello(request);
}

static void
raise_signal(const struct bask_request *request)
{
    char error[256];
    const struct bask_service_signal *signals = host->service("signal");
    uint32_t number = (uint32_t)number_after(request, BASK_STR("/signal/"));
    if (signals->raise(number, error, sizeof error))
        fail(request);
    else
        hello(request);
}

static void
wait_signal(const struct bask_request *request)
{
    const struct bask_service_request *present = host->service("request");
    char text[24];
    int number = present->wait_signal();
    snprintf(text, sizeof text, "%d", number);
    host->respond(request, text_head, 1, (bask_str){text, strlen(text)});
}

static void
to_spooler(const struct bask_request *request)
{
    char path[BASK_SPOOL_PATH], error[256];
    const struct bask_service_spool *spool = host->service("spool");
    struct bask_spool_order order = {
        .size = sizeof order, .items = {"\1\0k\1\0v", 6}, .body = request->query};
    if (spool->put(&order, path, error, sizeof error))
        fail(request);
    else
        hello(request);
}

static void
raise_alarm(const struct bask_request *request)
{
    const struct bask_service_alarm *alarms = host->service("alarm");
    bask_str name = request->path;
    name.ptr += sizeof "/alarm/" - 1;
    name.len -= sizeof "/alarm/" - 1;
    if (alarms->raise(name, request->query))
        fail(request);
    else
        hello(request);
}

static void
echo(const struct bask_request *request)
{
    char piece[65536];
    if (request->body_left == 0) {
        host->respond(request, text_head, 1, request->body);
        return;
    }
    host->begin(request, text_head, 1);
    int err = host->write(request, request->body);
    while (!err) {
        ssize_t n = host->read_body(request, piece, sizeof piece);
        if (n < 0) {
            fail(request);
            return;
        }
        if (n == 0)
            break;
        err = host->write(request, (bask_str){piece, (size_t)n});
    }
    host->finish(request);
}

static bool
is_word(bask_str data, const char *word)
{
    return data.len == strlen(word) && memcmp(data.ptr, word, data.len) == 0;
}

static int
send_back(const struct bask_service_websocket *sockets, struct bask_websocket_message *message,
          char *error, size_t error_size)
{
    if (is_word(message->data, "close"))
        return sockets->close(4000, BASK_STR("as you wish"), error, error_size);
    if (!is_word(message->data, "big"))
        return sockets->send(message->data, (int)message->is_text, error, error_size);
    char *big = calloc(1, BIG);
    int err = big ? sockets->send((bask_str){big, BIG}, 0, error, error_size) : -1;
    free(big);
    return err;
}

static void
websocket(const struct bask_request *request)
{
    const struct bask_service_websocket *sockets = host->service("websocket");
    struct bask_websocket_message message = {.size = sizeof message};
    char error[256];
    bask_str none = {0};
    if (sockets->handshake(none, none, none, error, sizeof error)) {
        host->respond(request, BASK_STR("426 Upgrade Required\r\n"), 0,
                      (bask_str){error, strlen(error)});
        return;
    }
    int err;
    while (!(err = sockets->receive(1, &message, error, sizeof error)) || err == INTERRUPTED) {
        if (err)
            continue;
        if (is_word(message.data, "fail")) {
            fail(request);
            return;
        }
        if (send_back(sockets, &message, error, sizeof error))
            break;
    }
    host->finish(request);
}

static void
raw_stream(const struct bask_request *request)
{
    static const struct bask_farewells farewells = {
        .done = {"done\n", 5}, .failed = {"failed\n", 7}, .away = {"away\n", 5}};
    const struct bask_service_stream *stream = host->service("stream");
    char buffer[4096];
    ssize_t n = stream->take(BASK_STR("101 Raw\r\nUpgrade: raw\r\n"), 1, &farewells);
    if (n) {
        fail(request);
        return;
    }
    while ((n = stream->read(buffer, sizeof buffer, 10000)) > 0 || n == INTERRUPTED) {
        if (n == INTERRUPTED)
            continue;
        if (n >= 3 && memcmp(buffer + n - 3, "end", 3) == 0)
            break;
        if (stream->write((bask_str){buffer, (size_t)n}, 0))
            break;
    }
    host->finish(request);
}

static const struct {
    bask_str prefix;
    void (*answer)(const struct bask_request *);
} routes[] = {
    {{"/bytes/", 7}, bytes},
    {{"/stream/", 8}, stream},
    {{"/sleep/", 7}, sleep_first},
    {{"/env", 4}, environment},
    {{"/fail-late", 10}, fail_late},
    {{"/fail", 5}, fail},
    {{"/short", 6}, short_body},
    {{"/long", 5}, long_body},
    {{"/split", 6}, split_header},
    {{"/crash", 6}, crash},
    {{"/mule/", 6}, to_mule},
    {{"/spool", 6}, to_spooler},
    {{"/websocket", 10}, websocket},
    {{"/raw", 4}, raw_stream},
    {{"/signal/", 8}, raise_signal},
    {{"/alarm/", 7}, raise_alarm},
    {{"/wait-signal", 12}, wait_signal},
};

static void
answer(const struct bask_request *request)
{
    if (request->method_id == BASK_METHOD_POST || request->method_id == BASK_METHOD_PUT) {
        echo(request);
        return;
    }
    if (request->path.len > 1)
        for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
            if (request->path.len >= routes[i].prefix.len &&
                memcmp(request->path.ptr, routes[i].prefix.ptr, routes[i].prefix.len) == 0) {
                routes[i].answer(request);
                return;
            }
    hello(request);
}

static int
init(const struct bask_host *functions)
{
    host = functions;
    return 0;
}

/* Signal 1 is for any worker, 2 for all, 3 for any mule, 4 for all mules, 5 for any spooler. */
static int
define_signals(void)
{
    static const bask_str targets[] = {
        {"worker", 6}, {"workers", 7}, {"mule", 4}, {"mules", 5}, {"spooler", 7}};
    char error[256];
    const struct bask_service_signal *signals = host->service("signal");
    const struct bask_service_mule *mule = host->service("mule");
    const struct bask_service_spool *spool = host->service("spool");
    bask_str folder;
    for (uint32_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        bool there = i < 2 || (i < 4 ? mule->count() > 0 : spool->spooler(0, &folder) >= 0);
        if (there && signals->define(i + 1, targets[i], error, sizeof error))
            return -1;
    }
    return 1;
}

static int
load(void)
{
    return host->server_info()->master_pid ? define_signals() : 1;
}

/* The function "echo" answers with its arguments as they came, "big" with a megabyte. */
static void
do_job(const struct bask_job *job)
{
    if (job->kind == BASK_JOB_SIGNAL) {
        char line[32];
        int n = snprintf(line, sizeof line, "null: signal %u", job->number);
        host->log(BASK_LOG_INFO, (bask_str){line, (size_t)n});
        host->end_job(job, 0, (bask_str){0});
        return;
    }
    bask_str result = {0};
    char *big = NULL;
    if (job->name.len == 4 && memcmp(job->name.ptr, "echo", 4) == 0)
        result = job->items;
    else if (job->name.len == 3 && memcmp(job->name.ptr, "big", 3) == 0 && (big = malloc(BIG)))
        result = (bask_str){memset(big, 'b', BIG), BIG};
    host->end_job(job, 0, result);
    free(big);
}

static void
run(struct bask_thread *thread)
{
    const struct bask_request *request;
    const struct bask_job *job;
    for (;;) {
        if ((request = host->next(thread)))
            answer(request);
        else if ((job = host->job(thread)))
            do_job(job);
        else
            return;
    }
}

static volatile sig_atomic_t ends;

static void
on_end(int number)
{
    (void)number;
    ends = 1;
}

static void
say(const char *what, bask_str text)
{
    const struct bask_service_aide *aide = host->service("aide");
    char line[256];
    int n = snprintf(line, sizeof line, "null: %s %u: %.*s", what, aide->id(), BASK_FMT(text));
    host->log(BASK_LOG_INFO, (bask_str){line, (size_t)n});
}

/* It only ends a wait. */
static void
on_look(int number)
{
    (void)number;
}

static void
do_signals(const struct bask_service_aide *aide)
{
    char text[24];
    int number;
    while ((number = aide->take_signal()) >= 0) {
        snprintf(text, sizeof text, "signal %d", number);
        say(aide->role() == BASK_ROLE_MULE ? "mule" : "spooler", (bask_str){text, strlen(text)});
    }
}

static void
do_message(const struct bask_service_aide *aide, bask_str message)
{
    aide->begin();
    say("mule", message);
    if (message.len == 5 && memcmp(message.ptr, "sleep", 5) == 0)
        sleep(60);
    if (message.len == 5 && memcmp(message.ptr, "crash", 5) == 0)
        abort();
    aide->done();
}

static void
do_tasks(const struct bask_service_aide *aide)
{
    const struct bask_service_spool *spool = host->service("spool");
    struct bask_spool_task task = {.size = sizeof task};
    while (!ends && !spool->take(&task)) {
        aide->begin();
        say("spooler", task.body);
        if (task.body.len == 5 && memcmp(task.body.ptr, "crash", 5) == 0)
            abort();
        spool->finish(&task, 1);
        aide->done();
    }
}

/* False: there was no message in time. */
static bool
wait_for_message(const struct bask_service_aide *aide, int timeout_ms)
{
    char message[1024];
    size_t len;
    if (aide->receive(BASK_FROM_OWN | BASK_FROM_FARMS, -1, timeout_ms, message, sizeof message,
                      &len))
        return false;
    if (aide->role() == BASK_ROLE_MULE)
        do_message(aide, (bask_str){message, len});
    return true;
}

/* What still waits when the whole server stops nobody else would do. */
static int
be_aide(void)
{
    const struct bask_service_aide *aide = host->service("aide");
    signal(SIGHUP, on_end);
    signal(SIGINT, on_end);
    signal(SIGTSTP, on_look);
    while (!ends) {
        do_signals(aide);
        if (aide->role() == BASK_ROLE_SPOOLER)
            do_tasks(aide);
        wait_for_message(aide, 500);
    }
    while (host->is_stopping() && wait_for_message(aide, 0))
        continue;
    return 17;
}

static bool
never(void)
{
    return false;
}

static bool
claims_none(bask_str argument)
{
    (void)argument;
    return false;
}

static void
nothing(void)
{
}

const struct bask_plugin bask_plugin_null = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof bask_plugin_null,
    .name = "null",
    .summary = "an application in C, for tests and benchmarks",
    .claims = claims_none,
    .wanted = never,
    .init = init,
    .load = load,
    .fork = fork,
    .post_fork = nothing,
    .run = run,
    .fini = nothing,
    .jobs = BASK_JOBS(BASK_JOB_SIGNAL) | BASK_JOBS(BASK_JOB_CALL),
    .aide = be_aide,
};
