/*
 * Names with numbers: each is found with one table look-up and one comparison.
 *
 * A name's slot is a small hash of its length and three of its letters. A header field and its CGI
 * variable share a slot: "HTTP_" is left out, case is folded and '_' counts as '-'. No two rows may
 * share one: the compiler refuses a slot that is initialised twice. When a new row collides,
 * choose other factors; that each row stands in its own slot is a unit test.
 *
 * Everything is constant; there is nothing to initialise and nothing to lock.
 */
#include "proto/names.h"

#include <assert.h>
#include <stdint.h>

#define FOLD(c) (((c) == '_' ? '-' : (c)) & 31)
#define SLOT(len, first, middle, last_but_one)                                                     \
    (((len)*55 + FOLD(first) * 49 + FOLD(middle) * 3 + FOLD(last_but_one) * 60) & 255)

#define METHOD_SLOT(len, first, last) (((len)*34 + ((first)&31) * 44 + ((last)&31) * 31) & 31)

/* 64 bytes: one cache line a name. */
struct name {
    unsigned char header_len;
    unsigned char variable_len;
    char header[30];
    char variable[32];
};

static _Alignas(64) const struct name names[BASK_KEY_COUNT] = {
#define X(symbol, header, variable) {sizeof(header) - 1, sizeof(variable) - 1, header, variable},
    BASK_ENVIRON_KEYS(X)
#undef X
};

static const bask_str methods[BASK_METHOD_COUNT] = {
#define X(name) {#name, sizeof(#name) - 1},
    BASK_METHODS(X)
#undef X
};

