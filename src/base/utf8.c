/* The second byte of a character decides what the first left open: table 3-7 of Unicode. */
#include "base/utf8.h"

enum { CONTINUES = 0x80, CONTINUES_MOST = 0xbf };

/* The first byte of a character that is not ASCII. */
static bool
begin(struct bask_utf8 *utf8, unsigned char byte)
{
    if (byte < 0xc2 || byte > 0xf4)
        return false;
    utf8->needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    utf8->least = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : CONTINUES;
    utf8->most = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : CONTINUES_MOST;
    return true;
}

/* Bytes of ASCII at the front, eight at a time. */
static size_t
skip_ascii(bask_str bytes)
{
    size_t at = 0;
    uint64_t word;
    for (; at + sizeof word <= bytes.len; at += sizeof word) {
        memcpy(&word, bytes.ptr + at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return at;
}

bool
bask_utf8_take(struct bask_utf8 *utf8, bask_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (utf8->needed == 0) {
            i += skip_ascii(bask_str_n(bytes.ptr + i, bytes.len - i));
            if (i == bytes.len)
                break;
        }
        unsigned char byte = (unsigned char)bytes.ptr[i];
        if (utf8->needed) {
            if (byte < utf8->least || byte > utf8->most)
                return false;
            utf8->needed--;
            utf8->least = CONTINUES;
            utf8->most = CONTINUES_MOST;
        } else if (byte >= 0x80 && !begin(utf8, byte)) {
            return false;
        }
    }
    return true;
}

size_t
bask_utf8_decode(bask_str text, uint32_t *ret_value)
{
    unsigned char first = (unsigned char)text.ptr[0];
    struct bask_utf8 utf8;
    if (first < 0x80) {
        *ret_value = first;
        return 1;
    }
    if (!begin(&utf8, first) || text.len <= utf8.needed)
        return 0;
    unsigned char next = (unsigned char)text.ptr[1];
    if (next < utf8.least || next > utf8.most)
        return 0;
    /* Of the first byte a character of 2, 3 or 4 bytes has the low 5, 4 or 3 bits. */
    uint32_t value = (uint32_t)(first & 0x3f >> utf8.needed) << 6 | (next & 0x3f);
    for (size_t i = 2; i <= utf8.needed; i++) {
        next = (unsigned char)text.ptr[i];
        if (next < CONTINUES || next > CONTINUES_MOST)
            return 0;
        value = value << 6 | (next & 0x3f);
    }
    *ret_value = value;
    return utf8.needed + 1u;
}
