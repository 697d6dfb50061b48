/* The second byte of a character decides what the first left open: table 3-7 of Unicode. */
#include "proto/utf8.h"

#include <stdint.h>

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
