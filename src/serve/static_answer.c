/*
 * From an open file to an answer: a compressed sibling if the client wants one, the client's
 * conditions (RFC 9110 13), the part that it asks for (14), and the head.
 *
 * Small files are read and leave in one piece with their head; others are sent by the kernel.
 */
#include "serve/static_private.h"

#include "base/err.h"
#include "obs/log.h"
#include "proto/accept.h"
#include "proto/conditions.h"
#include "proto/date.h"
#include "serve/pattern.h"
#include "sys/clock.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum {
    SMALL = 16384,
    HEAD_ROOM = 1536, /* what a head needs beside a location */
    ETAG_MAX = 64,
    TELL_US = 10000000, /* between two lines in the log that tell of the same */
};

static const struct coding {
    bask_str name, end;
    char mark; /* in the entity tag: its bytes are others than the plain file's */
} codings[] = {
    {BASK_STR("br"), BASK_STR(".br"), 'b'},
    {BASK_STR("gzip"), BASK_STR(".gz"), 'g'},
};

struct answer {
    struct bask_static_hunt *hunt;
    struct bask_conditions conditions;
    bask_str range, accept_encoding; /* fields of the request */
    bask_str type, name;             /* of the file; the name is absent if nobody needs it */
    const struct coding *coding;     /* NULL: the file as it is */
    bool varies;                     /* there may be others with other codings */
    unsigned status;
    struct bask_range part;
    char etag[ETAG_MAX];
    struct bask_validators validators;

    char *head;
    size_t used, room;
    unsigned count;
    uint64_t bytes; /* of the answer */
};

/* Field values that are of use; each as it first came. */
static void
read_fields(struct answer *answer)
{
    const struct bask_request *pub = &answer->hunt->req->pub;
    for (uint32_t i = 0; i < pub->pair_count; i++) {
        bask_str *place = NULL;
        switch (pub->pairs[i].key_id) {
        case BASK_KEY_HTTP_IF_MATCH:
            place = &answer->conditions.match;
            break;
        case BASK_KEY_HTTP_IF_NONE_MATCH:
            place = &answer->conditions.none_match;
            break;
        case BASK_KEY_HTTP_IF_MODIFIED_SINCE:
            place = &answer->conditions.modified_since;
            break;
        case BASK_KEY_HTTP_IF_UNMODIFIED_SINCE:
            place = &answer->conditions.unmodified_since;
            break;
        case BASK_KEY_HTTP_IF_RANGE:
            place = &answer->conditions.range;
            break;
        case BASK_KEY_HTTP_RANGE:
            place = &answer->range;
            break;
        case BASK_KEY_HTTP_ACCEPT_ENCODING:
            place = &answer->accept_encoding;
            break;
        default:
            break;
        }
        if (place && !place->ptr)
            *place = pub->pairs[i].value;
    }
}

static bool
has_siblings(const struct answer *answer)
{
    const struct bask_static *files = answer->hunt->files;
    const struct bask_values *folders = &files->options->gzip_dirs;
    if (files->options->gzip_all || bask_static_ends_in(answer->name, &files->options->gzip_ends))
        return true;
    for (size_t i = 0; i < folders->count; i++)
        if (bask_str_starts(answer->name, folders->items[i].text))
            return true;
    for (size_t i = 0; i < files->gzip_count; i++)
        if (bask_pattern_matches(&files->gzip[i], answer->name))
            return true;
    return false;
}

/* The sibling takes the file's place. */
static bool
take_sibling(struct answer *answer, const struct coding *coding)
{
    struct bask_static_hunt *hunt = answer->hunt;
    struct stat status;
    int fd = bask_static_open(hunt, coding->end, &status);
    if (fd < 0)
        return false;
    if (!S_ISREG(status.st_mode)) {
        close(fd);
        return false;
    }
    close(hunt->fd);
    hunt->fd = fd;
    hunt->status = status;
    answer->coding = coding;
    return true;
}

/* The client's choice among what is there; of equals, the first of `codings`. */
static void
choose_coding(struct answer *answer)
{
    enum { COUNT = sizeof codings / sizeof *codings };
    int qualities[COUNT], plain;
    answer->varies = has_siblings(answer);
    if (!answer->varies || !answer->accept_encoding.ptr)
        return;
    plain = bask_accept_quality(answer->accept_encoding, BASK_STR("identity"));
    for (size_t i = 0; i < COUNT; i++)
        qualities[i] = bask_accept_quality(answer->accept_encoding, codings[i].name);
    for (size_t tries = 0; tries < COUNT; tries++) {
        size_t best = 0;
        for (size_t i = 1; i < COUNT; i++)
            if (qualities[i] > qualities[best])
                best = i;
        if (!qualities[best] || qualities[best] < plain || take_sibling(answer, &codings[best]))
            return;
        qualities[best] = 0;
    }
}

