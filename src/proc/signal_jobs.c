/* Each job is a bask_req of its own making, with just enough of struct bask_req_io. */
#include "proc/signal_jobs.h"

#include "base/err.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAIT_NS = 200000000 };

struct bask_signal_jobs {
    struct bask_loop *loop;
    struct bask_pipeline *pipeline;
    struct bask_signal_box *box; /* NULL: another process's */
    struct bask_link list;       /* of all that were made and are not done */
    uint32_t count, most;
    uint32_t next; /* the number to begin with: none has to wait for the others */
    uint32_t waiters;
    bool closed;
    pthread_mutex_t turn_lock;
    pthread_cond_t turned;
    uint32_t turn; /* how often waiters were told to look */
};

struct signal_job {
    struct bask_link link;
    struct bask_signal_jobs *jobs;
    struct bask_req *req;
    char name[4]; /* the number, for those who log it */
};

static void
forget(struct signal_job *job)
{
    bask_list_remove(&job->link);
    job->jobs->count--;
    bask_req_free(&job->req);
    free(job);
}

static void
end_job(struct bask_req *req, bool failed, bask_str answer)
{
    struct signal_job *job = req->owner;
    struct bask_signal_jobs *jobs = job->jobs;
    (void)failed, (void)answer;
    forget(job);
    bask_signal_jobs_look(jobs);
}

/* Nobody waits for a handler that takes too long. */
static bool
cut(struct bask_req *req, unsigned status)
{
    (void)status;
    req->cut = true;
    return false;
}

/* After cut, where no thread is left to do it. */
static int
finish(struct bask_req *req)
{
    struct signal_job *job = req->owner;
    if (job->jobs->box)
        bask_signal_put(job->jobs->box, req->job.number);
    forget(job);
    return BASK_OK;
}

static int
no_descriptor(const struct bask_req *req)
{
    (void)req;
    return -1;
}

static const struct bask_req_io signal_io = {
    .finish = finish,
    .descriptor = no_descriptor,
    .cut = cut,
    .end_job = end_job,
};

static int
submit(struct bask_signal_jobs *jobs, uint32_t number)
{
    struct signal_job *job = calloc(1, sizeof *job);
    struct bask_req *req = job ? bask_req_new() : NULL;
    if (!req) {
        free(job);
        return BASK_E_NOMEM;
    }
    job->jobs = jobs;
    job->req = req;
    req->owner = job;
    req->io = &signal_io;
    req->job =
        (struct bask_job){.size = sizeof req->job, .kind = BASK_JOB_SIGNAL, .number = number};
    snprintf(job->name, sizeof job->name, "%u", number);
    req->pub.method = BASK_STR("SIGNAL");
    req->pub.uri = bask_str_of(job->name);
    bask_list_append(&jobs->list, &job->link);
    jobs->count++;
    bask_pipeline_submit(jobs->pipeline, req);
    return BASK_OK;
}

/* One of each number, from `from` on. False: no job was made. */
static bool
take_round(struct bask_signal_jobs *jobs, uint32_t from)
{
    bool took = false;
    for (uint32_t number = from; jobs->count < jobs->most; number++) {
        number = bask_signal_next(jobs->box, number);
        if (number >= BASK_SIGNALS)
            break;
        if (!bask_signal_take(jobs->box, number))
            continue;
        if (submit(jobs, number)) {
            bask_signal_put(jobs->box, number);
            return false;
        }
        jobs->next = number + 1;
        took = true;
    }
    return took;
}

static void
wake_waiters(struct bask_signal_jobs *jobs)
{
    pthread_mutex_lock(&jobs->turn_lock);
    jobs->turn++;
    pthread_cond_broadcast(&jobs->turned);
    pthread_mutex_unlock(&jobs->turn_lock);
}

void
bask_signal_jobs_look(struct bask_signal_jobs *jobs)
{
    if (!jobs || !jobs->box || bask_signal_next(jobs->box, 0) == BASK_SIGNALS)
        return;
    if (jobs->waiters && !jobs->closed) {
        wake_waiters(jobs);
        return;
    }
    bool took = take_round(jobs, jobs->next);
    while (take_round(jobs, 0))
        took = true;
    if (took)
        bask_loop_nudge(jobs->loop);
}