/* Keys and methods, plus one: an empty slot is 0. */
static const unsigned char slots[256] = {
    [SLOT(4, 'H', 'S', 'S')] = BASK_KEY_HTTP_HOST + 1,
    [SLOT(10, 'U', 'A', 'N')] = BASK_KEY_HTTP_USER_AGENT + 1,
    [SLOT(6, 'A', 'E', 'P')] = BASK_KEY_HTTP_ACCEPT + 1,
    [SLOT(15, 'A', 'E', 'N')] = BASK_KEY_HTTP_ACCEPT_ENCODING + 1,
    [SLOT(15, 'A', 'L', 'G')] = BASK_KEY_HTTP_ACCEPT_LANGUAGE + 1,
    [SLOT(14, 'A', 'C', 'E')] = BASK_KEY_HTTP_ACCEPT_CHARSET + 1,
    [SLOT(10, 'C', 'C', 'O')] = BASK_KEY_HTTP_CONNECTION + 1,
    [SLOT(6, 'C', 'K', 'I')] = BASK_KEY_HTTP_COOKIE + 1,
    [SLOT(7, 'R', 'E', 'E')] = BASK_KEY_HTTP_REFERER + 1,
    [SLOT(13, 'C', 'C', 'O')] = BASK_KEY_HTTP_CACHE_CONTROL + 1,
    [SLOT(6, 'P', 'G', 'M')] = BASK_KEY_HTTP_PRAGMA + 1,
    [SLOT(13, 'A', 'I', 'O')] = BASK_KEY_HTTP_AUTHORIZATION + 1,
    [SLOT(6, 'O', 'G', 'I')] = BASK_KEY_HTTP_ORIGIN + 1,
    [SLOT(17, 'I', 'I', 'C')] = BASK_KEY_HTTP_IF_MODIFIED_SINCE + 1,
    [SLOT(13, 'I', 'E', 'C')] = BASK_KEY_HTTP_IF_NONE_MATCH + 1,
    [SLOT(8, 'I', 'A', 'C')] = BASK_KEY_HTTP_IF_MATCH + 1,
    [SLOT(19, 'I', 'F', 'C')] = BASK_KEY_HTTP_IF_UNMODIFIED_SINCE + 1,
    [SLOT(8, 'I', 'A', 'G')] = BASK_KEY_HTTP_IF_RANGE + 1,
    [SLOT(5, 'R', 'N', 'G')] = BASK_KEY_HTTP_RANGE + 1,
    [SLOT(6, 'E', 'E', 'C')] = BASK_KEY_HTTP_EXPECT + 1,
    [SLOT(7, 'U', 'R', 'D')] = BASK_KEY_HTTP_UPGRADE + 1,
    [SLOT(25, 'U', 'C', 'T')] = BASK_KEY_HTTP_UPGRADE_INSECURE_REQUESTS + 1,
    [SLOT(17, 'T', '-', 'N')] = BASK_KEY_HTTP_TRANSFER_ENCODING + 1,
    [SLOT(2, 'T', 'E', 'T')] = BASK_KEY_HTTP_TE + 1,
    [SLOT(7, 'T', 'I', 'E')] = BASK_KEY_HTTP_TRAILER + 1,
    [SLOT(3, 'V', 'I', 'I')] = BASK_KEY_HTTP_VIA + 1,
    [SLOT(3, 'D', 'N', 'N')] = BASK_KEY_HTTP_DNT + 1,
    [SLOT(8, 'P', 'R', 'T')] = BASK_KEY_HTTP_PRIORITY + 1,
    [SLOT(9, 'F', 'A', 'E')] = BASK_KEY_HTTP_FORWARDED + 1,
    [SLOT(15, 'X', 'R', 'O')] = BASK_KEY_HTTP_X_FORWARDED_FOR + 1,
    [SLOT(17, 'X', 'D', 'T')] = BASK_KEY_HTTP_X_FORWARDED_PROTO + 1,
    [SLOT(16, 'X', 'D', 'S')] = BASK_KEY_HTTP_X_FORWARDED_HOST + 1,
    [SLOT(16, 'X', 'D', 'R')] = BASK_KEY_HTTP_X_FORWARDED_PORT + 1,
    [SLOT(9, 'X', 'A', 'I')] = BASK_KEY_HTTP_X_REAL_IP + 1,
    [SLOT(12, 'X', 'E', 'I')] = BASK_KEY_HTTP_X_REQUEST_ID + 1,
    [SLOT(16, 'X', 'T', 'T')] = BASK_KEY_HTTP_X_REQUESTED_WITH + 1,
    [SLOT(11, 'X', 'F', 'E')] = BASK_KEY_HTTP_X_CSRFTOKEN + 1,
    [SLOT(14, 'S', 'C', 'T')] = BASK_KEY_HTTP_SEC_FETCH_SITE + 1,
    [SLOT(14, 'S', 'C', 'D')] = BASK_KEY_HTTP_SEC_FETCH_MODE + 1,
    [SLOT(14, 'S', 'C', 'S')] = BASK_KEY_HTTP_SEC_FETCH_DEST + 1,
    [SLOT(14, 'S', 'C', 'E')] = BASK_KEY_HTTP_SEC_FETCH_USER + 1,
    [SLOT(9, 'S', 'C', 'U')] = BASK_KEY_HTTP_SEC_CH_UA + 1,
    [SLOT(16, 'S', 'A', 'L')] = BASK_KEY_HTTP_SEC_CH_UA_MOBILE + 1,
    [SLOT(18, 'S', '-', 'R')] = BASK_KEY_HTTP_SEC_CH_UA_PLATFORM + 1,
    [SLOT(17, 'S', 'O', 'E')] = BASK_KEY_HTTP_SEC_WEBSOCKET_KEY + 1,
    [SLOT(21, 'S', 'K', 'O')] = BASK_KEY_HTTP_SEC_WEBSOCKET_VERSION + 1,
    [SLOT(22, 'S', 'E', 'O')] = BASK_KEY_HTTP_SEC_WEBSOCKET_PROTOCOL + 1,
    [SLOT(24, 'S', 'T', 'N')] = BASK_KEY_HTTP_SEC_WEBSOCKET_EXTENSIONS + 1,
    [SLOT(11, 'T', 'P', 'N')] = BASK_KEY_HTTP_TRACEPARENT + 1,
    [SLOT(10, 'T', 'S', 'T')] = BASK_KEY_HTTP_TRACESTATE + 1,
    [SLOT(12, 'C', 'T', 'P')] = BASK_KEY_CONTENT_TYPE + 1,
    [SLOT(14, 'C', '-', 'T')] = BASK_KEY_CONTENT_LENGTH + 1,
    [SLOT(14, 'R', '-', 'O')] = BASK_KEY_REQUEST_METHOD + 1,
    [SLOT(11, 'R', 'S', 'R')] = BASK_KEY_REQUEST_URI + 1,
    [SLOT(9, 'P', '-', 'F')] = BASK_KEY_PATH_INFO + 1,
    [SLOT(12, 'Q', 'S', 'N')] = BASK_KEY_QUERY_STRING + 1,
    [SLOT(11, 'S', 'T', 'M')] = BASK_KEY_SCRIPT_NAME + 1,
    [SLOT(11, 'S', 'R', 'M')] = BASK_KEY_SERVER_NAME + 1,
    [SLOT(11, 'S', 'R', 'R')] = BASK_KEY_SERVER_PORT + 1,
    [SLOT(15, 'S', 'P', 'O')] = BASK_KEY_SERVER_PROTOCOL + 1,
    [SLOT(14, 'R', '-', 'M')] = BASK_KEY_REQUEST_SCHEME + 1,
    [SLOT(5, 'H', 'T', 'P')] = BASK_KEY_HTTPS + 1,
    [SLOT(11, 'R', 'E', 'D')] = BASK_KEY_REMOTE_ADDR + 1,
    [SLOT(11, 'R', 'E', 'R')] = BASK_KEY_REMOTE_PORT + 1,
    [SLOT(11, 'R', 'E', 'E')] = BASK_KEY_REMOTE_USER + 1,
    [SLOT(11, 'R', 'E', 'S')] = BASK_KEY_REMOTE_HOST + 1,
    [SLOT(9, 'A', '-', 'P')] = BASK_KEY_AUTH_TYPE + 1,
    [SLOT(13, 'D', 'N', 'O')] = BASK_KEY_DOCUMENT_ROOT + 1,
    [SLOT(12, 'D', 'N', 'R')] = BASK_KEY_DOCUMENT_URI + 1,
    [SLOT(17, 'G', 'I', 'C')] = BASK_KEY_GATEWAY_INTERFACE + 1,
    [SLOT(12, 'U', 'S', 'M')] = BASK_KEY_UWSGI_SCHEME + 1,
};

