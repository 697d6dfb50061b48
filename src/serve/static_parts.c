/* Several ranges of a file as one body: multipart/byteranges (RFC 9110 14.6). */
#include "serve/static_private.h"

#include "sys/entropy.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PART_ROOM = 192, /* of the text before a part, without its type */
    END_ROOM = BASK_BOUNDARY + 16,
};

/* It must not stand in the file. Who writes the file cannot know it, so it does not. */
static void
make_boundary(char boundary[static BASK_BOUNDARY + 1])
{
    unsigned char bytes[BASK_BOUNDARY / 2];
    bask_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(boundary + 2 * i, 3, "%02x", bytes[i]);
}

struct bask_parts *
bask_static_parts(const struct bask_ranges *ranges, int64_t size, bask_str type,
                  char boundary[static BASK_BOUNDARY + 1])
{
    size_t fixed = sizeof(struct bask_parts) + ranges->count * sizeof(struct bask_part);
    size_t room = PART_ROOM + type.len;
    struct bask_parts *parts = malloc(fixed + ranges->count * room + END_ROOM);
    if (!parts)
        return NULL;
    make_boundary(boundary);
    char *text = (char *)parts + fixed;
    *parts = (struct bask_parts){.count = ranges->count};
    for (size_t i = 0; i < ranges->count; i++) {
        struct bask_range range = ranges->items[i];
        int len = snprintf(
            text, room, "%s--%s%s%.*s\r\nContent-Range: bytes %lld-%lld/%lld\r\n\r\n",
            i ? "\r\n" : "", boundary, type.len ? "\r\nContent-Type: " : "", BASK_FMT(type),
            (long long)range.first, (long long)(range.first + range.length - 1), (long long)size);
        parts->items[i] =
            (struct bask_part){bask_str_n(text, (size_t)len), range.first, range.length};
        text += len;
    }
    int len = snprintf(text, END_ROOM, "\r\n--%s--\r\n", boundary);
    parts->end = bask_str_n(text, (size_t)len);
    return parts;
}
