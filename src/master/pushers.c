/*
 * Statistics that are sent without being asked for (--stats-push): now and then, the document of
 * stats_document.c to the end of a file, or the metrics to a socket of datagrams, as statsd has
 * them or as uWSGI's own receiver has.
 */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"
#include "svc/shared.h"
#include "sys/files.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_US = 1000000, DATAGRAM = 512 };

struct pusher {
    const struct pusher_kind *kind;
    struct master *master;
    struct bask_timer timer;
    int64_t interval_us;
    bool failing; /* and that was logged */
    /* A file. */
    char *path;
    bask_str separator;
    /* Datagrams. */
    int fd;
    struct bask_sockaddr address;
    bask_str prefix;
    int64_t *before; /* [known], what counters were when they were sent last, in the order of all */
    size_t known;
};

struct pushers {
    size_t count;
    struct pusher items[];
};

/* Reading what the option says, and doing it: 0, or -1 and errno. */
struct pusher_kind {
    bask_str name;
    int (*read)(struct pusher *pusher, bask_str argument, char *error, size_t error_size);
    int (*push)(struct pusher *pusher);
};

/* Files */

static int
read_file_pair(struct pusher *pusher, bask_str key, bask_str value, char *error, size_t error_size)
{
    long long seconds;
    if (bask_str_eq(key, BASK_STR("path")) && value.len) {
        free(pusher->path);
        pusher->path = strndup(value.ptr, value.len);
        return pusher->path ? BASK_OK : BASK_E_NOMEM;
    }
    if (bask_str_eq(key, BASK_STR("separator"))) {
        pusher->separator = value;
        return BASK_OK;
    }
    if (bask_str_eq(key, BASK_STR("freq")) && !bask_str_to_i64(value, &seconds) && seconds >= 1 &&
        seconds <= 86400) {
        pusher->interval_us = seconds * 1000000;
        return BASK_OK;
    }
    snprintf(error, error_size,
             "expected path=FILE, separator=TEXT or freq=SECONDS (1 to 86400), not \"%.*s=%.*s\"",
             BASK_FMT(key), BASK_FMT(value));
    return BASK_E_SYNTAX;
}

static int
read_file(struct pusher *pusher, bask_str argument, char *error, size_t error_size)
{
    int err = read_file_pair(pusher, BASK_STR("path"), BASK_STR("uwsgi.stats"), error, error_size);
    pusher->separator = BASK_STR("\n\n");
    while (!err && argument.len) {
        bask_str pair = argument, rest = {"", 0}, key, value = {"", 0};
        bask_str_cut(argument, ',', &pair, &rest);
        argument = rest;
        key = pair;
        bask_str_cut(pair, '=', &key, &value);
        err = read_file_pair(pusher, key, value, error, error_size);
    }
    return err;
}

static int
push_file(struct pusher *pusher)
{
    struct bask_buf out = {0};
    int fd = -1, failed = -1;
    errno = ENOMEM;
    if (!stats_write(pusher->master, &out) && !bask_buf_append(&out, pusher->separator))
        fd = open(pusher->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);
    if (fd >= 0) {
        failed = bask_file_write(fd, bask_buf_view(&out)) ? -1 : 0;
        int failure = errno;
        close(fd);
        errno = failure;
    }
    bask_buf_fini(&out);
    return failed;
}

/* Datagrams */

