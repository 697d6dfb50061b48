/*
 * The chunked transfer coding (RFC 9112 7.1): decodes in place, in any number of steps.
 *
 * Chunk extensions and trailer fields are checked, bounded and dropped: a trailer cannot smuggle in
 * a field that frames or routes the message.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

/* Bytes of extensions and trailers that one message may carry. */
#define BASK_CHUNKED_MAX_OVERHEAD (16 * 1024)

/* All zero at the start. */
struct bask_chunked {
    int state;
    uint32_t digits;   /* of the size that is being read */
    uint64_t left;     /* bytes left of the current chunk's data */
    uint32_t overhead; /* bytes of extensions and trailers so far, bounded */
    uint64_t decoded;  /* bytes of data so far */
};

/*
 * Decodes as much of buf[0..len) as there is. The data is moved to the front of buf.
 *
 * >= 0  the message is complete; the number of bytes of buf[0..len) that belong to it: what
 *       follows is the next request, still at its place
 * -1    malformed
 * -2    all bytes are used, more are needed
 * In every case but -1, *ret_data is how many bytes of decoded data now stand at the front of buf.
 */
int64_t bask_chunked_decode(struct bask_chunked *state, char *buf, size_t len, size_t *ret_data);