/* A file that changes without getting another size or another nanosecond would have to be read to
 * be told apart. Not the inode: the same file on two servers is the same. */
static void
make_validators(struct answer *answer)
{
    const struct stat *status = &answer->hunt->status;
    int len = snprintf(answer->etag, sizeof answer->etag, "\"%llx%08lx-%llx%.*s\"",
                       (unsigned long long)status->st_mtim.tv_sec,
                       (unsigned long)status->st_mtim.tv_nsec, (unsigned long long)status->st_size,
                       answer->coding ? 1 : 0, answer->coding ? &answer->coding->mark : "");
    answer->validators = (struct bask_validators){
        .etag = bask_str_n(answer->etag, (size_t)len),
        .modified = status->st_mtim.tv_sec,
    };
}

/* The status, and which part of the file. */
static void
judge(struct answer *answer)
{
    struct bask_static_hunt *hunt = answer->hunt;
    bool is_get = hunt->req->pub.method_id == BASK_METHOD_GET;
    answer->part = (struct bask_range){0, hunt->status.st_size};
    answer->status = bask_conditions_judge(&answer->conditions, &answer->validators);
    if (answer->status != 200 || !is_get || !answer->range.ptr ||
        !bask_conditions_allow_range(&answer->conditions, &answer->validators))
        return;
    switch (bask_ranges_read(answer->range, hunt->status.st_size, &hunt->ranges)) {
    case BASK_RANGE_PARTS:
        /* A coding of the file would be read as one of all the parts together. */
        if (hunt->ranges.count > 1 && (answer->coding || !hunt->req->io->respond_parts))
            break;
        answer->part = hunt->ranges.items[0];
        answer->status = 206;
        break;
    case BASK_RANGE_NOTHING:
        answer->status = 416;
        break;
    default:
        break;
    }
}

static bool
start_head(struct answer *answer, bask_str status_line, size_t more_room)
{
    answer->room = HEAD_ROOM + more_room;
    answer->head = bask_arena_alloc(&answer->hunt->req->text, answer->room);
    if (!answer->head)
        return false;
    memcpy(answer->head, status_line.ptr, status_line.len);
    answer->used = status_line.len;
    return true;
}

/* `name` with ": " behind it. */
static void
put(struct answer *answer, bask_str name, bask_str value)
{
    if (name.len + value.len + 2 > answer->room - answer->used)
        return; /* does not happen: the room is made for all that a head may have */
    memcpy(answer->head + answer->used, name.ptr, name.len);
    memcpy(answer->head + answer->used + name.len, value.ptr, value.len);
    memcpy(answer->head + answer->used + name.len + value.len, "\r\n", 2);
    answer->used += name.len + value.len + 2;
    answer->count++;
}

static void
put_date(struct answer *answer, bask_str name, int64_t seconds)
{
    char date[BASK_DATE_LEN];
    bask_date_write(date, seconds < 0 ? 0 : seconds > BASK_DATE_MAX ? BASK_DATE_MAX : seconds);
    put(answer, name, bask_str_n(date, sizeof date));
}

static void
put_expires(struct answer *answer, int64_t now)
{
    const struct bask_static_hunt *hunt = answer->hunt;
    const struct bask_request *pub = &hunt->req->pub;
    const struct bask_expires_file file = {
        .name = answer->name,
        .path = pub->path,
        .uri = pub->uri,
        .type = answer->type,
        .modified = answer->validators.modified,
    };
    int64_t at = bask_expires_at(hunt->files->expires, &file, now);
    if (at >= 0)
        put_date(answer, BASK_STR("Expires: "), at);
}

/* What is true of the file, whichever part of it is sent, and where the client has it already (RFC
 * 9110 15.4.5). */
static void
put_common(struct answer *answer)
{
    int64_t now = bask_clock_wall(), modified = answer->validators.modified;
    put(answer, BASK_STR("ETag: "), answer->validators.etag);
    put_date(answer, BASK_STR("Last-Modified: "), modified < now ? modified : now);
    if (answer->varies)
        put(answer, BASK_STR("Vary: "), BASK_STR("Accept-Encoding"));
    put_expires(answer, now);
}

static void
put_type(struct answer *answer)
{
    if (answer->type.ptr)
        put(answer, BASK_STR("Content-Type: "), answer->type);
    if (answer->coding)
        put(answer, BASK_STR("Content-Encoding: "), answer->coding->name);
}

static void
put_range(struct answer *answer)
{
    char text[80];
    const struct bask_range *part = &answer->part;
    int len =
        answer->status == 206
            ? snprintf(text, sizeof text, "bytes %lld-%lld/%lld", (long long)part->first,
                       (long long)(part->first + part->length - 1),
                       (long long)answer->hunt->status.st_size)
            : snprintf(text, sizeof text, "bytes */%lld", (long long)answer->hunt->status.st_size);
    put(answer, BASK_STR("Content-Range: "), bask_str_n(text, (size_t)len));
}

