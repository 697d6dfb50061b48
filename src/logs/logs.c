/* From options to loggers, and the pipes while they belong to the master and its other children. */
#include "logs/logs.h"

#include "base/err.h"
#include "logs/private.h"
#include "obs/log.h"
#include "obs/outlet.h"
#include "sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20, STEP_MS = 10, QUIET_US = 1000000, END_US = 10000000 };

__attribute__((format(printf, 4, 5))) static int
refuse(struct bask_words words, const struct bask_value *value, const char *option,
       const char *format, ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    snprintf(words.text, words.size, "%.*s: --%s \"%.*s\": %s", BASK_FMT(value->origin), option,
             BASK_FMT(value->text), reason);
    return BASK_E_SYNTAX;
}

static int
add_logger(struct bask_logs *logs, const struct bask_value *value, const char *option,
           bool for_requests, struct bask_words words)
{
    char error[512];
    struct logger *logger = &logs->loggers[logs->count];
    *logger = (struct logger){.host = logs->host, .fd = -1};
    int err = logger_parse(value->text, logger, error, sizeof error);
    if (err)
        return refuse(words, value, option, "%s", error);
    logger->for_requests = for_requests;
    logs->count++;
    return BASK_OK;
}

static int
add_loggers(struct bask_logs *logs, const struct bask_values *values, const char *option,
            bool for_requests, struct bask_words words)
{
    int err = BASK_OK;
    for (size_t i = 0; i < values->count && !err; i++)
        err = add_logger(logs, &values->items[i], option, for_requests, words);
    return err;
}

/* The short forms are loggers in other words. */
static int
add_short(struct bask_logs *logs, const char *option, const char *kind, bask_str argument,
          bask_str origin, struct bask_words words)
{
    char *text;
    if (asprintf(&text, "%s:%.*s", kind, BASK_FMT(argument)) < 0)
        return BASK_E_NOMEM;
    const struct bask_value value = {bask_str_of(text), origin};
    int err = add_logger(logs, &value, option, false, words);
    if (err)
        free(text);
    else
        logs->loggers[logs->count - 1].words_of = text;
    return err;
}

static bool
has_logger(const struct bask_logs *logs, bask_str name)
{
    for (size_t i = 0; i < logs->count; i++)
        if (name.len && bask_str_eq(logs->loggers[i].name, name))
            return true;
    return false;
}

/* "PATTERN", or "NAME PATTERN" where it is about loggers. */
static int
add_rules(const struct bask_logs *logs, struct rules *rules, const struct bask_values *values,
          const char *option, bool named, struct bask_words words)
{
    char error[512];
    rules->items = calloc(values->count + 1, sizeof *rules->items);
    if (!rules->items)
        return BASK_E_NOMEM;
    for (size_t i = 0; i < values->count; i++) {
        struct rule *rule = &rules->items[rules->count];
        const struct bask_value *value = &values->items[i];
        bask_str pattern = value->text;
        if (named && !bask_str_cut(value->text, ' ', &rule->logger, &pattern))
            return refuse(words, value, option, "expected \"NAME REGEXP\"");
        if (named && !has_logger(logs, rule->logger))
            return refuse(words, value, option, "no logger has the name \"%.*s\"",
                          BASK_FMT(rule->logger));
        if (rule_compile(rule, pattern, error, sizeof error))
            return refuse(words, value, option, "%s", error);
        rules->count++;
    }
    return BASK_OK;
}

static int
add_encoders(const struct bask_logs *logs, struct encoders *encoders,
             const struct bask_values *values, const char *option, struct bask_words words)
{
    char error[512];
    encoders->items = calloc(values->count + 1, sizeof *encoders->items);
    if (!encoders->items)
        return BASK_E_NOMEM;
    for (size_t i = 0; i < values->count; i++) {
        struct encoder *encoder = &encoders->items[encoders->count++];
        if (encoder_parse(values->items[i].text, encoder, error, sizeof error))
            return refuse(words, &values->items[i], option, "%s", error);
        if (encoder->logger.len && !has_logger(logs, encoder->logger))
            return refuse(words, &values->items[i], option, "no logger has the name \"%.*s\"",
                          BASK_FMT(encoder->logger));
    }
    return BASK_OK;
}

