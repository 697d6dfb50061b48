/* A worker's network: accepting, time-outs, draining. */
#include "net/conn.h"

#include "base/err.h"
#include "obs/log.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    ACCEPTS_PER_EVENT = 16,
    ACCEPTS_AT_LAST = 4096,
    DRAIN_GRACE_MS = 500, /* for a request that may be on its way */
    QUEUE_AGAIN_US = 200000,
    TURNS_US = 100000, /* in such a time more than TURNS_FEW connections are many */
    TURNS_FEW = 64,
    TURNS_OF_MANY = 8,
    SPARES_KEPT = 256, /* of each kind */
    TRIM_US = 1000000,
    HELD_TURNS = 64, /* requests of busy clients before answers that are held go out */
};

static int
watch(struct bask_net *net, struct bask_listener *listener)
{
    return bask_loop_add(net->loop, &listener->io,
                         net->exclusive ? BASK_IO_EXCLUSIVE : BASK_IO_LEVEL);
}

void
bask_net_unwatch(struct bask_net *net)
{
    for (size_t i = 0; i < net->listeners->count; i++)
        if (net->listeners->items[i].net) {
            bask_loop_remove(net->loop, &net->listeners->items[i].io);
            net->listeners->items[i].net = NULL;
        }
}

void
bask_net_watch(struct bask_net *net)
{
    for (size_t i = 0; i < net->listeners->count; i++) {
        struct bask_listener *listener = &net->listeners->items[i];
        if (listener->net)
            continue;
        if (watch(net, listener))
            bask_log(BASK_LOG_ERROR, "cannot accept on %.*s: %s", BASK_FMT(listener->name),
                     strerror(errno));
        else
            listener->net = net;
    }
}

/* Taking a new place in the queue costs two system calls, so a worker that accepts all the time
 * does it more rarely: its connections are many enough to spread all the same. */
static bool
turn_is_over(struct bask_net *net)
{
    int64_t now = bask_loop_now_us(net->loop);
    if (now - net->turns_since_us > TURNS_US) {
        net->turns_since_us = now;
        net->turns = 0;
    }
    net->turns++;
    return net->turns <= TURNS_FEW || net->turns % TURNS_OF_MANY == 0;
}

/* Of those that wait for a socket the kernel wakes the one that has waited longest, and who has
 * accepted keeps its place in that queue: an idle server would have one worker do everything.
 * Whoever watches anew goes to the end of the queue. */
static void
queue_again(struct bask_net *net, struct bask_listener *listener)
{
    if (!listener->net)
        return; /* nothing is accepted at the moment */
    bask_loop_remove(net->loop, &listener->io);
    listener->net = NULL;
    if (watch(net, listener))
        bask_loop_timer_start(net->loop, &net->reopen, QUEUE_AGAIN_US);
    else
        listener->net = net;
}

/* The application has closed a standard stream. Its number must not become a connection's, because
 * whatever prints would print to a client. */
static int
keep_off_standard_files(int fd)
{
    int other = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    bask_proc_fill_standard_files();
    return other;
}

static void
accept_some(struct bask_net *net, struct bask_listener *listener, int most)
{
    for (int i = 0; i < most; i++) {
        if (net->open >= net->most && !net->draining && !bask_crowd_make_room(net)) {
            bask_crowd_wait(net, 0);
            return;
        }
        struct bask_sockaddr peer = {.length = sizeof peer.u};
        int fd = accept4(listener->io.fd, &peer.u.any, &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0 && fd <= STDERR_FILENO)
            fd = keep_off_standard_files(fd);
        if (fd >= 0) {
            bask_conn_accept(net, listener, fd, &peer);
            continue;
        }
        int why = errno;
        if (why != EMFILE && why != ENFILE && why != ENOBUFS && why != ENOMEM)
            return;
        if (!bask_crowd_make_room(net)) {
            bask_crowd_wait(net, why);
            return;
        }
    }
}

static void
on_listener(struct bask_io *io, unsigned events)
{
    struct bask_listener *listener = BASK_CONTAINER(io, struct bask_listener, io);
    struct bask_net *net = listener->net;
    (void)events;
    /* With other processes on the same socket, one at a time spreads the connections evenly. */
    accept_some(net, listener, net->exclusive ? 1 : ACCEPTS_PER_EVENT);
    if (net->exclusive && turn_is_over(net))
        queue_again(net, listener);
}

/* A request has come that no event has told of yet: it is read soon. */
bool
bask_conn_is_about_to_read(struct bask_conn *conn)
{
    char byte;
    if (recv(conn->io.fd, &byte, 1, MSG_PEEK) <= 0)
        return false;
    conn->readable = true;
    bask_conn_again(conn);
    bask_conn_move(conn, BASK_STEP_IDLE);
    return true;
}