static int
respond(struct answer *answer, bask_str body)
{
    struct bask_req *req = answer->hunt->req;
    bask_str head = bask_str_n(answer->head, answer->used);
    answer->bytes = head.len + body.len;
    return req->io->respond(req, head, answer->count, body);
}

static void
let_go(struct bask_static_hunt *hunt)
{
    if (hunt->fd >= 0)
        close(hunt->fd);
    hunt->fd = -1;
}

static int
respond_empty(struct answer *answer)
{
    let_go(answer->hunt);
    return respond(answer, (bask_str){0});
}

/* The file or its part. A small one that is shorter by now goes the way on which that is told. */
static int
send_part(struct answer *answer)
{
    struct bask_static_hunt *hunt = answer->hunt;
    const struct bask_range *part = &answer->part;
    char bytes[SMALL];
    if (part->length <= SMALL) {
        ssize_t n;
        do
            n = pread(hunt->fd, bytes, (size_t)part->length, part->first);
        while (n < 0 && errno == EINTR);
        if (n == part->length) {
            let_go(hunt);
            return respond(answer, bask_str_n(bytes, (size_t)n));
        }
    }
    int fd = hunt->fd;
    hunt->fd = -1;
    answer->bytes = answer->used + (uint64_t)part->length;
    return bask_req_respond_file(hunt->req, bask_str_n(answer->head, answer->used), answer->count,
                                 fd, part->first, part->length);
}

static int
send_whole_or_part(struct answer *answer)
{
    bool is_part = answer->status == 206;
    char length[24];
    if (!start_head(answer, is_part ? BASK_STR("206 Partial Content\r\n") : BASK_STR("200 OK\r\n"),
                    0))
        return BASK_E_NOMEM;
    put_type(answer);
    put_common(answer);
    put(answer, BASK_STR("Accept-Ranges: "), BASK_STR("bytes"));
    if (is_part)
        put_range(answer);
    if (answer->hunt->req->pub.method_id == BASK_METHOD_GET)
        return send_part(answer);
    int len = snprintf(length, sizeof length, "%lld", (long long)answer->part.length);
    put(answer, BASK_STR("Content-Length: "), bask_str_n(length, (size_t)len));
    return respond_empty(answer);
}

static int
send_parts(struct answer *answer)
{
    static const bask_str multipart = BASK_STR("multipart/byteranges; boundary=");
    struct bask_static_hunt *hunt = answer->hunt;
    char type[64], boundary[BASK_BOUNDARY + 1];
    int fd = hunt->fd;
    if (!start_head(answer, BASK_STR("206 Partial Content\r\n"), 0))
        return BASK_E_NOMEM;
    struct bask_parts *parts =
        bask_static_parts(&hunt->ranges, hunt->status.st_size, answer->type, boundary);
    if (!parts)
        return BASK_E_NOMEM;
    int len = snprintf(type, sizeof type, "%.*s%s", BASK_FMT(multipart), boundary);
    put(answer, BASK_STR("Content-Type: "), bask_str_n(type, (size_t)len));
    put_common(answer);
    put(answer, BASK_STR("Accept-Ranges: "), BASK_STR("bytes"));
    hunt->fd = -1;
    answer->bytes = answer->used + (uint64_t)bask_parts_size(parts, 0);
    return hunt->req->io->respond_parts(hunt->req, bask_str_n(answer->head, answer->used),
                                        answer->count, fd, parts);
}

static int
send_nothing(struct answer *answer)
{
    bask_str line = answer->status == 304   ? BASK_STR("304 Not Modified\r\n")
                    : answer->status == 412 ? BASK_STR("412 Precondition Failed\r\n")
                    : answer->status == 416 ? BASK_STR("416 Range Not Satisfiable\r\n")
                                            : BASK_STR("503 Service Unavailable\r\n");
    if (!start_head(answer, line, 0))
        return BASK_E_NOMEM;
    if (answer->status == 416)
        put_range(answer);
    if (answer->status == 304)
        put_common(answer);
    return respond_empty(answer);
}

/* What is no letter of a path, in percent signs; so no line can be broken, and "//host" is none. */
static bask_str
encode(struct bask_arena *arena, bask_str a, bask_str b)
{
    static const char digits[] = "0123456789ABCDEF", plain[] = "/-._~!$&'()*+,;=:@";
    char *out = bask_arena_alloc(arena, 3 * (a.len + b.len) + 1);
    size_t used = 0;
    if (!out)
        return (bask_str){0};
    out[used++] = '/';
    for (size_t i = 0; i < a.len + b.len; i++) {
        unsigned char c = (unsigned char)(i < a.len ? a.ptr[i] : b.ptr[i - a.len]);
        unsigned char lower = c | 0x20;
        if (c == '/' && used == 1)
            continue;
        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
            memchr(plain, c, sizeof plain - 1)) {
            out[used++] = (char)c;
            continue;
        }
        out[used++] = '%';
        out[used++] = digits[c >> 4];
        out[used++] = digits[c & 15];
    }
    return bask_str_n(out, used);
}

