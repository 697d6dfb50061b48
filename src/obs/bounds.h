/*
 * What clients may run into, as rows: one counter each on the scoreboard.
 */
#pragma once

/* symbol, name in reports */
#define BASK_BOUNDS(X)                                                                             \
    X(MALFORMED, "malformed")        /* requests refused for how they are written */               \
    X(HEAD_SIZE, "large_heads")      /* 414 and 431 */                                             \
    X(HEAD_TIME, "slow_heads")       /* 408 */                                                     \
    X(BODY_SIZE, "large_bodies")     /* 413 */                                                     \
    X(BODY_TIME, "slow_bodies")      /* 408, or a read of the application that failed */           \
    X(RESPONSE_TIME, "slow_readers") /* cut off inside a response */                               \
    X(MADE_ROOM, "closed_for_room")  /* idle connections, for the sake of new ones */              \
    X(UNSERVED, "unserved")          /* 500, 503, 507: no memory or no disk for a request */       \
    X(OF_ADDRESS, "crowded")         /* closed, their address has enough connections */            \
    X(FULL, "full")                  /* times that a worker had no room for another connection */

enum bask_bound {
#define X(symbol, name) BASK_BOUND_##symbol,
    BASK_BOUNDS(X)
#undef X
        BASK_BOUND_COUNT
};

/* [BASK_BOUND_COUNT] */
extern const char *const bask_bound_names[];
