/* Frames of WebSockets, and the two texts of the handshake. */
#include "proto/ws.h"

#include "base/utf8.h"
#include "proto/sha1.h"

enum {
    FIN = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0f,
    MASKED = 0x80,
    LENGTH = 0x7f,
    TWO_BYTES = 126,
    EIGHT_BYTES = 127,
    MASK_SIZE = 4,
};

static bool
is_opcode(unsigned opcode)
{
    return opcode <= BASK_WS_BINARY || (opcode >= BASK_WS_CLOSE && opcode <= BASK_WS_PONG);
}

/* The length behind the first two bytes; false: it has a longer form than it needs. */
static bool
read_length(const unsigned char *at, unsigned size, uint64_t *ret_len)
{
    uint64_t len = 0;
    for (unsigned i = 0; i < size; i++)
        len = len << 8 | at[i];
    *ret_len = len;
    return size == 2 ? len >= TWO_BYTES : len > UINT16_MAX;
}

int
bask_ws_parse(const char *buf, size_t len, struct bask_ws_head *ret_head)
{
    const unsigned char *at = (const unsigned char *)buf;
    if (len < 1)
        return -2;
    unsigned opcode = at[0] & OPCODE;
    if (at[0] & RESERVED || !is_opcode(opcode) || (bask_ws_is_control(opcode) && !(at[0] & FIN)))
        return -1;
    if (len < 2)
        return -2;
    unsigned form = at[1] & LENGTH;
    if (!(at[1] & MASKED) || (bask_ws_is_control(opcode) && form > BASK_WS_CONTROL_MAX))
        return -1;
    unsigned size = form < TWO_BYTES ? 0 : form == TWO_BYTES ? 2 : 8;
    uint64_t payload = form;
    if (size == 8 && len > 2 && at[2] & 0x80)
        return -1;
    if (len < 2 + size)
        return -2;
    if (size && !read_length(at + 2, size, &payload))
        return -1;
    if (len < 2 + size + MASK_SIZE)
        return -2;
    *ret_head =
        (struct bask_ws_head){.fin = at[0] & FIN, .opcode = (unsigned char)opcode, .len = payload};
    memcpy(ret_head->mask, at + 2 + size, MASK_SIZE);
    return (int)(2 + size + MASK_SIZE);
}

void
bask_ws_unmask(char *data, size_t len, const unsigned char mask[static 4], uint64_t at)
{
    unsigned char turned[8];
    uint64_t word, pattern;
    size_t i = 0;
    for (size_t k = 0; k < sizeof turned; k++)
        turned[k] = mask[(at + k) % MASK_SIZE];
    memcpy(&pattern, turned, sizeof pattern);
    for (; i + sizeof word <= len; i += sizeof word) {
        memcpy(&word, data + i, sizeof word);
        word ^= pattern;
        memcpy(data + i, &word, sizeof word);
    }
    for (; i < len; i++)
        data[i] = (char)(data[i] ^ turned[i % MASK_SIZE]);
}

size_t
bask_ws_write_head(unsigned opcode, uint64_t len, char out[static BASK_WS_HEAD_MAX])
{
    unsigned size = len < TWO_BYTES ? 0 : len <= UINT16_MAX ? 2 : 8;
    out[0] = (char)(FIN | opcode);
    out[1] = (char)(size == 0 ? len : size == 2 ? TWO_BYTES : EIGHT_BYTES);
    for (unsigned i = 0; i < size; i++)
        out[2 + i] = (char)(len >> (8 * (size - 1 - i)));
    return 2 + size;
}

bool
bask_ws_is_code(unsigned code)
{
    if (code >= 3000)
        return code < 5000;
    return code >= BASK_WS_NORMAL && code <= 1014 && code != 1004 && code != BASK_WS_NO_CODE &&
           code != BASK_WS_BROKEN;
}

unsigned
bask_ws_parse_close(bask_str payload, unsigned *ret_code, bask_str *ret_reason)
{
    const unsigned char *at = (const unsigned char *)payload.ptr;
    struct bask_utf8 utf8 = {0};
    if (payload.len == 0) {
        *ret_code = BASK_WS_NO_CODE;
        *ret_reason = payload;
        return 0;
    }
    if (payload.len == 1)
        return BASK_WS_PROTOCOL_ERROR;
    unsigned code = (unsigned)at[0] << 8 | at[1];
    bask_str reason = bask_str_n(payload.ptr + 2, payload.len - 2);
    if (!bask_ws_is_code(code))
        return BASK_WS_PROTOCOL_ERROR;
    if (!bask_utf8_take(&utf8, reason) || !bask_utf8_is_whole(&utf8))
        return BASK_WS_BAD_DATA;
    *ret_code = code;
    *ret_reason = reason;
    return 0;
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool
bask_ws_is_key(bask_str key)
{
    if (key.len != 24 || key.ptr[22] != '=' || key.ptr[23] != '=')
        return false;
    for (size_t i = 0; i < 22; i++)
        if (!memchr(base64, key.ptr[i], sizeof base64 - 1))
            return false;
    return true;
}

void
bask_ws_accept(bask_str key, char out[static BASK_WS_ACCEPT])
{
    static const char constant[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[24 + sizeof constant - 1];
    unsigned char digest[BASK_SHA1_SIZE + 1] = {0};
    memcpy(text, key.ptr, 24);
    memcpy(text + 24, constant, sizeof constant - 1);
    bask_sha1(bask_str_n(text, sizeof text), digest);
    for (size_t i = 0; i < BASK_WS_ACCEPT / 4; i++) {
        unsigned bits =
            (unsigned)digest[3 * i] << 16 | (unsigned)digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (size_t k = 0; k < 4; k++)
            out[4 * i + k] = base64[bits >> (18 - 6 * k) & 63];
    }
    out[BASK_WS_ACCEPT - 1] = '=';
}
