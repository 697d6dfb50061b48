/*
 * What the service manager is told, and when: READY=1 with the first worker that accepts,
 * RELOADING=1 and READY=1 around a reload, STOPPING=1, a line for `systemctl status`, a sign of
 * life while there is one, and a plea for time while something takes long.
 */
#include "base/err.h"
#include "master/private.h"
#include "master/vitals.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PLEA_US = 5000000,         /* how often more time is asked for */
    PLEA_EXTENT_US = 15000000, /* how much */
    STATUS_MAX = 128,
};

enum service_state { SERVICE_STARTING, SERVICE_READY, SERVICE_RELOADING, SERVICE_STOPPING };

struct service {
    struct master *master;
    const struct bask_notify *notify;
    enum service_state state;
    struct bask_timer watchdog, plea;
    char status[STATUS_MAX]; /* what was said last */
};

static struct vitals
vitals(const struct service *service, int64_t now)
{
    return vitals_take(service->master, now,
                       service->master->plan->options->health.stuck_ms * 1000);
}

/* A server that is stuck stays silent, and is restarted. */
static void
on_watchdog(struct bask_timer *timer)
{
    struct service *service = BASK_CONTAINER(timer, struct service, watchdog);
    struct vitals now = vitals(service, bask_clock_us());
    bask_loop_timer_start(service->master->loop, timer, service->notify->watchdog_us / 2);
    const char *why = now.paused || now.stopping ? vitals_dead(&now) : vitals_unready(&now);
    if (service->master->heir)
        return; /* it is not the one whose life is of interest */
    if (!why)
        bask_notify_send(service->notify, "WATCHDOG=1");
    else if (service->state == SERVICE_READY)
        bask_log(BASK_LOG_WARN, "no sign of life to the service manager: %s", why);
}

/* Loading, warming and draining have limits of their own. */
static void
on_plea(struct bask_timer *timer)
{
    struct service *service = BASK_CONTAINER(timer, struct service, plea);
    if (service->state == SERVICE_READY)
        return;
    bask_notify_send(service->notify, "EXTEND_TIMEOUT_USEC=%d", PLEA_EXTENT_US);
    bask_loop_timer_start(service->master->loop, timer, PLEA_US);
}

static enum service_state
state_of(const struct service *service)
{
    const struct master *master = service->master;
    bool serves = roster_serving(master) || (scaling_is_cheap(master) && master->current);
    if (master->stopping)
        return SERVICE_STOPPING;
    if (master->reload.kind)
        return SERVICE_RELOADING;
    return serves || service->state != SERVICE_STARTING ? SERVICE_READY : SERVICE_STARTING;
}

static void
tell_status(struct service *service)
{
    const struct master *master = service->master;
    char status[STATUS_MAX];
    if (service->state == SERVICE_STARTING)
        snprintf(status, sizeof status, "loading");
    else if (scaling_is_cheap(master))
        snprintf(status, sizeof status, "generation %u waits for a connection",
                 master->current ? master->current->number : 0);
    else
        snprintf(status, sizeof status, "generation %u: %u of %u workers serve%s",
                 master->current ? master->current->number : 0, roster_serving(master),
                 roster_wanted(master), master->paused ? " (paused)" : "");
    if (strcmp(status, service->status) == 0)
        return;
    memcpy(service->status, status, sizeof status);
    bask_notify_send(service->notify, "STATUS=%s", status);
}

void
service_advance(struct master *master)
{
    struct service *service = master->service;
    if (!service->notify->length || master->replaced || master->heir)
        return; /* one that does not serve yet must not speak of its own end */
    enum service_state state = state_of(service);
    if (state != service->state) {
        service->state = state;
        if (state == SERVICE_READY)
            bask_notify_send(service->notify, "READY=1");
        else if (state == SERVICE_STOPPING)
            bask_notify_send(service->notify, "STOPPING=1");
        else
            bask_notify_send(service->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                             bask_clock_us());
        if (state != SERVICE_READY)
            on_plea(&service->plea);
    }
    tell_status(service);
}

void
service_lend(const struct master *master)
{
    bask_notify_lend(master->service->notify);
}

void
service_take_back(void)
{
    bask_notify_take_back();
}

void
service_hand_over(struct master *master, pid_t successor)
{
    bask_notify_successor(master->service->notify, successor);
    bask_loop_timer_stop(&master->service->watchdog);
    bask_loop_timer_stop(&master->service->plea);
}

/* The first process of a container gets SIGTERM when the container shall stop. */
static void
hint(const struct bask_master_options *options)
{
    if (getpid() == 1 && !options->die_on_term && !options->graceful_on_term)
        bask_log(BASK_LOG_WARN, "this is process 1, and SIGTERM reloads: a container stops faster "
                                "with --graceful-on-term, or --die-on-term");
}

int
service_init(struct master *master)
{
    static const struct bask_notify nobody;
    struct service *service = calloc(1, sizeof *service);
    master->service = service;
    if (!service)
        return BASK_E_NOMEM;
    service->master = master;
    service->notify = master->plan->notify ? master->plan->notify : &nobody;
    service->watchdog.on_due = on_watchdog;
    service->plea.on_due = on_plea;
    if (service->notify->watchdog_us)
        bask_loop_timer_start(master->loop, &service->watchdog, service->notify->watchdog_us / 2);
    if (service->notify->length)
        bask_loop_timer_start(master->loop, &service->plea, PLEA_US);
    hint(master->plan->options);
    return BASK_OK;
}
