/*
 * The chunked transfer coding, decoded in place by a machine that takes a byte a step, but data in
 * one move.
 *
 * Knows nothing of what is in the body or of limits on its size. Invariants: decoded <= INT64_MAX;
 * a state that refused goes on refusing, one that is complete takes nothing more.
 *
 *   buf:  d e c o d e d | used, free | not looked at yet
 *                       ^out         ^at
 */
#include "proto/chunked.h"

#include "proto/octets.h"

enum state {
    SIZE, /* 0: where a message starts */
    SIZE_SPACE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    COMPLETE,
    REFUSED,
};

static int
digit_of(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Sixteen digits are all that 64 bits hold; the sum of the sizes stays below INT64_MAX. */
static enum state
size(struct bask_chunked *chunk, char c)
{
    if (bask_octet_is(c, BASK_OCTET_HEX)) {
        if (++chunk->digits > 16)
            return REFUSED;
        chunk->left = chunk->left << 4 | (uint64_t)digit_of(c);
        return SIZE;
    }
    if (chunk->digits == 0 || chunk->left > (uint64_t)INT64_MAX - chunk->decoded)
        return REFUSED;
    switch (c) {
    case '\r':
        return SIZE_LF;
    case ';':
        return EXTENSION;
    case ' ':
    case '\t':
        return SIZE_SPACE;
    default:
        return REFUSED;
    }
}

/* White space behind the size is allowed only in front of an extension (RFC 9112 7.1.1). */
static enum state
size_space(char c)
{
    if (c == ';')
        return EXTENSION;
    return c == ' ' || c == '\t' ? SIZE_SPACE : REFUSED;
}

static enum state
size_lf(struct bask_chunked *chunk, char c)
{
    if (c != '\n')
        return REFUSED;
    chunk->digits = 0;
    return chunk->left ? DATA : TRAILER;
}

/* Text up to a CR: the rest of an extension or of a trailer's value. */
static enum state
text(char c, enum state here, enum state after_cr)
{
    if (c == '\r')
        return after_cr;
    return bask_octet_is(c, BASK_OCTET_TEXT) ? here : REFUSED;
}

static enum state
trailer_name(char c)
{
    if (c == ':')
        return TRAILER_VALUE;
    return bask_octet_is(c, BASK_OCTET_TOKEN) ? TRAILER_NAME : REFUSED;
}

/* The state after one byte that is not data. */
static enum state
step(struct bask_chunked *chunk, char c)
{
    switch ((enum state)chunk->state) {
    case SIZE:
        return size(chunk, c);
    case SIZE_SPACE:
        return size_space(c);
    case EXTENSION:
        return text(c, EXTENSION, SIZE_LF);
    case SIZE_LF:
        return size_lf(chunk, c);
    case DATA_CR:
        return c == '\r' ? DATA_LF : REFUSED;
    case DATA_LF:
        return c == '\n' ? SIZE : REFUSED;
    case TRAILER:
        if (c == '\r')
            return LAST_LF;
        return c == ':' ? REFUSED : trailer_name(c);
    case TRAILER_NAME:
        return trailer_name(c);
    case TRAILER_VALUE:
        return text(c, TRAILER_VALUE, TRAILER_LF);
    case TRAILER_LF:
        return c == '\n' ? TRAILER : REFUSED;
    case LAST_LF:
        return c == '\n' ? COMPLETE : REFUSED;
    case DATA:
    case COMPLETE:
    case REFUSED:
        break;
    }
    return REFUSED;
}

static bool
is_overhead(enum state state)
{
    return state == SIZE_SPACE || state == EXTENSION ||
           (state >= TRAILER_NAME && state <= TRAILER_LF);
}

/* Moves what there is of the chunk's data to the front; how many bytes that is. */
static size_t
move_data(struct bask_chunked *chunk, char *out, const char *at, size_t len)
{
    if (len > chunk->left)
        len = (size_t)chunk->left;
    if (out != at)
        memmove(out, at, len);
    chunk->left -= len;
    chunk->decoded += len;
    if (chunk->left == 0)
        chunk->state = DATA_CR;
    return len;
}

int64_t
bask_chunked_decode(struct bask_chunked *state, char *buf, size_t len, size_t *ret_data)
{
    size_t at = 0, out = 0;
    while (at < len && state->state != COMPLETE) {
        if (state->state == DATA) {
            size_t moved = move_data(state, buf + out, buf + at, len - at);
            at += moved;
            out += moved;
            continue;
        }
        state->state = step(state, buf[at++]);
        if (is_overhead(state->state) && ++state->overhead > BASK_CHUNKED_MAX_OVERHEAD)
            state->state = REFUSED;
        if (state->state == REFUSED)
            return -1;
    }
    if (state->state == REFUSED)
        return -1;
    *ret_data = out;
    return state->state == COMPLETE ? (int64_t)at : -2;
}
