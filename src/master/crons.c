/*
 * Commands that run at their times, as children of the master: a reload leaves them alone, the end
 * of the server ends them. In an upgrade those that run stay with the master that started them, and
 * the minutes are the successor's from the one on in which it takes over.
 */
#include "base/err.h"
#include "master/cron_spec.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/shell.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { SECOND_US = 1000000, OF_ONE = 64 };

struct cron {
    struct cron_spec spec;
    struct cron_report report;
    bool said; /* that it has to wait */
};

/* A command that runs. */
struct run {
    struct bask_link link;
    struct bask_timer limit;
    struct cron *cron;
    pid_t pid;
    int64_t started_us;
    bool ending; /* it was told to */
};

struct crons {
    struct master *master;
    struct bask_timer look;
    struct bask_cron_clock clock;
    struct bask_link runs;
    bool stopping;
    size_t count;
    struct cron items[];
};

static int64_t
wall_s(void)
{
    return bask_clock_wall_us() / SECOND_US;
}

static double
seconds_of(const struct run *run)
{
    return (double)(bask_clock_us() - run->started_us) / SECOND_US;
}

static int64_t
limit_us(const struct crons *crons, const struct cron *cron)
{
    const struct bask_cron_options *options = &crons->master->plan->options->crons;
    return cron->spec.limit_s >= 0 ? cron->spec.limit_s * SECOND_US : options->limit_ms * 1000;
}

static void
on_limit(struct bask_timer *timer)
{
    struct run *run = BASK_CONTAINER(timer, struct run, limit);
    bask_log(BASK_LOG_WARN,
             run->ending ? "cron \"%s\" (pid: %d) does not end after %.1f s: it is killed"
                         : "cron \"%s\" (pid: %d) runs for too long, %.1f s: it is killed",
             run->cron->spec.command, (int)run->pid, seconds_of(run));
    kill(-run->pid, SIGKILL);
}

static void
tell_to_end(struct crons *crons, struct run *run)
{
    int64_t mercy_us = crons->master->plan->options->daemons.mercy_ms * 1000;
    bask_log(BASK_LOG_INFO, "stopping cron \"%s\" (pid: %d)", run->cron->spec.command,
             (int)run->pid);
    run->ending = true;
    kill(-run->pid, SIGTERM);
    bask_loop_timer_start(crons->master->loop, &run->limit, mercy_us);
}

/* False, and said once, if it has to wait for those that run. */
static bool
may_start(struct cron *cron)
{
    uint32_t running = cron->report.running;
    bool may = running < (cron->spec.is_unique ? 1 : OF_ONE);
    if (!may && !cron->said)
        bask_log(cron->spec.is_unique ? BASK_LOG_INFO : BASK_LOG_WARN,
                 "cron \"%s\" is due, and still runs (%u of it): it is not started again",
                 cron->spec.command, running);
    cron->said = !may;
    return may;
}

static void
start(struct crons *crons, struct cron *cron)
{
    char error[256] = "out of memory";
    const struct bask_shell_command how = {.command = cron->spec.command};
    struct run *run = calloc(1, sizeof *run);
    if (!run || bask_shell_start(&how, &run->pid, error, sizeof error)) {
        bask_log(BASK_LOG_ERROR, "cannot start cron \"%s\": %s", cron->spec.command, error);
        free(run);
        return;
    }
    bask_log(BASK_LOG_INFO, "cron \"%s\" started (pid: %d)", cron->spec.command, (int)run->pid);
    run->cron = cron;
    run->started_us = bask_clock_us();
    run->limit.on_due = on_limit;
    bask_list_append(&crons->runs, &run->link);
    if (limit_us(crons, cron))
        bask_loop_timer_start(crons->master->loop, &run->limit, limit_us(crons, cron));
    cron->report.pid = run->pid;
    cron->report.started_at = wall_s();
    cron->report.running++;
    cron->report.times++;
}

static void
start_what_is_due(struct crons *crons, int64_t now_s)
{
    struct bask_cron_minutes minutes;
    if (!bask_cron_clock_look(&crons->clock, now_s, &minutes))
        return;
    for (size_t i = 0; i < crons->count; i++) {
        struct cron *cron = &crons->items[i];
        if (bask_cron_is_due(&cron->spec.when, &minutes) && may_start(cron))
            start(crons, cron);
    }
}

/* While a successor gets ready the first second of a minute is waited for: it may take over just
 * then, and then the minute is its own. */