/* "ADDRESS[,PREFIX]" */
static int
read_address(struct pusher *pusher, bask_str argument, char *error, size_t error_size)
{
    bask_str address = argument;
    pusher->prefix = BASK_STR("uwsgi");
    bask_str_cut(argument, ',', &address, &pusher->prefix);
    if (!address.len || !pusher->prefix.len || pusher->prefix.len > 128) {
        snprintf(error, error_size, "expected ADDRESS[,PREFIX]");
        return BASK_E_SYNTAX;
    }
    int err = bask_sock_parse(address, &pusher->address, error, error_size);
    if (err)
        return err;
    pusher->fd =
        socket(pusher->address.u.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (pusher->fd < 0)
        snprintf(error, error_size, "socket: %s", strerror(errno));
    return pusher->fd < 0 ? BASK_E_SYSTEM : BASK_OK;
}

struct sending {
    struct pusher *pusher;
    const struct bask_stats_options *options;
    bool statsd;
    size_t index; /* of the metric, in the order of all */
    int failure;  /* errno */
};

/* What the metric `index` was when it was sent last; NULL: out of memory. */
static int64_t *
before(struct pusher *pusher, size_t index)
{
    if (index >= pusher->known) {
        size_t known = index + 64;
        int64_t *grown = realloc(pusher->before, known * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + pusher->known, 0, (known - pusher->known) * sizeof *grown);
        pusher->before = grown;
        pusher->known = known;
    }
    return &pusher->before[index];
}

static bool
is_left_out(const struct sending *sending, const struct bask_metric_view *metric)
{
    return sending->statsd && sending->options->statsd_no_workers &&
           bask_str_starts(metric->name, BASK_STR("worker."));
}

/* statsd adds up what it is sent of a counter: it gets what has been added since the last time. */
static int
write_statsd(const struct sending *sending, const struct bask_metric_view *metric, int64_t since,
             char *text)
{
    bool counts = metric->type == BASK_METRIC_COUNTER && !sending->options->statsd_all_gauges;
    uint64_t value = (uint64_t)metric->value - (counts ? (uint64_t)since : 0);
    return snprintf(text, DATAGRAM, "%.*s.%.*s:%" PRId64 "|%c", BASK_FMT(sending->pusher->prefix),
                    BASK_FMT(metric->name), (int64_t)value, counts ? 'c' : 'g');
}

/* Who is too slow misses some: nobody waits here. */
static bool
is_sent(struct sending *sending, const char *text, int length)
{
    const struct pusher *pusher = sending->pusher;
    if (sendto(pusher->fd, text, (size_t)length, MSG_NOSIGNAL, &pusher->address.u.any,
               pusher->address.length) >= 0)
        return true;
    if (errno != EAGAIN)
        sending->failure = errno;
    return false;
}

static void
send_metric(void *context, const struct bask_metric_view *metric)
{
    struct sending *sending = context;
    const struct bask_metrics *metrics = &sending->pusher->master->plan->shared->metrics;
    int64_t *last = before(sending->pusher, sending->index++);
    bool resets = metric->own && metric->own->resets;
    char text[DATAGRAM];
    if (!last || is_left_out(sending, metric))
        return;
    int n = sending->statsd ? write_statsd(sending, metric, *last, text)
                            : snprintf(text, sizeof text, "%.*s.%.*s %d %" PRId64,
                                       BASK_FMT(sending->pusher->prefix), BASK_FMT(metric->name),
                                       (int)metric->type, metric->value);
    if (!is_sent(sending, text, n))
        return;
    *last = resets ? 0 : metric->value;
    if (resets)
        bask_metrics_change(metrics, NULL, metric->name, BASK_METRIC_SUBTRACT,
                            metric->value - metric->own->initial);
}

static int
push_metrics(struct pusher *pusher, bool statsd)
{
    const struct master *master = pusher->master;
    struct sending sending = {
        .pusher = pusher, .options = &master->plan->options->stats, .statsd = statsd};
    bask_metrics_each(&master->plan->shared->metrics, master->plan->board, send_metric, &sending);
    errno = sending.failure;
    return sending.failure ? -1 : 0;
}

static int
push_socket(struct pusher *pusher)
{
    return push_metrics(pusher, false);
}

static int
push_statsd(struct pusher *pusher)
{
    return push_metrics(pusher, true);
}

static const struct pusher_kind kinds[] = {
    {{"file", 4}, read_file, push_file},
    {{"socket", 6}, read_address, push_socket},
    {{"statsd", 6}, read_address, push_statsd},
};

/* All */

static void
on_due(struct bask_timer *timer)
{
    struct pusher *pusher = BASK_CONTAINER(timer, struct pusher, timer);
    bask_loop_timer_start(pusher->master->loop, timer, pusher->interval_us);
    if (pusher->master->heir)
        return; /* the one that serves does it */
    bool failed = pusher->kind->push(pusher) != 0;
    if (failed && !pusher->failing)
        bask_log(BASK_LOG_WARN, "--stats-push %.*s: %s", BASK_FMT(pusher->kind->name),
                 strerror(errno));
    pusher->failing = failed;
}

static int
read_pusher(struct pusher *pusher, bask_str text, char *error, size_t error_size)
{
    bask_str name = text, argument = {"", 0};
    bask_str_cut(text, ':', &name, &argument);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (bask_str_eq(name, kinds[i].name)) {
            pusher->kind = &kinds[i];
            return kinds[i].read(pusher, argument, error, error_size);
        }
    snprintf(error, error_size, "there is no pusher \"%.*s\"; there are file, socket and statsd",
             BASK_FMT(name));
    return BASK_E_SYNTAX;
}

int
pushers_init(struct master *master)
{
    const struct bask_stats_options *options = &master->plan->options->stats;
    char error[256];
    if (!options->push.count)
        return BASK_OK;
    struct pushers *pushers =
        calloc(1, sizeof *pushers + options->push.count * sizeof *pushers->items);
    if (!pushers)
        return BASK_E_NOMEM;
    master->pushers = pushers;
    for (size_t i = 0; i < options->push.count; i++) {
        struct pusher *pusher = &pushers->items[pushers->count++];
        const struct bask_value *value = &options->push.items[i];
        *pusher = (struct pusher){.master = master,
                                  .fd = -1,
                                  .timer.on_due = on_due,
                                  .interval_us = options->push_freq_ms * 1000};
        int err = read_pusher(pusher, value->text, error, sizeof error);
        if (err) {
            bask_log(BASK_LOG_ERROR, "%.*s: --stats-push %.*s: %s", BASK_FMT(value->origin),
                     BASK_FMT(value->text), err == BASK_E_NOMEM ? bask_err_text(err) : error);
            return err;
        }
        int64_t first_us = pusher->interval_us < FIRST_US ? pusher->interval_us : FIRST_US;
        bask_loop_timer_start(master->loop, &pusher->timer, first_us);
    }
    return BASK_OK;
}

void
pushers_forget(const struct pushers *pushers)
{
    for (size_t i = 0; pushers && i < pushers->count; i++)
        if (pushers->items[i].fd >= 0)
            close(pushers->items[i].fd);
}

void
pushers_free(struct pushers **pushers)
{
    if (!*pushers)
        return;
    pushers_forget(*pushers);
    for (size_t i = 0; i < (*pushers)->count; i++) {
        struct pusher *pusher = &(*pushers)->items[i];
        bask_loop_timer_stop(&pusher->timer);
        free(pusher->path);
        free(pusher->before);
    }
    free(*pushers);
    *pushers = NULL;
}
