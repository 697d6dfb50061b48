/* Leader, followers, patrol: see crew.h. */
#include "plugin/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    TICK_NS = 500000,        /* how long a request may take before the loop is looked after */
    TICK_MAX_NS = 4000000,   /* how rarely the patrol looks at what goes well */
    QUIET_TICKS = 4,         /* then the patrol sleeps until there is work */
    FAST_TURNS = 8,          /* requests in TICK_NS above which waking threads early does not pay */
    PATROL_DISPATCHES = 256, /* pieces of work before an application thread may have the lock */
    UNPOLLED_MAX = 128,      /* pieces of work before the kernel is asked for more */
};

struct bask_crew {
    struct bask_loop *loop;
    struct bask_pipeline *pipeline;
    struct bask_crew_work work;
    pthread_mutex_t lock;
    pthread_cond_t follow; /* idle threads behind the leader */
    pthread_cond_t rouse;  /* the patrol, asleep */
    pthread_t patrol;
    bool leading;        /* a thread runs the loop */
    bool stopping;       /* no more requests */
    _Atomic bool eager;  /* requests are slow: wake a follower at once when the leader leaves */
    bool asleep;         /* the patrol is */
    _Atomic bool ending; /* the patrol shall end */
    unsigned idle;       /* threads waiting in `follow` */
    unsigned busy;       /* threads with a request */
    unsigned unpolled;   /* pieces of work since the kernel was asked */
    int idle_ms; /* how long none may want anything until the moment is idle; 0: not asked */
    unsigned long idle_turns;    /* `turns` before which no moment is idle */
    _Atomic unsigned long turns; /* calls of bask_crew_next */
};

void
bask_crew_lock(struct bask_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
}

void
bask_crew_unlock(struct bask_crew *crew)
{
    pthread_mutex_unlock(&crew->lock);
}

unsigned
bask_crew_busy(const struct bask_crew *crew)
{
    return crew->busy;
}

static void
wait_for_events(struct bask_crew *crew, int timeout)
{
    bask_crew_unlock(crew);
    int count = bask_loop_wait(crew->loop, timeout);
    bask_crew_lock(crew);
    crew->unpolled = 0;
    bask_loop_waited(crew->loop, count);
    crew->work.waited(crew->work.context);
}

static bool
may_be_idle(const struct bask_crew *crew)
{
    return crew->idle_ms && !crew->busy && !crew->stopping &&
           atomic_load_explicit(&crew->turns, memory_order_relaxed) >= crew->idle_turns;
}

/* Waits as wait_for_events does. True: nothing at all came for so long that the moment is idle. */
static bool
wait_or_be_idle(struct bask_crew *crew)
{
    int timeout = bask_loop_timeout(crew->loop);
    bool may = may_be_idle(crew) && (timeout < 0 || timeout > crew->idle_ms);
    wait_for_events(crew, may ? crew->idle_ms : timeout);
    if (!may || !may_be_idle(crew) || crew->work.dispatch(crew->work.context))
        return false;
    crew->idle_ms = 0;
    return true;
}

/* The same without waiting and without letting the lock go. */
static void
poll_events(struct bask_crew *crew)
{
    crew->unpolled = 0;
    bask_loop_waited(crew->loop, bask_loop_wait(crew->loop, 0));
    crew->work.waited(crew->work.context);
}

/* A client whose connection never runs dry must keep neither other clients nor signals waiting: the
 * kernel is asked now and then although there is work. */
static void
lead(struct bask_crew *crew, bool *ret_idle)
{
    bool idle = false;
    crew->leading = true;
    while (!bask_pipeline_queued(crew->pipeline) && !crew->stopping && !idle) {
        if (++crew->unpolled > UNPOLLED_MAX)
            poll_events(crew);
        else if (!crew->work.dispatch(crew->work.context))
            idle = wait_or_be_idle(crew);
    }
    crew->leading = false;
    *ret_idle = idle;
}

static void
rouse_patrol(struct bask_crew *crew)
{
    if (!crew->asleep)
        return;
    crew->asleep = false;
    pthread_cond_signal(&crew->rouse);
}

/* The calling thread goes into the application: see that the loop is not left alone for long. */
static void
leave(struct bask_crew *crew)
{
    crew->busy++;
    if (!crew->leading && crew->idle && atomic_load_explicit(&crew->eager, memory_order_relaxed))
        pthread_cond_signal(&crew->follow);
    rouse_patrol(crew);
}