static const unsigned char method_slots[32] = {
    [METHOD_SLOT(3, 'G', 'T')] = BASK_METHOD_GET + 1,
    [METHOD_SLOT(4, 'H', 'D')] = BASK_METHOD_HEAD + 1,
    [METHOD_SLOT(4, 'P', 'T')] = BASK_METHOD_POST + 1,
    [METHOD_SLOT(3, 'P', 'T')] = BASK_METHOD_PUT + 1,
    [METHOD_SLOT(6, 'D', 'E')] = BASK_METHOD_DELETE + 1,
    [METHOD_SLOT(5, 'P', 'H')] = BASK_METHOD_PATCH + 1,
    [METHOD_SLOT(7, 'O', 'S')] = BASK_METHOD_OPTIONS + 1,
    [METHOD_SLOT(7, 'C', 'T')] = BASK_METHOD_CONNECT + 1,
    [METHOD_SLOT(5, 'T', 'E')] = BASK_METHOD_TRACE + 1,
    [METHOD_SLOT(8, 'P', 'D')] = BASK_METHOD_PROPFIND + 1,
    [METHOD_SLOT(9, 'P', 'H')] = BASK_METHOD_PROPPATCH + 1,
    [METHOD_SLOT(5, 'M', 'L')] = BASK_METHOD_MKCOL + 1,
    [METHOD_SLOT(4, 'C', 'Y')] = BASK_METHOD_COPY + 1,
    [METHOD_SLOT(4, 'M', 'E')] = BASK_METHOD_MOVE + 1,
    [METHOD_SLOT(4, 'L', 'K')] = BASK_METHOD_LOCK + 1,
    [METHOD_SLOT(6, 'U', 'K')] = BASK_METHOD_UNLOCK + 1,
    [METHOD_SLOT(6, 'R', 'T')] = BASK_METHOD_REPORT + 1,
    [METHOD_SLOT(6, 'S', 'H')] = BASK_METHOD_SEARCH + 1,
};

static_assert(sizeof(struct name) == 64, "a name fills a cache line");
static_assert(BASK_KEY_COUNT < 256, "a slot holds a key in a byte");

/* The key in the slot of a name without its "HTTP_", or -1. */
static inline int
key_at(const char *name, size_t len)
{
    if (len < 2)
        return -1;
    size_t slot = SLOT(len, name[0], name[len / 2], name[len - 2]);
    return slots[slot] - 1;
}

/* Letters in lower case. Only bytes with bit 6 set change, so that no other byte becomes '-'. */
static inline uint64_t
lower8(const char *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes | (bytes & UINT64_C(0x4040404040404040)) >> 1;
}

static inline uint32_t
lower4(const char *at)
{
    uint32_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes | (bytes & UINT32_C(0x40404040)) >> 1;
}

/* `lower` holds only a-z and '-'. Words overlap at the end instead of leaving single bytes. */
static inline bool
same_nocase(const char *name, const char *lower, size_t len)
{
    if (len >= 8) {
        uint64_t differ = lower8(name + len - 8) ^ lower8(lower + len - 8);
        for (size_t i = 0; i + 8 < len; i += 8)
            differ |= lower8(name + i) ^ lower8(lower + i);
        return differ == 0;
    }
    if (len >= 4)
        return lower4(name) == lower4(lower) && lower4(name + len - 4) == lower4(lower + len - 4);
    for (size_t i = 0; i < len; i++)
        if (bask_lower(name[i]) != lower[i])
            return false;
    return true;
}

int
bask_names_header(bask_str name)
{
    int key = key_at(name.ptr, name.len);
    if (key < 0 || names[key].header_len != name.len ||
        !same_nocase(name.ptr, names[key].header, name.len))
        return BASK_KEY_UNKNOWN;
    return key;
}

int
bask_names_variable(bask_str name)
{
    bool http = name.len > 5 && memcmp(name.ptr, "HTTP_", 5) == 0;
    int key = http ? key_at(name.ptr + 5, name.len - 5) : key_at(name.ptr, name.len);
    if (key < 0 || names[key].variable_len != name.len ||
        memcmp(name.ptr, names[key].variable, name.len) != 0)
        return BASK_KEY_UNKNOWN;
    return key;
}

bask_str
bask_names_key(int key_id)
{
    assert(key_id >= 0 && key_id < BASK_KEY_COUNT);
    return bask_str_n(names[key_id].variable, names[key_id].variable_len);
}

int
bask_names_method(bask_str name)
{
    if (name.len < 3)
        return BASK_METHOD_OTHER;
    size_t slot = METHOD_SLOT(name.len, name.ptr[0], name.ptr[name.len - 1]);
    int method = method_slots[slot] - 1;
    if (method < 0 || !bask_str_eq(methods[method], name))
        return BASK_METHOD_OTHER;
    return method;
}
