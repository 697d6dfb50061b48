/*
 * Any bytes as a request head. The parse of the whole agrees with the parse of pieces, every view
 * lies inside the buffer, what is accepted keeps the promises of proto/http1.h, and becomes a
 * request or is refused with a reason. What the options forgive changes nothing of what is good.
 */
#include "proto/http1.h"
#include "proto/names.h"
#include "req/from_http1.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(bask_str view, const char *buf, size_t len)
{
    assert(view.len == 0 || (view.ptr >= buf && view.ptr + view.len <= buf + len));
}

static void
check_field(const struct bask_http1_field *field, const char *buf, size_t len)
{
    inside(field->name, buf, len);
    inside(field->value, buf, len);
    assert(field->name.len > 0);
    assert(field->key_id >= -1 && field->key_id < BASK_KEY_COUNT);
    assert(!memchr(field->name.ptr, ' ', field->name.len));
    assert(field->key_id == -1 || !memchr(field->name.ptr, '_', field->name.len));
    for (size_t i = 0; i < field->value.len; i++) {
        unsigned char c = (unsigned char)field->value.ptr[i];
        assert(c == '\t' || (c >= ' ' && c != 127));
    }
    if (field->value.len) {
        char first = field->value.ptr[0], last = field->value.ptr[field->value.len - 1];
        assert(first != ' ' && first != '\t' && last != ' ' && last != '\t');
    }
}

static void
check_head(const struct bask_http1_head *head, const char *buf, size_t len)
{
    inside(head->method, buf, len);
    inside(head->target, buf, len);
    inside(head->path, buf, len);
    inside(head->query, buf, len);
    inside(head->authority, buf, len);
    assert(head->method.len >= 1 && head->method.len <= 32 && head->target.len >= 1);
    assert(head->method_id == bask_names_method(head->method));
    assert(head->minor == 0 || head->minor == 1);
    assert(head->path.len == 0 || head->path.ptr[0] == '/' || head->path.ptr[0] == '*');
    assert(head->path.len > 0 || head->method_id == BASK_METHOD_CONNECT);
    assert(!head->chunked || (head->minor == 1 && !head->has_length));
    assert(head->content_length >= 0 && (head->has_length || head->content_length == 0));
    assert(head->count <= BASK_HTTP1_MAX_HEADERS);
    assert(memcmp(buf + len - 2, "\r\n", 2) == 0);
    int hosts = 0, lengths = 0;
    for (uint32_t i = 0; i < head->count; i++) {
        check_field(&head->fields[i], buf, len);
        hosts += head->fields[i].key_id == BASK_KEY_HTTP_HOST;
        lengths += head->fields[i].key_id == BASK_KEY_CONTENT_LENGTH;
    }
    assert(hosts == 1 || (hosts == 0 && head->minor == 0));
    assert(lengths == head->has_length);
}

/* What a reader gets whose socket delivers `piece` bytes at a time. */
static int
in_pieces(const char *buf, size_t len, size_t piece, struct bask_http1_head *head)
{
    int rc = -2;
    for (size_t have = 0, seen = 0; rc == -2 && have < len; seen = have) {
        have = len - have < piece ? len : have + piece;
        char *copy = malloc(have);
        memcpy(copy, buf, have);
        rc = bask_http1_parse(copy, have, seen, head);
        free(copy);
    }
    return rc;
}

/* A request of it, by each rule for underscores. */
static void
make_request(struct bask_http1_head *head, const char *end)
{
    struct bask_req *req = bask_req_new();
    for (int rule = BASK_UNDERSCORES_DROP; rule <= BASK_UNDERSCORES_ALLOW; rule++) {
        bask_req_reset(req);
        head->reason = BASK_HTTP1_OK;
        int err = bask_req_from_http1(req, head, end, (enum bask_underscores)rule);
        assert(err ? head->reason >= BASK_HTTP1_METHOD : req->pub.pair_count <= head->count);
        for (uint32_t i = 0; i < head->count && rule == BASK_UNDERSCORES_REFUSE && !err; i++)
            assert(!memchr(head->fields[i].name.ptr, '_', head->fields[i].name.len));
    }
    bask_req_free(&req);
}

static bool
is_alike(bask_str a, bask_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Forgiving accepts at least as much, and reads what is good alike. */
static void
forgive(char *buf, size_t size, int rc, const struct bask_http1_head *strict)
{
    static struct bask_http1_head head;
    const unsigned all = BASK_HTTP1_BARE_LF | BASK_HTTP1_NO_HOST;
    int len = bask_http1_parse_as(buf, size, 0, all, &head);
    if (rc > 0) {
        assert(len == rc && head.count == strict->count && is_alike(head.path, strict->path) &&
               head.content_length == strict->content_length && head.chunked == strict->chunked);
        assert(!bask_http1_unfold(buf, (size_t)rc));
    }
    if (len == -1 && head.reason == BASK_HTTP1_FOLDED && bask_http1_unfold(buf, size)) {
        assert(!bask_http1_unfold(buf, size));
        len = bask_http1_parse_as(buf, size, 0, all, &head);
    }
    assert(len == -1 || len == -2 || (len > 0 && (size_t)len <= size));
    for (uint32_t i = 0; len > 0 && i < head.count; i++)
        check_field(&head.fields[i], buf, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bask_http1_head head, other;
    if (size == 0)
        return 0;
    char *buf = malloc(size);
    memcpy(buf, data, size);
    int rc = bask_http1_parse(buf, size, 0, &head);
    assert(rc == -1 || rc == -2 || (rc > 0 && (size_t)rc <= size));
    if (rc > 0)
        check_head(&head, buf, (size_t)rc);
    if (rc == -1)
        assert(head.reason != BASK_HTTP1_OK && bask_http1_reason_status(head.reason) >= 400);

    size_t piece = 1 + (size_t)data[size - 1] % 32;
    int split = in_pieces(buf, size, size > 2048 ? 64 + piece : piece, &other);
    if (rc == -1) /* found late, if the end of the head is not there yet */
        assert(split == -2 || (split == -1 && other.reason == head.reason));
    else
        assert(split == rc);
    if (rc > 0)
        assert(other.count == head.count && other.chunked == head.chunked &&
               other.content_length == head.content_length && other.keep_alive == head.keep_alive &&
               other.target.len == head.target.len);
    if (rc > 0)
        make_request(&head, buf + rc);
    forgive(buf, size, rc, &head);
    free(buf);
    return 0;
}