static void
begin_wait(void *context)
{
    struct bask_signal_jobs *jobs = context;
    jobs->waiters++;
    if (jobs->box)
        atomic_store(&jobs->box->waiters, jobs->waiters);
}

static void
end_wait(void *context)
{
    struct bask_signal_jobs *jobs = context;
    jobs->waiters--;
    if (jobs->box)
        atomic_store(&jobs->box->waiters, jobs->waiters);
    bask_signal_jobs_look(jobs);
}

/* What became a job before somebody waited, and no thread has begun. */
static int
withdraw(struct bask_signal_jobs *jobs)
{
    for (struct bask_link *link = jobs->list.next; link != &jobs->list; link = link->next) {
        struct signal_job *job = BASK_CONTAINER(link, struct signal_job, link);
        int number = (int)job->req->job.number;
        if (job->req->thread)
            continue;
        bask_pipeline_withdraw(jobs->pipeline, job->req);
        forget(job);
        return number;
    }
    return BASK_E_NOTFOUND;
}

/* The first from `from` on. */
static int
take_from(struct bask_signal_jobs *jobs, uint32_t from)
{
    for (uint32_t number = from; number < BASK_SIGNALS; number++) {
        number = bask_signal_next(jobs->box, number);
        if (number < BASK_SIGNALS && bask_signal_take(jobs->box, number)) {
            jobs->next = number + 1;
            return (int)number;
        }
    }
    return BASK_E_NOTFOUND;
}

static int
take_one(void *context, uint32_t *ret_turn)
{
    struct bask_signal_jobs *jobs = context;
    if (!jobs->box || jobs->closed)
        return BASK_E_CLOSED;
    int number = withdraw(jobs);
    if (number < 0)
        number = take_from(jobs, jobs->next);
    if (number < 0)
        number = take_from(jobs, 0);
    *ret_turn = jobs->turn; /* whoever changes it has the worker's lock, too */
    return number;
}

static void
wait_for_one(void *context, uint32_t turn)
{
    struct bask_signal_jobs *jobs = context;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&jobs->turn_lock);
    int err = 0;
    while (jobs->turn == turn && !err)
        err = pthread_cond_timedwait(&jobs->turned, &jobs->turn_lock, &until);
    pthread_mutex_unlock(&jobs->turn_lock);
}

struct bask_host_signals
bask_signal_jobs_for_host(struct bask_signal_jobs *jobs)
{
    return (struct bask_host_signals){
        .begin_wait = begin_wait,
        .end_wait = end_wait,
        .take = take_one,
        .wait = wait_for_one,
        .context = jobs,
    };
}

void
bask_signal_jobs_close(struct bask_signal_jobs *jobs)
{
    if (!jobs)
        return;
    jobs->closed = true;
    wake_waiters(jobs);
    bask_signal_jobs_look(jobs); /* who does not wait for them handles them */
}

struct bask_signal_jobs *
bask_signal_jobs_new(struct bask_loop *loop, struct bask_pipeline *pipeline,
                     struct bask_signal_box *box, uint32_t most)
{
    struct bask_signal_jobs *jobs = calloc(1, sizeof *jobs);
    if (!jobs)
        return NULL;
    jobs->loop = loop;
    jobs->pipeline = pipeline;
    jobs->box = box;
    jobs->most = most;
    bask_list_init(&jobs->list);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&jobs->turned, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&jobs->turn_lock, NULL);
    return jobs;
}

void
bask_signal_jobs_forsake(struct bask_signal_jobs *jobs)
{
    if (jobs)
        jobs->box = NULL;
}

void
bask_signal_jobs_free(struct bask_signal_jobs **jobs)
{
    if (!*jobs)
        return;
    while (!bask_list_empty(&(*jobs)->list)) {
        struct signal_job *job = BASK_CONTAINER((*jobs)->list.next, struct signal_job, link);
        bask_list_remove(&job->req->link); /* from the pipeline */
        finish(job->req);
    }
    pthread_cond_destroy(&(*jobs)->turned);
    pthread_mutex_destroy(&(*jobs)->turn_lock);
    free(*jobs);
    *jobs = NULL;
}
