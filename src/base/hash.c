/* SipHash-2-4, as its authors define it: eight bytes a step, two rounds each, four at the end. */
#include "base/hash.h"

static inline uint64_t
turn(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void
mix(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turn(v[1], 13) ^ v[0];
        v[3] = turn(v[3], 16) ^ v[2];
        v[0] = turn(v[0], 32) + v[3];
        v[2] += v[1];
        v[3] = turn(v[3], 21) ^ v[0];
        v[1] = turn(v[1], 17) ^ v[2];
        v[2] = turn(v[2], 32);
    }
}

static inline uint64_t
word_at(const char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
    return word;
}

static inline void
take(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v, 2);
    v[0] ^= word;
}

uint64_t
bask_hash(const struct bask_hash_seed *seed, bask_str bytes)
{
    const uint64_t a = seed->words[0], b = seed->words[1];
    uint64_t v[4] = {a ^ UINT64_C(0x736f6d6570736575), b ^ UINT64_C(0x646f72616e646f6d),
                     a ^ UINT64_C(0x6c7967656e657261), b ^ UINT64_C(0x7465646279746573)};
    size_t at = 0;
    for (; at + 8 <= bytes.len; at += 8)
        take(v, word_at(bytes.ptr + at, 8));
    take(v, word_at(bytes.len ? bytes.ptr + at : "", bytes.len - at) | (uint64_t)bytes.len << 56);
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
