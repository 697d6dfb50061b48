/*
 * What a request costs in the PyPy plugin alone: the real plugin under a host that does nothing.
 *
 *   glue FILE.py [REQUESTS [ROUNDS]]
 *
 * The same request is handed over again and again; every call of the host returns at once. Prints
 * nanoseconds of CPU a request for each round, so that the JIT's warm-up can be seen.
 */
#include <bask/plugin.h>
#include <bask/service_aide.h>
#include <bask/service_alarm.h>
#include <bask/service_area.h>
#include <bask/service_mule.h>
#include <bask/service_queue.h>
#include <bask/service_rpc.h>
#include <bask/service_spool.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const struct bask_plugin bask_plugin_pypy;

static const struct bask_pair pairs[] = {
    {.key_id = BASK_KEY_HTTP_USER_AGENT, .value = {"Mozilla/5.0 (X11; Linux x86_64)", 31}},
    {.key_id = BASK_KEY_HTTP_ACCEPT, .value = {"text/html,application/xhtml+xml", 31}},
    {.key_id = BASK_KEY_HTTP_ACCEPT_LANGUAGE, .value = {"en-US,en;q=0.5", 14}},
    {.key_id = BASK_KEY_HTTP_ACCEPT_ENCODING, .value = {"gzip, deflate", 13}},
    {.key_id = BASK_KEY_HTTP_COOKIE, .value = {"id=0123456789abcdef", 19}},
    {.key_id = BASK_KEY_HTTP_CONNECTION, .value = {"keep-alive", 10}},
    {.key = {"HTTP_X_TRACE", 12}, .key_id = BASK_KEY_UNKNOWN, .value = {"0af7651916cd43dd", 16}},
};
static const char eight_text[] =
    "Host: 127.0.0.1:8000\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
    "Accept: text/html,application/xhtml+xml\r\nAccept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate\r\nCookie: id=0123456789abcdef\r\n"
    "Connection: keep-alive\r\nX-Trace: 0af7651916cd43dd\r\n\r\n";
static struct bask_request request = {
    .size = sizeof request,
    .method_id = BASK_METHOD_GET,
    .protocol_id = BASK_PROTOCOL_HTTP_1_1,
    .method = {"GET", 3},
    .uri = {"/", 1},
    .path = {"/", 1},
    .protocol = {"HTTP/1.1", 8},
    .scheme = {"http", 4},
    .remote_addr = {"127.0.0.1", 9},
    .remote_port = {"40000", 5},
    .uri_is_path = 1,
    .host = {"127.0.0.1:8000", 14},
    .is_plain = 1,
    .fields = {"Host: 127.0.0.1:8000\r\n\r\n", 24},
    .pairs = pairs,
};
static const struct bask_server_info info = {.version = "0",
                                             .hostname = "bench",
                                             .binary_path = "",
                                             .workers = 1,
                                             .threads = 1,
                                             .listeners = 1};
static long left, answered;

static const struct bask_request *
next(struct bask_thread *thread)
{
    (void)thread;
    return left-- > 0 ? &request : NULL;
}

static int
respond(const struct bask_request *r, bask_str head, uint32_t count, bask_str body)
{
    (void)r, (void)head, (void)count, (void)body;
    answered++;
    return 0;
}

static int
begin(const struct bask_request *r, bask_str head, uint32_t count)
{
    (void)r, (void)head, (void)count;
    return 0;
}

static int
write_data(const struct bask_request *r, bask_str data)
{
    (void)r, (void)data;
    return 0;
}

static int
finish(const struct bask_request *r)
{
    (void)r;
    answered++;
    return 0;
}

static void
fail(const struct bask_request *r, bask_str head, uint32_t count, bask_str body)
{
    (void)r, (void)head, (void)count, (void)body;
}

static void
log_line(enum bask_log_level level, bask_str line)
{
    if (level < BASK_LOG_INFO)
        fprintf(stderr, "%.*s\n", BASK_FMT(line));
}

static uint32_t
zero(const struct bask_thread *thread)
{
    (void)thread;
    return 0;
}

static const struct bask_server_info *
server_info(void)
{
    return &info;
}

static uint32_t
worker_id(void)
{
    return 1;
}