static void
expire(struct bask_conn *conn)
{
    switch (conn->step) {
    case BASK_STEP_IDLE:
        /* Where the process had to wait for a processor, time-out and request come together. */
        if (bask_conn_is_about_to_read(conn))
            return;
        break;
    case BASK_STEP_HEAD:
        bask_conn_refuse(conn, 408, "the head did not arrive in time");
        return;
    case BASK_STEP_BODY:
        bask_conn_refuse(conn, 408, "the body did not arrive in time");
        return;
    case BASK_STEP_FLUSH:
        bask_conn_flush_goes_on(conn);
        return;
    case BASK_STEP_CUT:
        bask_conn_cut_goes_on(conn);
        return;
    case BASK_STEP_STREAM:
        bask_conn_break_stream(conn);
        return;
    default:
        break;
    }
    bask_conn_close(conn);
}

/* Frees what is behind the first `kept` of a list that is linked through its first words. */
static void
cut_list(void **at, size_t kept)
{
    while (kept-- && *at)
        at = *at;
    for (void *next, *item = *at; item; item = next) {
        next = *(void **)item;
        free(item);
    }
    *at = NULL;
}

static void
cut_requests(struct bask_req **at, size_t kept)
{
    while (kept-- && *at)
        at = (struct bask_req **)&(*at)->owner;
    for (struct bask_req *next, *req = *at; req; req = next) {
        next = req->owner;
        bask_req_free(&req);
    }
    *at = NULL;
}

static void
free_spares(struct bask_net *net, size_t kept)
{
    cut_list((void **)&net->spare_conn, kept);
    cut_list((void **)&net->spare_buffer, kept);
    cut_requests(&net->spare_req, kept);
}

/* What a wave of clients took is given back when it has passed. */
static void
trim_spares(struct bask_net *net, int64_t now)
{
    if (now - net->trimmed_us < TRIM_US)
        return;
    net->trimmed_us = now;
    free_spares(net, SPARES_KEPT);
}

/* Every list is ordered by deadline, so only its front can be due. */
static void
on_sweep(struct bask_timer *timer)
{
    struct bask_net *net = BASK_CONTAINER(timer, struct bask_net, sweep);
    int64_t now = bask_loop_now_us(net->loop), next = INT64_MAX;
    for (int step = 0; step < BASK_STEP_COUNT; step++) {
        struct bask_link *list = &net->steps[step];
        while (!bask_list_empty(list)) {
            struct bask_conn *conn = BASK_CONTAINER(list->next, struct bask_conn, link);
            if (conn->deadline_us > now) {
                next = conn->deadline_us < next ? conn->deadline_us : next;
                break;
            }
            expire(conn);
        }
    }
    trim_spares(net, now);
    if (next != INT64_MAX)
        bask_loop_timer_start(net->loop, &net->sweep, next - now);
}

static void
on_log_flush(struct bask_timer *timer)
{
    const struct bask_net *net = BASK_CONTAINER(timer, struct bask_net, log_flush);
    bask_access_flush(net->access ? net->access : net->some_access);
}

struct bask_net *
bask_net_new(struct bask_loop *loop, struct bask_pipeline *pipeline,
             const struct bask_net_options *options, struct bask_listeners *listeners,
             struct bask_access_log *access, bool exclusive)
{
    struct bask_net *net = calloc(1, sizeof *net);
    if (!net)
        return NULL;
    net->loop = loop;
    net->pipeline = pipeline;
    net->options = options;
    net->listeners = listeners;
    net->access = access;
    net->timed = access != NULL;
    net->exclusive = exclusive;
    net->field_rules = options->fields.is_given ? &options->fields.rules : NULL;
    net->most = bask_crowd_most(&options->clients);
    if (options->clients.of_address && !(net->census = bask_census_new())) {
        free(net);
        return NULL;
    }
    bask_tally_init(&net->tally, loop);
    net->sweep.on_due = on_sweep;
    net->reopen.on_due = bask_crowd_on_reopen;
    net->log_flush.on_due = on_log_flush;
    bask_list_init(&net->again);
    bask_list_init(&net->held);
    for (int step = 0; step < BASK_STEP_COUNT; step++)
        bask_list_init(&net->steps[step]);
    for (size_t i = 0; i < listeners->count; i++)
        listeners->items[i].io.on_event = on_listener;
    net->paused = true;
    return net;
}

void
bask_net_log_some(struct bask_net *net, struct bask_access_log *access,
                  const struct bask_access_rules *rules)
{
    net->some_access = access;
    net->line_rules = bask_access_has_rules(rules) ? rules : NULL;
    net->timed |= net->line_rules != NULL;
}

void
bask_net_log_forwarded(struct bask_net *net, bool is_wanted)
{
    net->log_forwarded = is_wanted;
}

void
bask_net_record(struct bask_net *net, struct bask_recorder *recorder)
{
    net->recorder = recorder;
}

void
bask_net_count_at(struct bask_net *net, _Atomic uint64_t *counters)
{
    net->tally.counters = counters;
}

