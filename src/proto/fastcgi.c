/*
 * FastCGI's records: a head from a buffer, a body decoded in place, and the records of an answer.
 *
 * Knows nothing of what the parameters mean. Lengths come from the peer: each is compared with what
 * is left before a byte behind it is looked at.
 */
#include "proto/fastcgi.h"

#include <stdio.h>

enum { VERSION = 1, KEEP_CONN = 1, BEGIN_LENGTH = 8 };

struct record {
    uint8_t type;
    uint16_t id;
    size_t content;
    size_t padding;
};

static uint16_t
u16be(const char *at)
{
    return (uint16_t)((unsigned char)at[0] << 8 | (unsigned char)at[1]);
}

static void
put_u16be(char *at, size_t value)
{
    at[0] = (char)(value >> 8);
    at[1] = (char)value;
}

static bool
read_header(const char *at, struct record *ret_record)
{
    ret_record->type = (uint8_t)at[1];
    ret_record->id = u16be(at + 2);
    ret_record->content = u16be(at + 4);
    ret_record->padding = (unsigned char)at[6];
    return at[0] == VERSION;
}

static size_t
size_of(const struct record *record)
{
    return BASK_FASTCGI_HEADER + record->content + record->padding;
}

/* 1: it stays away from our request; -1: there are too many of its kind. */
static int
note_stray(struct bask_fastcgi_strays *strays, uint16_t id)
{
    if (strays->count == BASK_FASTCGI_STRAYS)
        return -1;
    strays->ids[strays->count++] = id;
    return 1;
}

/* The first record says what this is. 1: it is a request, go on; 0: it was all. */
static int
take_first(struct bask_fastcgi_head *head, const struct record *record, const char *content)
{
    head->type = record->type;
    head->params = record->content;
    if (record->id == 0 || record->type != BASK_FASTCGI_BEGIN_REQUEST) {
        head->kind = record->id == 0 ? BASK_FASTCGI_MANAGEMENT : BASK_FASTCGI_NOTHING;
        return 0;
    }
    if (record->content != BEGIN_LENGTH)
        return -1;
    bool answers = u16be(content) == BASK_FASTCGI_RESPONDER;
    head->kind = answers ? BASK_FASTCGI_REQUEST : BASK_FASTCGI_OTHER_ROLE;
    head->params = 0;
    head->id = record->id;
    head->keep = content[2] & KEEP_CONN;
    return answers;
}

/* A record between BEGIN and the body. 1: go on; 0: it was the last; -1: malformed. */
static int
take_other(struct bask_fastcgi_head *head, const struct record *record)
{
    if (record->id != head->id)
        return record->type == BASK_FASTCGI_BEGIN_REQUEST ? note_stray(&head->strays, record->id)
                                                          : 1;
    if (record->type == BASK_FASTCGI_ABORT_REQUEST) {
        head->kind = BASK_FASTCGI_ABORTED;
        return 0;
    }
    if (record->type == BASK_FASTCGI_PARAMS && !head->params_ended) {
        head->params += record->content;
        head->params_ended = record->content == 0;
        return 1;
    }
    if (record->type == BASK_FASTCGI_STDIN && head->params_ended) {
        head->no_body = true;
        return 0;
    }
    return -1;
}

/* Whether the body begins with this record, which is not the head's then. */
static bool
is_body(const struct bask_fastcgi_head *head, const struct record *record)
{
    return record->type == BASK_FASTCGI_STDIN && record->id == head->id && head->params_ended &&
           record->content > 0;
}

int
bask_fastcgi_parse(const char *buf, size_t len, struct bask_fastcgi_head *head)
{
    for (;;) {
        struct record record;
        if (len - head->next < 1)
            return -2;
        if (buf[head->next] != VERSION)
            return -1;
        if (len - head->next < BASK_FASTCGI_HEADER)
            return -2;
        read_header(buf + head->next, &record);
        if (head->id && is_body(head, &record))
            return (int)head->next;
        if (size_of(&record) > len - head->next)
            return -2;
        int more = head->id ? take_other(head, &record)
                            : take_first(head, &record, buf + head->next + BASK_FASTCGI_HEADER);
        if (more < 0)
            return -1;
        head->next += size_of(&record);
        if (!more)
            return (int)head->next;
    }
}

void
bask_fastcgi_gather(const char *buf, size_t len, const struct bask_fastcgi_head *head, char *out)
{
    struct record record;
    for (size_t at = 0; len - at >= BASK_FASTCGI_HEADER; at += size_of(&record)) {
        read_header(buf + at, &record);
        if (record.type != BASK_FASTCGI_PARAMS || record.id != head->id)
            continue;
        memcpy(out, buf + at + BASK_FASTCGI_HEADER, record.content);
        out += record.content;
    }
}

/* One byte, or four with the highest bit set. */
static bool
take_length(bask_str *bytes, size_t *ret_length)
{
    if (bytes->len < 1)
        return false;
    size_t n = (unsigned char)bytes->ptr[0] & 0x80 ? 4 : 1;
    if (bytes->len < n)
        return false;
    *ret_length = n == 1 ? (unsigned char)bytes->ptr[0]
                         : (size_t)(u16be(bytes->ptr) & 0x7fff) << 16 | u16be(bytes->ptr + 2);
    bytes->ptr += n;
    bytes->len -= n;
    return true;
}

