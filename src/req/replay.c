/* From a text to requests. */
#include "req/replay.h"

#include "base/err.h"
#include "proto/chunked.h"
#include "req/from_http1.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ROOM = 64 };

struct reader {
    struct bask_replay *replay;
    char *text;
    size_t at, len;
    struct bask_http1_head head;
    const char *problem; /* a sentence */
};

static int
add_item(struct bask_replay *replay, const struct bask_replay_item *item)
{
    if (replay->count == replay->room) {
        size_t room = replay->room ? replay->room * 2 : FIRST_ROOM;
        struct bask_replay_item *items = realloc(replay->items, room * sizeof *items);
        if (!items)
            return BASK_E_NOMEM;
        replay->items = items;
        replay->room = room;
    }
    replay->items[replay->count++] = *item;
    return BASK_OK;
}

/* The line at `at`, without its end; `at` moves behind it. */
static bask_str
take_line(struct reader *reader)
{
    char *start = reader->text + reader->at;
    size_t left = reader->len - reader->at;
    char *end = memchr(start, '\n', left);
    size_t len = end ? (size_t)(end - start) : left;
    reader->at += end ? len + 1 : len;
    if (len && start[len - 1] == '\r')
        len--;
    return bask_str_n(start, len);
}

/* Moves to the next request; false if there is none. */
static bool
find_request(struct reader *reader)
{
    while (reader->at < reader->len) {
        size_t here = reader->at;
        bask_str line = take_line(reader);
        if (line.len && line.ptr[0] != '#') {
            reader->at = here;
            return true;
        }
    }
    return false;
}

/* A copy of the head whose lines end in CRLF. Twice its length is enough for that. */
static int
copy_head(struct reader *reader, bask_str *ret_head)
{
    size_t from = reader->at, used = 0;
    while (reader->at < reader->len && take_line(reader).len)
        continue;
    size_t end = reader->at;
    char *out = bask_arena_alloc(&reader->replay->text, 2 * (end - from) + 4);
    if (!out)
        return BASK_E_NOMEM;
    reader->at = from;
    while (reader->at < end) {
        bask_str line = take_line(reader);
        if (!line.len)
            break;
        memcpy(out + used, line.ptr, line.len);
        memcpy(out + used + line.len, "\r\n", 2);
        used += line.len + 2;
    }
    reader->at = end;
    memcpy(out + used, "\r\n", 2);
    *ret_head = bask_str_n(out, used + 2);
    return BASK_OK;
}

static int
take_body(struct reader *reader, bask_str *ret_body)
{
    char *start = reader->text + reader->at;
    size_t left = reader->len - reader->at, data;
    if (!reader->head.chunked) {
        if (reader->head.content_length > (int64_t)left) {
            reader->problem = "the text ends before the body does";
            return BASK_E_SYNTAX;
        }
        *ret_body = bask_str_n(start, (size_t)reader->head.content_length);
        reader->at += ret_body->len;
        return BASK_OK;
    }
    struct bask_chunked state = {0};
    int64_t used = bask_chunked_decode(&state, start, left, &data);
    if (used < 0) {
        reader->problem = used == -2 ? "the text ends before the body does" : "malformed chunk";
        return BASK_E_SYNTAX;
    }
    *ret_body = bask_str_n(start, data);
    reader->at += (size_t)used;
    return BASK_OK;
}

/* What a connection would refuse is refused here, before anything is replayed. */
static int
check(struct reader *reader, const struct bask_replay_item *item, struct bask_req *req)
{
    bask_req_reset(req);
    int err = bask_req_from_http1(req, &reader->head, item->head.ptr + item->head.len,
                                  BASK_UNDERSCORES_DROP);
    if (err == BASK_E_SYNTAX)
        reader->problem = bask_http1_reason_text(reader->head.reason);
    return err;
}

static int
read_request(struct reader *reader, struct bask_req *req)
{
    struct bask_replay_item item = {0};
    int err = copy_head(reader, &item.head);
    if (err)
        return err;
    int len = bask_http1_parse(item.head.ptr, item.head.len, 0, &reader->head);
    if (len < 0) {
        reader->problem =
            len == -1 ? bask_http1_reason_text(reader->head.reason) : "the head is not complete";
        return BASK_E_SYNTAX;
    }
    item.method = reader->head.method;
    item.method_id = reader->head.method_id;
    item.target = reader->head.target;
    err = check(reader, &item, req);
    if (!err)
        err = take_body(reader, &item.body);
    return err ? err : add_item(reader->replay, &item);
}

int
bask_replay_read(struct bask_replay *replay, char *text, size_t len,
                 struct bask_replay_error *ret_error)
{
    struct reader reader = {.replay = replay, .text = text, .len = len};
    struct bask_req *req = bask_req_new();
    int err = req ? BASK_OK : BASK_E_NOMEM;
    size_t number = 0;
    while (!err && find_request(&reader)) {
        size_t start = reader.at;
        number++;
        err = read_request(&reader, req);
        if (err == BASK_E_SYNTAX)
            snprintf(ret_error->text, sizeof ret_error->text, "request %zu (at byte %zu): %s",
                     number, start, reader.problem);
    }
    bask_req_free(&req);
    return err;
}

int
bask_replay_add_path(struct bask_replay *replay, bask_str path, bask_str fields)
{
    static const char format[] = "GET %.*s HTTP/1.1\r\nHost: localhost\r\n%.*s\r\n";
    struct bask_replay_error error;
    if (!path.len || path.ptr[0] != '/')
        return BASK_E_SYNTAX;
    /* The path is the user's: what would end the line is an error, not another request. */
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.ptr[i] <= ' ')
            return BASK_E_SYNTAX;
    size_t room = sizeof format + path.len + fields.len;
    char *text = bask_arena_alloc(&replay->text, room);
    if (!text)
        return BASK_E_NOMEM;
    int len = snprintf(text, room, format, BASK_FMT(path), BASK_FMT(fields));
    return bask_replay_read(replay, text, (size_t)len, &error);
}

int
bask_replay_fill(const struct bask_replay_item *item, struct bask_http1_head *scratch,
                 struct bask_req *req)
{
    int len = bask_http1_parse(item->head.ptr, item->head.len, 0, scratch);
    int err = len < 0
                  ? BASK_E_SYNTAX
                  : bask_req_from_http1(req, scratch, item->head.ptr + len, BASK_UNDERSCORES_DROP);
    if (err)
        return err;
    req->pub.body = item->body;
    bask_req_complete(req, 0);
    return BASK_OK;
}

void
bask_replay_fini(struct bask_replay *replay)
{
    free(replay->items);
    bask_arena_fini(&replay->text);
    *replay = (struct bask_replay){0};
}
