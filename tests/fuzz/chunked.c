/*
 * Any bytes as a chunked body. However they are cut, they decode to the same data, end at the same
 * byte or are refused alike; and no more data comes out than went in.
 */
#include "proto/chunked.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct decoded {
    int64_t rc; /* the bytes used, -1 or -2 */
    size_t len;
    char *bytes;
};

static struct decoded
decode(const uint8_t *data, size_t size, size_t piece)
{
    struct bask_chunked state = {0};
    struct decoded decoded = {.rc = -2, .bytes = malloc(size + 1)};
    size_t used = 0;
    while (used < size && decoded.rc == -2) {
        size_t n = size - used < piece ? size - used : piece, out = SIZE_MAX;
        char *copy = malloc(n);
        memcpy(copy, data + used, n);
        int64_t rc = bask_chunked_decode(&state, copy, n, &out);
        if (rc == -1) {
            decoded.rc = -1;
            assert(out == SIZE_MAX);
            assert(bask_chunked_decode(&state, copy, n, &out) == -1);
        } else {
            assert(rc == -2 || (rc >= 0 && (size_t)rc <= n));
            assert(out <= n);
            memcpy(decoded.bytes + decoded.len, copy, out);
            decoded.len += out;
            used += rc == -2 ? n : (size_t)rc;
            if (rc >= 0)
                decoded.rc = (int64_t)used;
            assert(state.decoded == decoded.len);
            assert(state.overhead <= BASK_CHUNKED_MAX_OVERHEAD);
        }
        free(copy);
    }
    return decoded;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct decoded whole = decode(data, size, SIZE_MAX);
    size_t few = size > 1024 ? 64 : 0; /* a byte at a time takes too long for many */
    size_t pieces[] = {1 + few, 1 + few + (size_t)data[0] % 16};
    for (size_t i = 0; i < 2; i++) {
        struct decoded split = decode(data, size, pieces[i]);
        assert(split.rc == whole.rc);
        if (whole.rc != -1)
            assert(split.len == whole.len && memcmp(split.bytes, whole.bytes, whole.len) == 0);
        free(split.bytes);
    }
    free(whole.bytes);
    return 0;
}
