/*
 * Request paths: decode first, then take the dot segments out, in one pass.
 *
 * Decoding comes first because an application, a route or a file name sees the decoded path:
 * "/a/%2e%2e/b" and "/a%2F..%2Fb" must not reach it with a ".." inside. Knows nothing of queries,
 * of UTF-8 or of the file system; bytes stay what they are and "//" stays "//".
 *
 *   out:  / s e g m e n t s   d o n e / c u r r e n t
 *                                       ^segment      ^used
 */
#include "proto/url.h"

#include <assert.h>

static int
hex(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_dots(const char *segment, size_t len)
{
    return (len == 1 && segment[0] == '.') || (len == 2 && segment[0] == '.' && segment[1] == '.');
}

bool
bask_url_path_is_plain(bask_str path)
{
    size_t segment = 0;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (c == '%' || c == '\0')
            return false;
        if (c != '/')
            continue;
        if (is_dots(path.ptr + segment, i - segment))
            return false;
        segment = i + 1;
    }
    return path.len == 0 || !is_dots(path.ptr + segment, path.len - segment);
}

/* Where the segment before the one at `segment` starts; the root has none before it. */
static size_t
parent(const char *out, size_t segment)
{
    if (segment <= 1)
        return segment;
    do
        segment--;
    while (segment > 0 && out[segment - 1] != '/');
    return segment;
}

/* Ends the segment out[segment..used): true, and where to go on, if it was a dot segment. */
static bool
drop_dots(const char *out, size_t segment, size_t used, size_t *ret_used)
{
    if (!is_dots(out + segment, used - segment))
        return false;
    *ret_used = used - segment == 1 ? segment : parent(out, segment);
    return true;
}

/* The byte at *at, decoded, and *at behind it; -1 if it may not be there. */
static int
decode(bask_str path, size_t *at)
{
    unsigned char c = (unsigned char)path.ptr[(*at)++];
    if (c != '%')
        return c ? c : -1;
    if (path.len - *at < 2)
        return -1;
    int high = hex((unsigned char)path.ptr[*at]);
    int low = hex((unsigned char)path.ptr[*at + 1]);
    *at += 2;
    if (high < 0 || low < 0 || (high | low) == 0)
        return -1;
    return high << 4 | low;
}

long
bask_url_path(bask_str path, char *out)
{
    size_t segment = 0, used = 0, at = 0;
    while (at < path.len) {
        int c = decode(path, &at);
        if (c < 0)
            return -1;
        if (c != '/') {
            out[used++] = (char)c;
            continue;
        }
        /* A dot segment goes together with the slash behind it. */
        if (!drop_dots(out, segment, used, &used))
            out[used++] = '/';
        segment = used;
    }
    drop_dots(out, segment, used, &used);
    assert(used <= path.len);
    return (long)used;
}