static int
read_loggers(struct bask_logs *logs, const struct bask_logs_options *options,
             struct bask_words words)
{
    int err = add_loggers(logs, &options->loggers, "logger", false, words);
    if (!err)
        err = add_loggers(logs, &options->request_loggers, "req-logger", true, words);
    for (size_t i = 0; i < options->sockets.count && !err; i++)
        err = add_short(logs, "log-socket", "socket", options->sockets.items[i].text,
                        options->sockets.items[i].origin, words);
    if (!err && options->syslog.ptr)
        err = add_short(logs, "log-syslog", "syslog", options->syslog, BASK_STR("options"), words);
    struct logger *last = &logs->loggers[logs->count];
    *last = (struct logger){.host = logs->host, .fd = -1};
    return err || logger_parse(BASK_STR("stdio"), last, words.text, words.size)
               ? err
               : (logs->count++, BASK_OK);
}

static int
read_rules(struct bask_logs *logs, const struct bask_logs_options *options, struct bask_words words)
{
    struct stream *lines = &logs->streams[STREAM_LINES],
                  *requests = &logs->streams[STREAM_REQUESTS];
    int err = add_rules(logs, &lines->routes, &options->routes, "log-route", true, words);
    if (!err)
        err = add_rules(logs, &requests->routes, &options->request_routes, "log-req-route", true,
                        words);
    if (!err)
        err = add_rules(logs, &logs->filters, &options->filters, "log-filter", false, words);
    if (!err)
        err = add_rules(logs, &logs->drains, &options->drains, "log-drain", false, words);
    if (!err)
        err = add_encoders(logs, &lines->encoders, &options->encoders, "log-encoder", words);
    if (!err)
        err = add_encoders(logs, &requests->encoders, &options->request_encoders, "log-req-encoder",
                           words);
    return err;
}

int
bask_logs_new(const struct bask_logs_options *options, const char *hostname,
              struct bask_logs **ret_logs, char *error, size_t error_size)
{
    const struct bask_words words = {error, error_size};
    size_t most = options->loggers.count + options->request_loggers.count + options->sockets.count +
                  (options->syslog.ptr != NULL);
    size_t rules = options->routes.count + options->request_routes.count + options->filters.count +
                   options->drains.count + options->encoders.count +
                   options->request_encoders.count;
    *ret_logs = NULL;
    if (!most && !rules)
        return BASK_OK;
    struct bask_logs *logs = calloc(1, sizeof *logs);
    if (!logs || !(logs->loggers = calloc(most + 1, sizeof *logs->loggers))) {
        free(logs);
        snprintf(error, error_size, "loggers: %s", bask_err_text(BASK_E_NOMEM));
        return BASK_E_NOMEM;
    }
    for (size_t i = 0; i < STREAMS; i++)
        logs->streams[i].ends[0] = logs->streams[i].ends[1] = -1;
    snprintf(logs->host, sizeof logs->host, "%s", hostname);
    snprintf(error, error_size, "loggers: %s", bask_err_text(BASK_E_NOMEM));
    int err = read_loggers(logs, options, words);
    if (!err)
        err = read_rules(logs, options, words);
    if (err)
        bask_logs_free(&logs);
    *ret_logs = logs;
    return err;
}

static void
free_rules(struct rules *rules)
{
    while (rules->count)
        regfree(&rules->items[--rules->count].pattern);
    free(rules->items);
}

static void
close_end(struct stream *stream, int end)
{
    if (stream->ends[end] >= 0)
        close(stream->ends[end]);
    stream->ends[end] = -1;
}

void
bask_logs_free(struct bask_logs **freed)
{
    struct bask_logs *logs = *freed;
    if (!logs)
        return;
    for (size_t i = 0; i < logs->count; i++) {
        logger_close(&logs->loggers[i]);
        logger_free(&logs->loggers[i]);
    }
    for (size_t i = 0; i < STREAMS; i++) {
        close_end(&logs->streams[i], 0);
        close_end(&logs->streams[i], 1);
        free_rules(&logs->streams[i].routes);
        free(logs->streams[i].encoders.items);
        bask_buf_fini(&logs->streams[i].in);
    }
    free_rules(&logs->filters);
    free_rules(&logs->drains);
    free(logs->loggers);
    free(logs);
    *freed = NULL;
}

