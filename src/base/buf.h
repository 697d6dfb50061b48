/*
 * Bytes on their way: filled at one end, used up at the other.
 *
 *   data            start             end               size
 *    |--- used up ---|--- waiting ----|----- free -------|
 *
 * Invariant (bask_buf_check): start <= end <= size, and data is NULL exactly if size is 0.
 */
#pragma once

#include "base/str.h"

#include <assert.h>

struct bask_buf {
    char *data;
    size_t start, end, size;
};

static inline void
bask_buf_check(const struct bask_buf *buf)
{
    assert(buf->start <= buf->end && buf->end <= buf->size && !buf->data == !buf->size);
}

static inline size_t
bask_buf_len(const struct bask_buf *buf)
{
    return buf->end - buf->start;
}

/* Absent where there was never anything. */
static inline bask_str
bask_buf_view(const struct bask_buf *buf)
{
    return buf->data ? bask_str_n(buf->data + buf->start, buf->end - buf->start) : (bask_str){0};
}

/* Uses up `n` waiting bytes. */
static inline void
bask_buf_consume(struct bask_buf *buf, size_t n)
{
    buf->start += n;
    bask_buf_check(buf);
    if (buf->start == buf->end)
        buf->start = buf->end = 0;
}

/* Makes room for `n` more bytes at the end, moving or growing what there is: views into the buffer
 * are void afterwards. 0 or BASK_E_NOMEM. */
int bask_buf_reserve(struct bask_buf *buf, size_t n);
int bask_buf_append(struct bask_buf *buf, bask_str bytes);
void bask_buf_fini(struct bask_buf *buf);
