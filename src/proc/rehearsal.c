/* A crew whose loop brings requests from a list. */
#include "proc/rehearsal.h"

#include "base/err.h"
#include "proc/load.h"
#include "proc/strays.h"
#include "sys/clock.h"

#include <pthread.h>

enum {
    WINDOW_REQUESTS = 50,      /* at least, and whole rounds of the list: */
    WINDOW_CPU_NS = 100000000, /* windows compare only if their work is the same */
    WINDOW_US = 1000000,
    CONNECTIONS = 1024,     /* each item has a connection of its own, as far as they go; */
    CONNECTION_ROUNDS = 8,  /* so long it is kept */
    HOPELESS_REQUESTS = 30, /* no answer was good so far: more will not help */
    HOPELESS_ROUNDS = 3,
};

struct window {
    uint64_t requests; /* made before it began */
    int64_t cpu_ns, us;
};

struct run {
    struct bask_rehearsal *rehearsal;
    struct bask_loop *loop;
    struct bask_pipeline pipeline;
    struct bask_crew *crew;
    struct bask_req *req;
    struct bask_board_thread board; /* nobody reads it: these requests count nowhere */
    struct bask_thread thread;
    clockid_t clock; /* of the thread that answers */
    size_t next;     /* item */
    uint64_t round;
    bool asked; /* a request was handed over and its answer not yet looked at */
    bool over;
    struct window window;
    struct bask_http1_head head;
};

static const struct bask_replay_item *
present_item(const struct run *run)
{
    const struct bask_replay *replay = run->rehearsal->replay;
    return &replay->items[(run->next + replay->count - 1) % replay->count];
}