static int
listener_info(uint32_t id, bask_str *ret_name, bask_str *ret_port, int *ret_fd)
{
    (void)id;
    *ret_name = BASK_STR(":8000");
    *ret_port = BASK_STR("8000");
    *ret_fd = 0;
    return 0;
}

static int
option(const char *name, size_t index, bask_str *ret_value)
{
    (void)name, (void)index, (void)ret_value;
    return -1;
}

static int
option_given(size_t n, bask_str *ret_name)
{
    (void)n, (void)ret_name;
    return -1;
}

static int
is_idle(struct bask_thread *thread)
{
    (void)thread;
    return 0;
}

static int
add_app(const struct bask_app_info *app)
{
    (void)app;
    return 0;
}

static const struct bask_request *
current(struct bask_thread *thread)
{
    (void)thread;
    return NULL;
}

static bool
no_rules(void)
{
    return false;
}

static int
no_role(void)
{
    return 0;
}

static uint32_t
none(void)
{
    return 0;
}

static bask_str
no_folder(uint32_t index, int *ret_is_ours)
{
    (void)index, *ret_is_ours = 0;
    return (bask_str){0};
}

static const void *
service(const char *name)
{
    static const struct bask_service_aide aide = {.size = sizeof aide, .role = no_role, .id = none};
    static const struct bask_service_mule mule = {.size = sizeof mule, .count = none};
    static const struct bask_service_spool spool = {.size = sizeof spool, .folder = no_folder};
    static const struct bask_service_alarm alarms = {.size = sizeof alarms, .watches = no_rules};
    static const struct bask_service_area areas = {.size = sizeof areas};
    static const struct bask_service_queue queue = {.size = sizeof queue};
    static const struct bask_service_rpc rpc = {.size = sizeof rpc, .max = 64};
    static const struct {
        const char *name;
        const void *functions;
    } asked_at_the_start[] = {{"aide", &aide},  {"alarm", &alarms}, {"area", &areas},
                              {"mule", &mule},  {"queue", &queue},  {"rpc", &rpc},
                              {"spool", &spool}};
    for (size_t i = 0; i < sizeof asked_at_the_start / sizeof *asked_at_the_start; i++)
        if (strcmp(name, asked_at_the_start[i].name) == 0)
            return asked_at_the_start[i].functions;
    return NULL;
}

static const struct bask_job *
job(struct bask_thread *thread)
{
    (void)thread;
    return NULL;
}

static const struct bask_host host = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof host,
    .next = next,
    .current = current,
    .respond = respond,
    .begin = begin,
    .write = write_data,
    .finish = finish,
    .abort = fail,
    .log = log_line,
    .thread_index = zero,
    .server_info = server_info,
    .worker_id = worker_id,
    .listener_info = listener_info,
    .option = option,
    .option_given = option_given,
    .is_idle = is_idle,
    .add_app = add_app,
    .service = service,
    .job = job,
};

/* What the server's option parser would do. */
static void
set_defaults(const struct bask_option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct bask_option *row = &table->rows[i];
        if (row->type == BASK_OPT_STRING && row->initial)
            *(bask_str *)((char *)table->values + row->offset) =
                (bask_str){row->initial, strlen(row->initial)};
    }
}

static double
cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
measure(long requests, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        double before = cpu_ns();
        left = requests;
        answered = 0;
        bask_plugin_pypy.run(NULL);
        printf(" %.0f", (cpu_ns() - before) / (double)answered);
        fflush(stdout);
    }
    printf("\n");
}

int
main(int argc, char **argv)
{
    long requests = argc > 2 ? atol(argv[2]) : 200000;
    int rounds = argc > 3 ? atoi(argv[3]) : 6;
    set_defaults(bask_plugin_pypy.options);
    if (argc < 2 || !bask_plugin_pypy.claims((bask_str){argv[1], strlen(argv[1])})) {
        fprintf(stderr, "usage: glue FILE.py [REQUESTS [ROUNDS]]\n");
        return 2;
    }
    if (bask_plugin_pypy.init(&host) || bask_plugin_pypy.load() < 1)
        return 1;
    printf("ns a request, 1 header: ");
    measure(requests, rounds);
    request.pair_count = sizeof pairs / sizeof *pairs;
    request.fields = (bask_str){
        eight_text,
        sizeof eight_text - 1}; /* other bytes: what one field gave must not stand for these */
    printf("ns a request, 8 headers:");
    measure(requests, rounds);
    return 0;
}
