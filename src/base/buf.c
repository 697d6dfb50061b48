/* Growth of a bask_buf. */
#include "base/buf.h"

#include "base/err.h"

#include <stdint.h>
#include <stdlib.h>

int
bask_buf_reserve(struct bask_buf *buf, size_t n)
{
    bask_buf_check(buf);
    if (buf->size - buf->end >= n)
        return BASK_OK;
    size_t len = bask_buf_len(buf);
    if (buf->start >= len && buf->size - len >= n) {
        memcpy(buf->data, buf->data + buf->start, len);
    } else {
        size_t size = buf->size ? buf->size : 512;
        if (n > SIZE_MAX / 4 - len)
            return BASK_E_NOMEM;
        while (size < len + n)
            size *= 2;
        char *data = malloc(size);
        if (!data)
            return BASK_E_NOMEM;
        if (len)
            memcpy(data, buf->data + buf->start, len);
        free(buf->data);
        buf->data = data;
        buf->size = size;
    }
    buf->start = 0;
    buf->end = len;
    return BASK_OK;
}

int
bask_buf_append(struct bask_buf *buf, bask_str bytes)
{
    if (bytes.len == 0)
        return BASK_OK;
    int err = bask_buf_reserve(buf, bytes.len);
    if (err)
        return err;
    memcpy(buf->data + buf->end, bytes.ptr, bytes.len);
    buf->end += bytes.len;
    return BASK_OK;
}

void
bask_buf_fini(struct bask_buf *buf)
{
    free(buf->data);
    *buf = (struct bask_buf){0};
}