/* To the same path with a slash behind it, so that links in the page find its neighbours. */
static int
redirect(struct answer *answer)
{
    const struct bask_request *pub = &answer->hunt->req->pub;
    bask_str path = encode(&answer->hunt->req->text, pub->script_name, pub->path);
    size_t room = path.len + pub->query.len + sizeof "/?";
    char *location = bask_arena_alloc(&answer->hunt->req->text, room);
    if (!path.ptr || !location || !start_head(answer, BASK_STR("301 Moved Permanently\r\n"), room))
        return BASK_E_NOMEM;
    int len = snprintf(location, room, "%.*s/%s%.*s", BASK_FMT(path), pub->query.len ? "?" : "",
                       BASK_FMT(pub->query));
    put(answer, BASK_STR("Location: "), bask_str_n(location, (size_t)len));
    return respond_empty(answer);
}

/* The server in front sends the file, and judges the client's conditions. */
static int
delegate(struct answer *answer)
{
    bask_str file =
        bask_static_name(answer->hunt, answer->coding ? answer->coding->end : BASK_STR(""));
    bask_str name = encode(&answer->hunt->req->text, file, (bask_str){0});
    if (!file.ptr || !name.ptr || !start_head(answer, BASK_STR("200 OK\r\n"), name.len))
        return BASK_E_NOMEM;
    put(answer,
        answer->hunt->files->mode == BASK_STATIC_NGINX ? BASK_STR("X-Accel-Redirect: ")
                                                       : BASK_STR("X-Sendfile: "),
        name);
    put_type(answer);
    put_common(answer);
    return respond_empty(answer);
}

static bool
needs_name(const struct bask_static *files)
{
    const struct bask_static_options *options = files->options;
    return bask_expires_wants_name(files->expires) || files->gzip_count ||
           options->gzip_dirs.count || options->gzip_ends.count;
}

static int
send_found(struct answer *answer)
{
    struct bask_static_hunt *hunt = answer->hunt;
    const struct bask_static *files = hunt->files;
    if (hunt->lacks_slash)
        return redirect(answer);
    answer->type = bask_types_find(files->types, bask_str_n(hunt->name, hunt->len));
    if (needs_name(files) && !(answer->name = bask_static_name(hunt, BASK_STR(""))).ptr)
        return BASK_E_NOMEM;
    read_fields(answer);
    choose_coding(answer);
    make_validators(answer);
    if (files->mode != BASK_STATIC_SEND)
        return delegate(answer);
    judge(answer);
    if (answer->status == 206 && hunt->ranges.count > 1)
        return send_parts(answer);
    return answer->status == 200 || answer->status == 206 ? send_whole_or_part(answer)
                                                          : send_nothing(answer);
}

/* False: the application has to answer after all. */
static bool
settle(struct answer *answer, int err)
{
    struct bask_req *req = answer->hunt->req;
    struct bask_board_place *place = answer->hunt->files->place;
    if (err != BASK_E_NOMEM && err != BASK_E_SYNTAX) {
        if (place) {
            bask_board_add(&place->files, 1);
            bask_board_add(&place->file_bytes, answer->bytes);
        }
        return true;
    }
    /* Nothing was sent: the application may know better. */
    bask_log(err == BASK_E_NOMEM ? BASK_LOG_ERROR : BASK_LOG_WARN, "a file for %.*s: %s",
             BASK_FMT(req->pub.uri), bask_err_text(err));
    let_go(answer->hunt);
    req->app = 0;
    return false;
}

bool
bask_static_send(struct bask_static_hunt *hunt)
{
    struct answer answer = {.hunt = hunt};
    hunt->req->thread_index = 0;
    hunt->req->app = -1;
    return settle(&answer, send_found(&answer));
}

bool
bask_static_send_later(struct bask_static_hunt *hunt)
{
    struct answer answer = {.hunt = hunt, .status = 503};
    int64_t now = bask_clock_coarse_us();
    if (!hunt->files->told_us || now - hunt->files->told_us > TELL_US) {
        hunt->files->told_us = now;
        bask_log(BASK_LOG_ERROR, "static files: this worker cannot open any more files; requests "
                                 "for some are answered with 503");
    }
    hunt->req->thread_index = 0;
    hunt->req->app = -1;
    return settle(&answer, send_nothing(&answer));
}
