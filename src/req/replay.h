/*
 * Requests that were written down, to be made again: raw HTTP/1.1, one after the other.
 *
 * What a person types is understood as well as what a recorder writes: lines may end in LF alone,
 * empty lines and lines that begin with '#' may stand between requests, and the last head may end
 * with the text. Everything else is as strict as on a socket, and read by the same parser.
 */
#pragma once

#include "proto/http1.h"
#include "req/request.h"

struct bask_replay_item {
    bask_str head; /* to be parsed anew each time, as a connection's */
    bask_str body; /* decoded */
    bask_str method, target;
    int method_id;
};

/* All zero at first. */
struct bask_replay {
    struct bask_replay_item *items;
    size_t count, room;
    struct bask_arena text; /* of the heads */
};

/* Where a text is wrong: "request 3 (at byte 210): no Host (RFC 9112 3.2)". */
struct bask_replay_error {
    char text[160];
};

/* Adds a GET of a path with its query, with `fields` beside Host: whole lines, each with its CRLF.
 * BASK_E_SYNTAX: the path is none; BASK_E_NOMEM. */
int bask_replay_add_path(struct bask_replay *replay, bask_str path, bask_str fields);

/* Adds all requests of a text. Chunked bodies are decoded in place and bodies are not copied, so
 * the text has to stay. BASK_E_SYNTAX, with the error filled; BASK_E_NOMEM. */
int bask_replay_read(struct bask_replay *replay, char *text, size_t len,
                     struct bask_replay_error *ret_error);

/* Fills a request that is new or was reset; `scratch` is the parser's. 0, or a bask_err where there
 * is no memory. */
int bask_replay_fill(const struct bask_replay_item *item, struct bask_http1_head *scratch,
                     struct bask_req *req);

void bask_replay_fini(struct bask_replay *replay);