int
bask_fastcgi_next(bask_str *params, bask_str *ret_name, bask_str *ret_value)
{
    bask_str rest = *params;
    size_t name, value;
    if (rest.len == 0)
        return 0;
    if (!take_length(&rest, &name) || !take_length(&rest, &value) || name == 0 || name > rest.len ||
        value > rest.len - name)
        return -1;
    *ret_name = bask_str_n(rest.ptr, name);
    *ret_value = bask_str_n(rest.ptr + name, value);
    *params = bask_str_n(rest.ptr + name + value, rest.len - name - value);
    return 1;
}

/* A header is complete. 1: the body has ended once the padding is past; 0: go on; -1: malformed. */
static int
start_record(struct bask_fastcgi_body *body)
{
    struct record record;
    if (!read_header(body->header, &record))
        return -1;
    body->content = (uint16_t)record.content;
    body->padding = (uint8_t)record.padding;
    if (record.id != body->id)
        return record.type == BASK_FASTCGI_BEGIN_REQUEST && note_stray(&body->strays, record.id) < 0
                   ? -1
                   : 0;
    body->aborted = record.type == BASK_FASTCGI_ABORT_REQUEST;
    return record.type == BASK_FASTCGI_STDIN ? 0 : -1;
}

static bool
is_ours(const struct bask_fastcgi_body *body)
{
    return body->header[1] == BASK_FASTCGI_STDIN && u16be(body->header + 2) == body->id;
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

int64_t
bask_fastcgi_decode(struct bask_fastcgi_body *body, char *buf, size_t len, size_t *ret_data)
{
    size_t at = 0, out = 0;
    *ret_data = 0;
    while (at < len) {
        if (body->have < BASK_FASTCGI_HEADER) {
            body->header[body->have++] = buf[at++];
            if (body->have == BASK_FASTCGI_HEADER && start_record(body) < 0)
                return -1;
        }
        size_t content = least(body->content, len - at);
        if (content && is_ours(body)) {
            memmove(buf + out, buf + at, content);
            out += content;
            body->total += (int64_t)content;
        }
        at += content;
        body->content = (uint16_t)(body->content - content);
        size_t padding = body->content ? 0 : least(body->padding, len - at);
        at += padding;
        body->padding = (uint8_t)(body->padding - padding);
        *ret_data = out;
        if (body->have < BASK_FASTCGI_HEADER || body->content || body->padding)
            continue;
        body->have = 0;
        if (is_ours(body) && u16be(body->header + 4) == 0)
            return (int64_t)at;
    }
    return -2;
}

void
bask_fastcgi_header(char out[static BASK_FASTCGI_HEADER], enum bask_fastcgi_type type, uint16_t id,
                    size_t length)
{
    memset(out, 0, BASK_FASTCGI_HEADER);
    out[0] = VERSION;
    out[1] = (char)type;
    put_u16be(out + 2, id);
    put_u16be(out + 4, length);
}

void
bask_fastcgi_end(char out[static BASK_FASTCGI_END], uint16_t id, enum bask_fastcgi_status status)
{
    memset(out, 0, BASK_FASTCGI_END);
    bask_fastcgi_header(out, BASK_FASTCGI_END_REQUEST, id, 8);
    out[BASK_FASTCGI_HEADER + 4] = (char)status;
}

/* A name and its value, both short. */
static size_t
put_pair(char *out, bask_str name, bask_str value)
{
    out[0] = (char)name.len;
    out[1] = (char)value.len;
    memcpy(out + 2, name.ptr, name.len);
    memcpy(out + 2 + name.len, value.ptr, value.len);
    return 2 + name.len + value.len;
}

size_t
bask_fastcgi_answer(char out[static BASK_FASTCGI_ANSWER], uint8_t type, bask_str content,
                    unsigned most_connections)
{
    char number[12];
    snprintf(number, sizeof number, "%u", most_connections);
    const bask_str values[][2] = {
        {BASK_STR("FCGI_MAX_CONNS"), bask_str_of(number)},
        {BASK_STR("FCGI_MAX_REQS"), bask_str_of(number)},
        {BASK_STR("FCGI_MPXS_CONNS"), BASK_STR("0")},
    };
    enum { VALUES = sizeof values / sizeof *values };
    bool told[VALUES] = {false};
    size_t length = 0;
    bask_str name, value;
    if (type != BASK_FASTCGI_GET_VALUES) {
        bask_fastcgi_header(out, BASK_FASTCGI_UNKNOWN_TYPE, 0, 8);
        memset(out + BASK_FASTCGI_HEADER, 0, 8);
        out[BASK_FASTCGI_HEADER] = (char)type;
        return 2 * BASK_FASTCGI_HEADER;
    }
    while (bask_fastcgi_next(&content, &name, &value) > 0)
        for (size_t i = 0; i < VALUES; i++)
            if (!told[i] && bask_str_eq(name, values[i][0])) {
                told[i] = true;
                length += put_pair(out + BASK_FASTCGI_HEADER + length, values[i][0], values[i][1]);
            }
    bask_fastcgi_header(out, BASK_FASTCGI_GET_VALUES_RESULT, 0, length);
    return BASK_FASTCGI_HEADER + length;
}
