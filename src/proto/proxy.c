/* The PROXY protocol, both versions. Nothing behind the header is looked at. */
#include "proto/proxy.h"

enum {
    V1_MOST = 107,
    V2_HEAD = 16,
    COMMAND_LOCAL = 0,
    COMMAND_PROXY = 1,
    FAMILY_IPV4 = 1,
    FAMILY_IPV6 = 2,
    STREAM = 1,
    TLV_SSL = 0x20,
    SSL_CLIENT = 1,
};

static const char v2_start[12] = "\r\n\r\n\0\r\nQUIT\n";

/* Whether so far the bytes are those of `expected`. */
static bool
begins(const char *buf, size_t len, const char *expected, size_t size)
{
    return memcmp(buf, expected, len < size ? len : size) == 0;
}

static bool
take_port(bask_str text, uint16_t *ret_port)
{
    long long port;
    if (text.len > 5 || (text.len > 1 && text.ptr[0] == '0') || bask_str_to_i64(text, &port) ||
        port > 65535)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

/* "TCP4 source target sport tport", without what is before and behind it. */
static bool
read_v1(bask_str line, struct bask_proxy *proxy)
{
    bask_str words[5];
    for (int i = 0; i < 4; i++)
        if (!bask_str_cut(line, ' ', &words[i], &line))
            return false;
    words[4] = line;
    bool v4 = bask_str_eq(words[0], BASK_STR("TCP4"));
    if (!v4 && !bask_str_eq(words[0], BASK_STR("TCP6")))
        return false;
    proxy->known = true;
    return !memchr(words[1].ptr, ':', words[1].len) == v4 &&
           !memchr(words[2].ptr, ':', words[2].len) == v4 &&
           !bask_ip_parse(words[1], &proxy->source) && !bask_ip_parse(words[2], &proxy->target) &&
           take_port(words[3], &proxy->source_port) && take_port(words[4], &proxy->target_port);
}

static int
parse_v1(const char *buf, size_t len, struct bask_proxy *proxy)
{
    size_t seen = len < V1_MOST ? len : V1_MOST;
    const char *end = memchr(buf, '\n', seen);
    if (!end)
        return seen == V1_MOST ? -1 : -2;
    size_t line = (size_t)(end - buf);
    if (line < 7 || buf[line - 1] != '\r')
        return -1;
    bask_str text = bask_str_n(buf + 6, line - 7);
    /* Behind UNKNOWN anything may stand up to the end of the line. */
    bool unknown =
        bask_str_starts(text, BASK_STR("UNKNOWN")) && (text.len == 7 || text.ptr[7] == ' ');
    return unknown || read_v1(text, proxy) ? (int)line + 1 : -1;
}

static size_t
u16be(const char *at)
{
    return (size_t)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

static void
read_address(const char *at, size_t size, struct bask_ip *ip)
{
    *ip = (struct bask_ip){{[10] = 0xff, [11] = 0xff}};
    memcpy(ip->bytes + sizeof ip->bytes - size, at, size);
}

/* What a proxy says beside the addresses. False: a length that leads beyond the end. */
static bool
read_extras(const char *at, size_t len, struct bask_proxy *proxy)
{
    while (len) {
        if (len < 3 || u16be(at + 1) > len - 3)
            return false;
        size_t size = u16be(at + 1);
        if ((unsigned char)at[0] == TLV_SSL && size >= 5)
            proxy->tls = at[3] & SSL_CLIENT;
        at += 3 + size;
        len -= 3 + size;
    }
    return true;
}

static int
parse_v2(const char *buf, size_t len, struct bask_proxy *proxy)
{
    if (len < V2_HEAD)
        return -2;
    unsigned version = (unsigned char)buf[12] >> 4, command = buf[12] & 0xf;
    unsigned family = (unsigned char)buf[13] >> 4, transport = buf[13] & 0xf;
    size_t size = u16be(buf + 14);
    if (version != 2 || command > COMMAND_PROXY || family > 3 || transport > 2)
        return -1;
    if (len - V2_HEAD < size)
        return -2;
    const char *at = buf + V2_HEAD;
    if (command == COMMAND_PROXY && transport == STREAM &&
        (family == FAMILY_IPV4 || family == FAMILY_IPV6)) {
        size_t address = family == FAMILY_IPV4 ? 4 : 16, both = 2 * address + 4;
        if (size < both || !read_extras(at + both, size - both, proxy))
            return -1;
        proxy->known = true;
        read_address(at, address, &proxy->source);
        read_address(at + address, address, &proxy->target);
        proxy->source_port = (uint16_t)u16be(at + 2 * address);
        proxy->target_port = (uint16_t)u16be(at + 2 * address + 2);
    }
    return V2_HEAD + (int)size;
}

int
bask_proxy_parse(const char *buf, size_t len, struct bask_proxy *ret_proxy)
{
    struct bask_proxy proxy = {0};
    int used = -1;
    if (len == 0)
        return -2;
    if (begins(buf, len, v2_start, sizeof v2_start))
        used = parse_v2(buf, len, &proxy);
    else if (begins(buf, len, "PROXY ", 6))
        used = len < 6 ? -2 : parse_v1(buf, len, &proxy);
    if (used > 0)
        *ret_proxy = proxy;
    return used;
}
