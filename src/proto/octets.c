/*
 * Classes of bytes, worked out by the compiler from one definition each.
 */
#include "proto/octets.h"

#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define IS_DIGIT(c) ((c) >= '0' && (c) <= '9')
#define IS_ALPHA(c) (((c) | 32) >= 'a' && ((c) | 32) <= 'z')
#define IS_HEX(c) (IS_DIGIT(c) || (((c) | 32) >= 'a' && ((c) | 32) <= 'f'))
#define IS_TOKEN(c)                                                                                \
    (IS_ALPHA(c) || IS_DIGIT(c) || (c) == '!' || ((c) >= '#' && (c) <= '\'') || (c) == '*' ||      \
     (c) == '+' || (c) == '-' || (c) == '.' || (c) == '^' || (c) == '_' || (c) == '`' ||           \
     (c) == '|' || (c) == '~')
#define IS_TARGET(c) ((c) > ' ' && (c) < 127 && (c) != '#')
#define IS_TEXT(c) (((c) >= ' ' && (c) != 127) || (c) == '\t')
#define IS_HOST(c)                                                                                 \
    (IS_ALPHA(c) || IS_DIGIT(c) || (c) == '-' || (c) == '.' || (c) == '_' || (c) == '~' ||         \
     (c) == '!' || ((c) >= '&' && (c) <= ',') || (c) == '$' || (c) == ';' || (c) == '=')

#define CLASS(c)                                                                                   \
    ((IS_TOKEN(c) ? BASK_OCTET_TOKEN : 0) | (IS_TARGET(c) ? BASK_OCTET_TARGET : 0) |               \
     (IS_TEXT(c) ? BASK_OCTET_TEXT : 0) | (IS_HOST(c) ? BASK_OCTET_HOST : 0) |                     \
     (IS_HEX(c) ? BASK_OCTET_HEX : 0) | (IS_DIGIT(c) ? BASK_OCTET_DIGIT : 0))
#define CLASS_4(c) CLASS(c), CLASS((c) + 1), CLASS((c) + 2), CLASS((c) + 3)
#define CLASS_16(c) CLASS_4(c), CLASS_4((c) + 4), CLASS_4((c) + 8), CLASS_4((c) + 12)
#define CLASS_64(c) CLASS_16(c), CLASS_16((c) + 16), CLASS_16((c) + 32), CLASS_16((c) + 48)

const unsigned char bask_octet_classes[256] = {
    CLASS_64(0),
    CLASS_64(64),
    CLASS_64(128),
    CLASS_64(192),
};

bool
bask_octets_are(bask_str text, unsigned char class)
{
    for (size_t i = 0; i < text.len; i++)
        if (!bask_octet_is(text.ptr[i], class))
            return false;
    return text.len > 0;
}

/* Skips whole words that hold text and no HTAB; at the first that does not, or near the end, it
 * leaves the rest to the caller. */
static inline const char *
skip_words(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i last_control = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
        int found = _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, del)));
        if (found)
            return at + __builtin_ctz((unsigned)found);
    }
#else
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    for (; end - at >= 8; at += 8) {
        uint64_t bytes;
        memcpy(&bytes, at, sizeof bytes);
        uint64_t del = bytes ^ ones * 0x7f;
        /* A high bit for a byte under 0x20 or equal to 0x7f; a false alarm costs only time. */
        if ((((bytes - ones * 0x20) & ~bytes) | ((del - ones) & ~del)) & highs)
            break;
    }
#endif
    return at;
}

const char *
bask_octets_skip_text(const char *at, const char *end)
{
    for (;;) {
        at = skip_words(at, end);
        const char *start = at;
        while (at < end && bask_octet_is(*at, BASK_OCTET_TEXT) && at - start < 16)
            at++;
        if (at == end || at - start < 16)
            return at;
    }
}
