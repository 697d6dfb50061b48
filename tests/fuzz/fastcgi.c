/*
 * Any bytes as FastCGI: a head, its parameters, a body. Pieces come to the same as the whole, and
 * nothing is read or written beyond what is there.
 */
#include "proto/fastcgi.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_params(const char *buf, size_t len, const struct bask_fastcgi_head *head)
{
    char *room = malloc(head->params + 1);
    bask_fastcgi_gather(buf, len, head, room);
    bask_str params = bask_str_n(room, head->params), name, value;
    while (bask_fastcgi_next(&params, &name, &value) == 1)
        assert(name.len && value.ptr + value.len == params.ptr &&
               params.ptr + params.len == room + head->params);
    free(room);
}

static int64_t
decode(const uint8_t *data, size_t size, size_t piece, size_t *ret_total)
{
    struct bask_fastcgi_body body = {.id = 1};
    size_t at = 0;
    int64_t rc = -2;
    *ret_total = 0;
    while (rc == -2 && at < size) {
        size_t n = size - at < piece ? size - at : piece, part;
        char *copy = malloc(n);
        memcpy(copy, data + at, n);
        rc = bask_fastcgi_decode(&body, copy, n, &part);
        assert(part <= n && rc >= -2 && rc <= (int64_t)n);
        *ret_total += part;
        at += rc < 0 ? n : (size_t)rc;
        free(copy);
    }
    assert(body.total == (int64_t)*ret_total);
    return rc < 0 ? rc : (int64_t)at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bask_fastcgi_head head = {0}, other = {0};
    char *buf = malloc(size + 1), answer[BASK_FASTCGI_ANSWER];
    memcpy(buf, data, size);
    int rc = bask_fastcgi_parse(buf, size, &head), split = -2;
    assert(rc >= -2 && rc <= (int)size && rc != 0);
    for (size_t have = 1; split == -2 && have <= size; have += 1 + have / 8) {
        char *copy = malloc(have);
        memcpy(copy, data, have);
        split = bask_fastcgi_parse(copy, have, &other);
        free(copy);
    }
    assert(split == -2 || split == rc);
    if (rc > 0 && head.kind == BASK_FASTCGI_REQUEST)
        check_params(buf, (size_t)rc, &head);
    if (rc > 0 && head.kind == BASK_FASTCGI_MANAGEMENT)
        assert(bask_fastcgi_answer(answer, head.type,
                                   bask_str_n(buf + BASK_FASTCGI_HEADER, head.params),
                                   UINT32_MAX) <= sizeof answer);
    free(buf);
    size_t whole, pieces;
    int64_t first = decode(data, size, size + 1, &whole), second = decode(data, size, 3, &pieces);
    assert(first == second && (first == -1 || whole == pieces));
    return 0;
}