struct bask_req *
bask_crew_next(struct bask_crew *crew, bool *ret_idle)
{
    struct bask_req *req = NULL;
    bool idle = false;
    bask_crew_lock(crew);
    atomic_store_explicit(&crew->turns,
                          atomic_load_explicit(&crew->turns, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    while (!idle && !crew->stopping && !(req = bask_pipeline_take(crew->pipeline))) {
        if (!crew->leading) {
            lead(crew, &idle);
            continue;
        }
        crew->idle++;
        pthread_cond_wait(&crew->follow, &crew->lock);
        crew->idle--;
    }
    if (req)
        leave(crew);
    bask_crew_unlock(crew);
    *ret_idle = idle;
    return req;
}

void
bask_crew_watch_idle(struct bask_crew *crew, int after_ms, unsigned long requests)
{
    crew->idle_ms = after_ms;
    crew->idle_turns = atomic_load_explicit(&crew->turns, memory_order_relaxed) + requests;
}

void
bask_crew_done(struct bask_crew *crew)
{
    if (--crew->busy == 0 && crew->idle_ms && crew->leading)
        bask_loop_nudge(crew->loop); /* the leader waits as if there were no idle moment to come */
}

void
bask_crew_stop(struct bask_crew *crew)
{
    crew->stopping = true;
    pthread_cond_broadcast(&crew->follow);
    rouse_patrol(crew); /* nobody leads from now on */
    bask_loop_wake(crew->loop);
}

void
bask_crew_forsake(struct bask_crew *crew)
{
    crew->stopping = true;
    crew->leading = false;
    crew->idle_ms = 0; /* nobody is to be nudged: the loop's descriptors are shared */
}

static unsigned
dispatch_some(struct bask_crew *crew)
{
    unsigned count = 0;
    while (count < PATROL_DISPATCHES && crew->work.dispatch(crew->work.context))
        count++;
    return count;
}

/* All threads are busy: do what the loop has to do, without waiting. False: that was nothing. */
static bool
look_after_loop(struct bask_crew *crew)
{
    unsigned count = dispatch_some(crew);
    poll_events(crew);
    return count + dispatch_some(crew) > 0;
}

/* What the patrol remembers from tick to tick. */
struct watch {
    unsigned long turns; /* seen so far */
    unsigned quiet;      /* ticks in a row in which the worker was idle */
    long tick_ns;        /* length of the next tick */
};

static long
longer(long tick_ns)
{
    return tick_ns < TICK_MAX_NS ? tick_ns * 2 : TICK_MAX_NS;
}

/* Requests were taken since the last tick: all is well. A tick costs as much as several requests,
 * and the lock more, so what goes fast is looked at rarely and without the lock. */
static void
note_progress(struct bask_crew *crew, struct watch *watch, unsigned long done)
{
    bool fast = done * TICK_NS > FAST_TURNS * (unsigned long)watch->tick_ns;
    if (fast)
        atomic_store_explicit(&crew->eager, false, memory_order_relaxed);
    watch->quiet = 0;
    watch->tick_ns = fast ? longer(watch->tick_ns) : TICK_NS;
}

/* Nobody asked for work during a tick. With the lock. */
static void
inspect(struct bask_crew *crew, struct watch *watch)
{
    if (crew->leading) { /* a thread waits for events: the worker is idle */
        watch->quiet++;
        return;
    }
    watch->quiet = 0;
    if (crew->idle) {
        watch->tick_ns = TICK_NS;
        atomic_store_explicit(&crew->eager, true, memory_order_relaxed);
        pthread_cond_signal(&crew->follow);
    } else { /* threads may stay inside for hours: WebSockets */
        watch->tick_ns = look_after_loop(crew) ? TICK_NS : longer(watch->tick_ns);
    }
}

/* Tells those who look at this worker from outside that its patrol goes its rounds. */
static void
tell_look(struct bask_crew *crew, bool idle)
{
    if (crew->work.looked)
        crew->work.looked(crew->work.context, bask_pipeline_queued(crew->pipeline), idle);
}

static void
sleep_until_roused(struct bask_crew *crew, struct watch *watch)
{
    tell_look(crew, true);
    crew->asleep = true;
    while (crew->asleep && !crew->ending)
        pthread_cond_wait(&crew->rouse, &crew->lock);
    watch->quiet = 0;
    watch->tick_ns = TICK_NS;
}

static void *
patrol(void *argument)
{
    struct bask_crew *crew = argument;
    struct watch watch = {.tick_ns = TICK_NS};
    while (!atomic_load_explicit(&crew->ending, memory_order_relaxed)) {
        struct timespec tick = {.tv_nsec = watch.tick_ns};
        nanosleep(&tick, NULL);
        unsigned long turns = atomic_load_explicit(&crew->turns, memory_order_relaxed);
        unsigned long done = turns - watch.turns;
        watch.turns = turns;
        tell_look(crew, false);
        if (done) {
            note_progress(crew, &watch, done);
            continue;
        }
        bask_crew_lock(crew);
        inspect(crew, &watch);
        if (watch.quiet > QUIET_TICKS)
            sleep_until_roused(crew, &watch);
        bask_crew_unlock(crew);
    }
    return NULL;
}

/* Signals are for the threads of the application, which may interrupt it; the patrol takes none. */
static int
start_patrol(struct bask_crew *crew)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&crew->patrol, NULL, patrol, crew);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

struct bask_crew *
bask_crew_new(struct bask_loop *loop, struct bask_pipeline *pipeline,
              const struct bask_crew_work *work)
{
    struct bask_crew *crew = calloc(1, sizeof *crew);
    if (!crew)
        return NULL;
    crew->loop = loop;
    crew->pipeline = pipeline;
    crew->work = *work;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->follow, NULL);
    pthread_cond_init(&crew->rouse, NULL);
    if (start_patrol(crew)) {
        free(crew);
        return NULL;
    }
    return crew;
}

void
bask_crew_free(struct bask_crew **crew)
{
    if (!*crew)
        return;
    bask_crew_lock(*crew);
    (*crew)->ending = true;
    pthread_cond_signal(&(*crew)->rouse);
    bask_crew_unlock(*crew);
    pthread_join((*crew)->patrol, NULL);
    pthread_cond_destroy(&(*crew)->follow);
    pthread_cond_destroy(&(*crew)->rouse);
    pthread_mutex_destroy(&(*crew)->lock);
    free(*crew);
    *crew = NULL;
}
