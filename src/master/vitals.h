/*
 * How the server is, for those who ask from outside: a snapshot of roster and scoreboard, and what
 * it means. The verdicts are pure.
 */
#pragma once

#include "obs/board.h"

struct vitals {
    unsigned generation;
    uint32_t wanted;        /* workers that shall run */
    uint32_t serving;       /* processes that take requests */
    uint32_t stuck;         /* of them, those whose threads all are in a request for too long */
    uint32_t silent;        /* of them, those that gave no sign of life for too long */
    uint32_t threads, busy; /* of those that serve */
    uint64_t waiting;       /* requests that wait for a thread */
    int64_t oldest_us;      /* how long the oldest request has been in the application; 0: none */
    bool cheap;             /* a worker is forked when a connection comes */
    bool loaded, paused, stopping;
};

struct master;

/* `stuck_us`: how long is too long. */
struct vitals vitals_take(const struct master *master, int64_t now, int64_t stuck_us);
/* Why no request should be sent here, in a word; NULL: send them. */
const char *vitals_unready(const struct vitals *vitals);
/* Why the server should be restarted, in a word; NULL: it should not. */
const char *vitals_dead(const struct vitals *vitals);
