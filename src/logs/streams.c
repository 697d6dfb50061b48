/* Lines out of a pipe, and to whom each goes. */
#include "base/err.h"
#include "logs/private.h"
#include "sys/clock.h"

#include <string.h>

static bool
matches_one(const struct rules *rules, bask_str line)
{
    for (size_t i = 0; i < rules->count; i++)
        if (rule_matches(&rules->items[i], line))
            return true;
    return false;
}

/* Through the encoders that are for this logger. Out of memory it goes as it is. */
static void
give(const struct encoders *encoders, struct logger *logger, bask_str line,
     const struct moment *now)
{
    struct bask_buf steps[2] = {{0}, {0}};
    unsigned turn = 0;
    for (size_t i = 0; i < encoders->count; i++) {
        const struct encoder *encoder = &encoders->items[i];
        struct bask_buf *step = &steps[turn];
        if (encoder->logger.len && !bask_str_eq(encoder->logger, logger->name))
            continue;
        bask_buf_consume(step, bask_buf_len(step));
        if (encoder_apply(encoder, line, now, step))
            break;
        line = bask_buf_view(step);
        turn = !turn;
    }
    if (line.len)
        logger_put(logger, line, now);
    bask_buf_fini(&steps[0]);
    bask_buf_fini(&steps[1]);
}

/* All loggers of this name, which is empty for those that have none and are for this stream;
 * whether there is one. The last logger is none of them. */
static bool
give_all(struct bask_logs *logs, enum stream_kind kind, bask_str name, bask_str line,
         const struct moment *now)
{
    bool found = false;
    for (size_t i = 0; i + 1 < logs->count; i++) {
        struct logger *logger = &logs->loggers[i];
        if (!bask_str_eq(logger->name, name) ||
            (!name.len && logger->for_requests != (kind == STREAM_REQUESTS)))
            continue;
        give(&logs->streams[kind].encoders, logger, line, now);
        found = true;
    }
    return found;
}

void
stream_hand_out(struct bask_logs *logs, enum stream_kind kind, bask_str line,
                const struct moment *now)
{
    const struct rules *routes = &logs->streams[kind].routes;
    bool found = false;
    if (kind == STREAM_LINES && (matches_one(&logs->drains, line) ||
                                 (logs->filters.count && !matches_one(&logs->filters, line))))
        return;
    for (size_t i = 0; i < routes->count; i++)
        if (rule_matches(&routes->items[i], line))
            found |= give_all(logs, kind, routes->items[i].logger, line, now);
    if (!found && !give_all(logs, kind, (bask_str){0}, line, now))
        give(&logs->streams[kind].encoders, &logs->loggers[logs->count - 1], line, now);
}

/* A line that never ends is handed out in pieces. */
void
stream_take_lines(struct bask_logs *logs, enum stream_kind kind, bool all)
{
    struct bask_buf *in = &logs->streams[kind].in;
    struct moment now = {.wall_us = bask_clock_wall_us()};
    time_t second = (time_t)(now.wall_us / 1000000);
    localtime_r(&second, &now.fields);
    while (bask_buf_len(in)) {
        bask_str rest = bask_buf_view(in);
        const char *end = memchr(rest.ptr, '\n', rest.len);
        if (!end && !all && rest.len < LINE_MAX_LEN)
            break;
        size_t len = end ? (size_t)(end - rest.ptr) + 1 : rest.len;
        stream_hand_out(logs, kind, bask_str_n(rest.ptr, len), &now);
        bask_buf_consume(in, len);
    }
}
