/*
 * When there are more connections than a worker may have, or than there are descriptors: idle ones
 * make room, and where none does, those who come wait to be accepted, here or elsewhere.
 */
#include "net/conn.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>

enum {
    ROOM_IDLE_US = 5000000, /* a connection that is idle for so long may go for a new one */
    FULL_LOOK_US = 200000,  /* how often it is looked for */
    TRIES = 16,             /* idle connections that turn out to have a request */
};

/* Descriptors are also for files and databases. */
size_t
bask_crowd_most(const struct bask_client_limits *limits)
{
    struct rlimit limit;
    if (limits->connections)
        return (size_t)limits->connections;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > INT_MAX)
        return INT_MAX;
    return (size_t)limit.rlim_cur - (size_t)limit.rlim_cur / 8;
}

/* The one that is idle for the longest time, if that is long; NULL else. */
static struct bask_conn *
idlest(const struct bask_net *net)
{
    const struct bask_link *list = &net->steps[BASK_STEP_IDLE];
    if (bask_list_empty(list))
        return NULL;
    struct bask_conn *conn = BASK_CONTAINER(list->next, struct bask_conn, link);
    int64_t since = conn->deadline_us - net->options->idle_ms * 1000;
    return bask_loop_now_us(net->loop) - since >= ROOM_IDLE_US ? conn : NULL;
}

bool
bask_crowd_make_room(struct bask_net *net)
{
    struct bask_conn *conn;
    for (int i = 0; i < TRIES && (conn = idlest(net)); i++) {
        if (bask_conn_is_about_to_read(conn))
            continue;
        bask_tally_note(&net->tally, BASK_BOUND_MADE_ROOM, conn->peer.addr, 0,
                        "closed while idle, to make room for others");
        bask_conn_close(conn);
        return true;
    }
    return false;
}

void
bask_crowd_wait(struct bask_net *net, int why)
{
    static const char full[] = "has max-connections; accepting again when one ends",
                      descriptors[] = "has no descriptor left; accepting again when one is closed",
                      memory[] = "cannot accept, the system is out of memory or descriptors";
    bask_tally_note(&net->tally, BASK_BOUND_FULL, "this worker", 0,
                    !why            ? full
                    : why == EMFILE ? descriptors
                                    : memory);
    net->full = true;
    bask_net_unwatch(net);
    bask_loop_timer_start(net->loop, &net->reopen, FULL_LOOK_US);
    if (net->exclusive && net->extras.on_full)
        net->extras.on_full(net->extras.full_context);
}

/* Behind a proxy or a unix socket there are many clients. */
bool
bask_crowd_admit(struct bask_conn *conn)
{
    struct bask_net *net = conn->net;
    struct bask_ip ip;
    if (bask_ip_parse(bask_str_of(conn->peer.addr), &ip) ||
        bask_trust_has(&net->listeners->trust, &ip))
        return true;
    conn->counted = bask_census_enter(net->census, &ip, net->options->clients.of_address);
    if (!conn->counted)
        bask_tally_note(&net->tally, BASK_BOUND_OF_ADDRESS, conn->peer.addr, 0,
                        "closed, its address has max-connections-per-address");
    return conn->counted;
}

/* Where the system was the reason only accepting can tell whether it still is. */
static bool
may_go_on(const struct bask_net *net)
{
    return net->open < net->most || idlest(net);
}

void
bask_crowd_on_reopen(struct bask_timer *timer)
{
    struct bask_net *net = BASK_CONTAINER(timer, struct bask_net, reopen);
    if (net->draining || net->paused)
        return;
    if (net->full && !may_go_on(net)) {
        bask_loop_timer_start(net->loop, &net->reopen, FULL_LOOK_US);
        return;
    }
    net->full = false;
    bask_net_watch(net);
}

void
bask_crowd_left(struct bask_net *net)
{
    bask_loop_timer_start(net->loop, &net->reopen, 0);
}