static int64_t
cpu_ns(const struct run *run)
{
    struct timespec t;
    clock_gettime(run->clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
begin_window(struct run *run)
{
    run->window = (struct window){run->rehearsal->sum.requests, cpu_ns(run), bask_clock_us()};
}

/* Looked at after whole rounds only. `at_end`: there will be no more of it. */
static void
look_at_window(struct run *run, bool at_end)
{
    struct bask_rehearsal_meter *meter = run->rehearsal->meter;
    const struct window *window = &run->window;
    uint64_t requests = run->rehearsal->sum.requests - window->requests;
    int64_t spent = cpu_ns(run) - window->cpu_ns;
    bool complete = requests >= WINDOW_REQUESTS &&
                    (spent >= WINDOW_CPU_NS || bask_clock_us() - window->us >= WINDOW_US);
    if (!requests || (!complete && (!at_end || meter->windows)))
        return;
    meter->last_ns = (uint64_t)spent / requests;
    if (!meter->windows++)
        meter->first_ns = meter->last_ns;
    if (bask_steady_add(&meter->steady, (double)spent / (double)requests))
        meter->settled = true;
    begin_window(run);
}

static void
note_answer(struct run *run)
{
    struct bask_rehearsal_sum *sum = &run->rehearsal->sum;
    const struct bask_sink *sink = &run->rehearsal->sink;
    size_t hundreds = sink->status / 100;
    run->asked = false;
    sum->requests++;
    sum->statuses[hundreds < 6 ? hundreds : 0]++;
    sum->failures += sink->failed;
}

static bool
is_hopeless(const struct run *run)
{
    const struct bask_rehearsal_sum *sum = &run->rehearsal->sum;
    return run->rehearsal->meter && sum->requests >= HOPELESS_REQUESTS &&
           run->round >= HOPELESS_ROUNDS &&
           sum->statuses[1] + sum->statuses[2] + sum->statuses[3] == 0;
}

static bool
is_over(struct run *run)
{
    const struct bask_rehearsal *rehearsal = run->rehearsal;
    if (rehearsal->limit && rehearsal->sum.requests >= rehearsal->limit)
        return true;
    if (bask_clock_us() >= rehearsal->until_us || is_hopeless(run))
        return true;
    return rehearsal->meter && rehearsal->meter->settled;
}

/* As nginx names it, beside what is in any request. */
static int
dress_as_gateways(struct bask_req *req)
{
    req->pub.server_name = BASK_STR("localhost");
    req->pub.server_port = BASK_STR("80");
    req->pub.content_type = BASK_STR("");
    req->pub.peer_is_new = 1;
    int err = bask_req_add(req, BASK_KEY_DOCUMENT_ROOT, BASK_STR("DOCUMENT_ROOT"), (bask_str){0},
                           BASK_STR("/usr/share/nginx/html"));
    return err ? err
               : bask_req_add(req, BASK_KEY_REQUEST_SCHEME, BASK_STR("REQUEST_SCHEME"),
                              (bask_str){0}, BASK_STR("http"));
}

/* An item's connection is new in one round and kept for some, as those of clients are: what the
 * application host does for new ones and what it does for repeated fields is both compiled. The
 * same goes for the listening sockets, one after the other. */
static int
name_connection(const struct run *run, struct bask_req *req)
{
    const struct bask_listeners *listeners = &run->rehearsal->heritage->listeners;
    size_t turn = listeners->count ? run->round / CONNECTION_ROUNDS % listeners->count : 0;
    struct bask_request *pub = &req->pub;
    pub->listener_id = (int32_t)turn;
    pub->remote_addr = BASK_STR("127.0.0.1");
    pub->remote_port = BASK_STR("0");
    pub->peer_slot = (uint32_t)(run->next % CONNECTIONS);
    pub->peer_is_new = run->round % CONNECTION_ROUNDS == 0 || run->next >= CONNECTIONS;
    return listeners->count && bask_listener_is_gateways(&listeners->items[turn])
               ? dress_as_gateways(req)
               : BASK_OK;
}

static void
ask(struct run *run)
{
    struct bask_rehearsal *rehearsal = run->rehearsal;
    bask_req_reset(run->req);
    int err = name_connection(run, run->req);
    const struct bask_replay_item *item = &rehearsal->replay->items[run->next];
    if (++run->next == rehearsal->replay->count) {
        run->next = 0;
        run->round++;
    }
    if (err || bask_replay_fill(item, &run->head, run->req))
        return; /* no memory for this one */
    bask_sink_attach(&rehearsal->sink, run->req);
    run->asked = true;
    bask_pipeline_submit(&run->pipeline, run->req);
}

/* With the crew's lock, by whoever leads: the thread that answers, or the patrol behind its back.
 */
static bool
dispatch(void *context)
{
    struct run *run = context;
    struct bask_rehearsal *rehearsal = run->rehearsal;
    if (run->over || (run->asked && rehearsal->sink.open))
        return false;
    if (run->asked)
        note_answer(run);
    if (rehearsal->meter && run->next == 0 && rehearsal->sum.requests)
        look_at_window(run, false);
    if (is_over(run)) {
        run->over = true;
        bask_crew_stop(run->crew);
    } else {
        ask(run);
    }
    return true;
}

/* The patrol comes by while a request takes long. */
static void
waited(void *context)
{
    struct run *run = context;
    struct bask_rehearsal *rehearsal = run->rehearsal;
    if (run->asked && rehearsal->sink.open && bask_clock_us() >= rehearsal->hung_us)
        rehearsal->on_hung(rehearsal, present_item(run));
}

static void
fini(struct run *run)
{
    bask_crew_free(&run->crew);
    bask_loop_free(&run->loop);
    bask_req_free(&run->req);
}

int
bask_rehearsal_run(struct bask_rehearsal *rehearsal)
{
    struct run run = {.rehearsal = rehearsal, .next = rehearsal->first % rehearsal->replay->count};
    const struct bask_crew_work work = {dispatch, waited, &run, NULL};
    rehearsal->sum = (struct bask_rehearsal_sum){0};
    bask_pipeline_init(&run.pipeline);
    run.thread.board = &run.board;
    run.req = bask_req_new();
    run.loop = bask_loop_new();
    if (run.loop && run.req)
        run.crew = bask_crew_new(run.loop, &run.pipeline, &work);
    if (!run.crew || pthread_getcpuclockid(pthread_self(), &run.clock)) {
        fini(&run);
        return BASK_E_NOMEM;
    }
    bask_load_host(rehearsal->heritage, run.crew, rehearsal->worker_id);
    begin_window(&run);
    bask_strays_have((struct bask_strays_parts){.crew = run.crew});
    rehearsal->heritage->plugin->run(&run.thread);
    bask_strays_have((struct bask_strays_parts){0});
    if (rehearsal->meter)
        look_at_window(&run, true);
    fini(&run);
    return BASK_OK;
}