void
bask_net_serve_extras(struct bask_net *net, struct bask_net_extras extras)
{
    net->extras = extras;
}

void
bask_net_free(struct bask_net **net)
{
    if (!*net)
        return;
    bask_net_unwatch(*net);
    for (int step = 0; step < BASK_STEP_COUNT; step++)
        while (!bask_list_empty(&(*net)->steps[step]))
            bask_conn_close(BASK_CONTAINER((*net)->steps[step].next, struct bask_conn, link));
    bask_tally_fini(&(*net)->tally);
    bask_loop_timer_stop(&(*net)->sweep);
    bask_loop_timer_stop(&(*net)->reopen);
    bask_loop_timer_stop(&(*net)->log_flush);
    free_spares(*net, 0);
    free((*net)->spill_piece);
    bask_census_free(&(*net)->census);
    free(*net);
    *net = NULL;
}

/* Whoever has more requests here may be slow to be answered: what is ready waits no longer. */
__attribute__((cold, noinline)) static bool
release_held(struct bask_net *net)
{
    while (!bask_list_empty(&net->held))
        bask_conn_release(BASK_CONTAINER(net->held.next, struct bask_conn, held));
    return true;
}

bool
bask_net_dispatch(struct bask_net *net)
{
    /* What the kernel reported comes first: one connection that always has more to do must not
     * keep the others waiting. */
    if (bask_loop_dispatch(net->loop))
        return true;
    struct bask_link *link = bask_list_take(&net->again);
    if (!link)
        return !bask_list_empty(&net->held) && release_held(net);
    if (!bask_list_empty(&net->held) && ++net->held_turns > HELD_TURNS)
        release_held(net);
    bask_conn_go_on(BASK_CONTAINER(link, struct bask_conn, again));
    return true;
}

/* A request may have come already, or may be on its way: a client that is busy sends the next one
 * as soon as it has its answer. None may meet a closed connection. */
static void
drain_idle(struct bask_conn *conn)
{
    if (bask_conn_is_about_to_read(conn))
        return;
    if (conn->hung_up)
        bask_conn_close(conn);
    else
        bask_conn_move(conn, BASK_STEP_IDLE);
}

void
bask_net_pause(struct bask_net *net, bool paused)
{
    if (net->paused == paused || net->draining)
        return;
    net->paused = paused;
    bask_loop_timer_stop(&net->reopen);
    if (paused)
        bask_net_unwatch(net);
    else
        bask_net_watch(net);
}

void
bask_net_look(struct bask_net *net)
{
    if (net->paused || net->draining)
        return;
    bask_net_unwatch(net);
    bask_net_watch(net);
}

/* A worker that is full does not watch, but nobody else takes what waits: now it is one too many.
 */
static void
accept_the_last(struct bask_net *net)
{
    for (size_t i = 0; i < net->listeners->count; i++)
        if (net->listeners->items[i].net || (net->full && !net->paused))
            accept_some(net, &net->listeners->items[i], ACCEPTS_AT_LAST);
}

bool
bask_net_is_asked(const struct bask_net *net)
{
    for (size_t i = 0; i < net->listeners->count; i++) {
        struct pollfd poller = {.fd = net->listeners->items[i].io.fd, .events = POLLIN};
        if (poll(&poller, 1, 0) > 0)
            return true;
    }
    return false;
}

/* Called again it can only shorten what idle connections get. */
static void
drain(struct bask_net *net, bool is_last, int64_t grace_ms)
{
    struct bask_link idle;
    if (net->draining && grace_ms >= net->grace_ms)
        return;
    net->grace_ms = grace_ms;
    if (!net->draining) {
        net->draining = true;
        if (is_last)
            accept_the_last(net);
        bask_net_unwatch(net);
        bask_loop_timer_stop(&net->reopen);
        bask_conn_leave_streams(net);
    }
    bask_list_init(&idle);
    while (!bask_list_empty(&net->steps[BASK_STEP_IDLE]))
        bask_list_append(&idle, bask_list_take(&net->steps[BASK_STEP_IDLE]));
    while (!bask_list_empty(&idle))
        drain_idle(BASK_CONTAINER(idle.next, struct bask_conn, link));
}

void
bask_net_drain(struct bask_net *net, bool is_last)
{
    drain(net, is_last, DRAIN_GRACE_MS);
}

void
bask_net_hand_over(struct bask_net *net, bool is_last, int64_t grace_ms)
{
    drain(net, is_last, grace_ms > 0 ? grace_ms : 1);
}

size_t
bask_net_late(const struct bask_net *net)
{
    return net->late;
}

int
bask_net_backlog(const struct bask_net *net)
{
    int sum = 0;
    for (size_t i = 0; i < net->listeners->count; i++) {
        int waiting = bask_sock_waiting(net->listeners->items[i].io.fd);
        if (waiting < 0)
            return -1;
        sum += waiting;
    }
    return sum;
}

size_t
bask_net_connections(const struct bask_net *net)
{
    return net->open;
}
