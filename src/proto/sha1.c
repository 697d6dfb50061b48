/* SHA-1 of a text that is there as a whole. */
#include "proto/sha1.h"

#include <stdint.h>

enum { BLOCK = 64, LENGTH_AT = BLOCK - 8 };

static uint32_t
rotate(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

static void
expand(const unsigned char block[static BLOCK], uint32_t words[static 80])
{
    for (int i = 0; i < 16; i++)
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++)
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
}

/* The function of a round and its constant: four times twenty rounds. */
static uint32_t
mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20)
        return ((b & c) | (~b & d)) + 0x5a827999;
    if (round < 40)
        return (b ^ c ^ d) + 0x6ed9eba1;
    if (round < 60)
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    return (b ^ c ^ d) + 0xca62c1d6;
}

static void
take_block(uint32_t state[static 5], const unsigned char block[static BLOCK])
{
    uint32_t words[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    expand(block, words);
    for (int i = 0; i < 80; i++) {
        uint32_t next = rotate(a, 5) + mix(i, b, c, d) + e + words[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

void
bask_sha1(bask_str text, unsigned char digest[static BASK_SHA1_SIZE])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    unsigned char block[BLOCK];
    uint64_t bits = (uint64_t)text.len * 8;
    for (; text.len >= BLOCK; text = bask_str_n(text.ptr + BLOCK, text.len - BLOCK))
        take_block(state, (const unsigned char *)text.ptr);
    memset(block, 0, sizeof block);
    if (text.len)
        memcpy(block, text.ptr, text.len);
    block[text.len] = 0x80;
    if (text.len >= LENGTH_AT) {
        take_block(state, block);
        memset(block, 0, sizeof block);
    }
    for (int i = 0; i < 8; i++)
        block[LENGTH_AT + i] = (unsigned char)(bits >> (56 - 8 * i));
    take_block(state, block);
    for (int i = 0; i < BASK_SHA1_SIZE; i++)
        digest[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}