static void
on_look(struct bask_timer *timer)
{
    struct crons *crons = BASK_CONTAINER(timer, struct crons, look);
    int64_t now_us = bask_clock_wall_us();
    bool later = crons->master->upgrade && now_us / SECOND_US % 60 == 0;
    if (crons->master->stopping)
        return;
    if (!crons->master->heir && !later)
        start_what_is_due(crons, now_us / SECOND_US);
    bask_loop_timer_start(crons->master->loop, &crons->look, bask_cron_pause_us(now_us));
}

static void
say_end(const struct run *run, int status)
{
    bool killed = WIFSIGNALED(status);
    bool is_well = run->ending || (WIFEXITED(status) && !WEXITSTATUS(status));
    bask_log(is_well ? BASK_LOG_INFO : BASK_LOG_WARN,
             "cron \"%s\" (pid: %d) ended after %.1f s (%s %d)", run->cron->spec.command,
             (int)run->pid, seconds_of(run), killed ? "signal" : "status",
             killed ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void
forget(struct run *run)
{
    bask_list_remove(&run->link);
    bask_loop_timer_stop(&run->limit);
    free(run);
}

bool
crons_ended(struct master *master, pid_t pid, int status)
{
    struct crons *crons = master->crons;
    if (!crons)
        return false;
    for (struct bask_link *link = crons->runs.next; link != &crons->runs; link = link->next) {
        struct run *run = BASK_CONTAINER(link, struct run, link);
        if (run->pid != pid)
            continue;
        struct cron_report *report = &run->cron->report;
        say_end(run, status);
        report->running--;
        report->status = status;
        report->has_ended = true;
        if (report->pid == pid)
            report->pid = 0;
        forget(run);
        return true;
    }
    return false;
}

void
crons_take(struct master *master, int64_t minute)
{
    if (master->crons)
        bask_cron_clock_start(&master->crons->clock, minute * 60);
}

void
crons_hand_over(struct master *master, int64_t minute)
{
    if (master->crons && minute)
        start_what_is_due(master->crons, minute * 60);
}

bool
crons_stop(struct master *master)
{
    struct crons *crons = master->crons;
    if (!crons)
        return true;
    bool wait = master->successor && !master->brutal;
    if (!wait && !crons->stopping) {
        crons->stopping = true;
        for (struct bask_link *link = crons->runs.next; link != &crons->runs; link = link->next)
            tell_to_end(crons, BASK_CONTAINER(link, struct run, link));
    }
    return bask_list_empty(&crons->runs);
}

const struct cron_report *
crons_report(const struct master *master, size_t index)
{
    const struct crons *crons = master->crons;
    return crons && index < crons->count ? &crons->items[index].report : NULL;
}

static int
count(const struct bask_value *value, enum cron_form form, void *context)
{
    (void)value;
    (void)form;
    ++*(size_t *)context;
    return BASK_OK;
}

static int
add(const struct bask_value *value, enum cron_form form, void *context)
{
    struct crons *crons = context;
    char error[256];
    struct cron *cron = &crons->items[crons->count];
    int err = cron_spec_parse(form, value->text, &cron->spec, error, sizeof error);
    if (err)
        bask_log(BASK_LOG_ERROR, "cron \"%.*s\": %s", BASK_FMT(value->text), error);
    else
        crons->count++;
    cron->report.spec = &cron->spec;
    return err;
}

int
crons_init(struct master *master)
{
    const struct bask_cron_options *options = &master->plan->options->crons;
    size_t total = 0;
    crons_each(options, count, &total);
    if (!total)
        return BASK_OK;
    struct crons *crons = calloc(1, sizeof *crons + total * sizeof *crons->items);
    if (!crons)
        return BASK_E_NOMEM;
    master->crons = crons;
    crons->master = master;
    crons->look.on_due = on_look;
    bask_list_init(&crons->runs);
    bask_cron_clock_start(&crons->clock, wall_s());
    bask_loop_timer_start(master->loop, &crons->look, 0);
    return crons_each(options, add, crons);
}

void
crons_free(struct crons **crons)
{
    if (!*crons)
        return;
    bask_loop_timer_stop(&(*crons)->look);
    while (!bask_list_empty(&(*crons)->runs))
        forget(BASK_CONTAINER((*crons)->runs.next, struct run, link));
    for (size_t i = 0; i < (*crons)->count; i++)
        cron_spec_fini(&(*crons)->items[i].spec);
    free(*crons);
    *crons = NULL;
}