/* As large as it may be: lines wait there while there is no keeper. */
static int
open_pipe(struct stream *stream, uid_t uid, gid_t gid)
{
    if (pipe2(stream->ends, O_CLOEXEC))
        return BASK_E_SYSTEM;
    for (int bytes = PIPE_BYTES; bytes > PIPE_BUF; bytes /= 2)
        if (fcntl(stream->ends[1], F_SETPIPE_SZ, bytes) >= 0)
            break;
    fcntl(stream->ends[0], F_SETFL, O_NONBLOCK);
    return fchown(stream->ends[1], uid, gid) ? BASK_E_SYSTEM : BASK_OK;
}

int
bask_logs_begin(struct bask_logs *logs, uid_t uid, gid_t gid, char *error, size_t error_size)
{
    struct stream *lines = &logs->streams[STREAM_LINES],
                  *requests = &logs->streams[STREAM_REQUESTS];
    bool apart = false;
    for (size_t i = 0; i < logs->count; i++)
        apart |= logs->loggers[i].for_requests;
    if (open_pipe(lines, uid, gid) || (apart && open_pipe(requests, uid, gid)) ||
        bask_log_divert(lines->ends[1])) {
        snprintf(error, error_size, "loggers: no pipes: %s", strerror(errno));
        return BASK_E_SYSTEM;
    }
    close_end(lines, 1);
    if (apart)
        bask_outlet_requests_to(requests->ends[1]);
    return BASK_OK;
}

void
bask_logs_limit(struct bask_logs *logs, int64_t max_bytes, bask_str name)
{
    logs->max_bytes = max_bytes;
    logs->backup = name.len ? name.ptr : NULL;
}

int
bask_logs_check(struct bask_logs *logs, char *error, size_t error_size)
{
    char reason[512];
    for (size_t i = 0; i < logs->count; i++) {
        struct logger *logger = &logs->loggers[i];
        if (logger_open(logger, reason, sizeof reason)) {
            snprintf(error, error_size, "logger %.*s: %s", BASK_FMT(logger->text), reason);
            return BASK_E_SYSTEM;
        }
        logger_close(logger);
    }
    return BASK_OK;
}

void
bask_logs_forget(struct bask_logs *logs)
{
    for (size_t i = 0; i < STREAMS; i++)
        close_end(&logs->streams[i], 0);
}

/* What nobody is there to read, and will be. */
static void
show_rest(struct stream *stream)
{
    char bytes[4096];
    ssize_t n;
    while (stream->ends[0] >= 0 && (n = read(stream->ends[0], bytes, sizeof bytes)) > 0)
        bask_outlet_write(bytes, (size_t)n);
}

static bool
is_empty(const struct bask_logs *logs)
{
    for (size_t i = 0; i < STREAMS; i++) {
        int waiting = 0;
        if (logs->streams[i].ends[0] >= 0 && !ioctl(logs->streams[i].ends[0], FIONREAD, &waiting) &&
            waiting)
            return false;
    }
    return true;
}

/* Somebody else may have the pipes, a daemon that outlives the server: then the keeper goes on, and
 * is not waited for once it has read everything. */
static bool
has_ended(const struct bask_logs *logs, pid_t keeper)
{
    int64_t now = bask_clock_us(), until_us = now + END_US, quiet_us = 0;
    while (waitpid(keeper, NULL, WNOHANG) == 0) {
        now = bask_clock_us();
        quiet_us = !is_empty(logs) ? 0 : quiet_us ? quiet_us : now + QUIET_US;
        if (now >= until_us || (quiet_us && now >= quiet_us))
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}

void
bask_logs_finish(struct bask_logs *logs, pid_t keeper)
{
    fflush(stdout);
    bask_log_come_back();
    bask_outlet_requests_to(-1);
    for (size_t i = 0; i < STREAMS; i++)
        close_end(&logs->streams[i], 1);
    if (keeper <= 0 || has_ended(logs, keeper))
        for (size_t i = 0; i < STREAMS; i++)
            show_rest(&logs->streams[i]);
    bask_logs_forget(logs);
}
