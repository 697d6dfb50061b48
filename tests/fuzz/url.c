/*
 * Any bytes as a path. What comes out has no dot segments and no NUL, is not longer than what went
 * in, starts at the root if that did, and is left alone by a second look.
 */
#include "proto/url.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
no_dot_segments(const char *path, size_t len)
{
    for (size_t at = 0, start = 0; at <= len; at++)
        if (at == len || path[at] == '/') {
            assert(at - start != 1 || path[start] != '.');
            assert(at - start != 2 || memcmp(path + start, "..", 2) != 0);
            start = at + 1;
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *in = malloc(size ? size : 1), *out = malloc(size ? size : 1);
    if (size)
        memcpy(in, data, size);
    bask_str path = bask_str_n(in, size);
    long len = bask_url_path(path, out);
    assert(len >= -1 && len <= (long)size);
    if (len >= 0) {
        bask_str result = bask_str_n(out, (size_t)len);
        no_dot_segments(out, result.len);
        assert(!memchr(out, 0, result.len));
        assert(size == 0 || in[0] != '/' || (len > 0 && out[0] == '/'));
        assert(bask_url_path_is_plain(path) == bask_str_eq(path, result));
        assert(memchr(out, '%', result.len) || bask_url_path_is_plain(result));
    } else {
        assert(!bask_url_path_is_plain(path));
    }
    free(out);
    free(in);
    return 0;
}
