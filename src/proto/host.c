/*
 * The host and port of a request: syntax only. Resolves nothing and normalises nothing.
 */
#include "proto/host.h"

#include "proto/octets.h"

/* Up to `max` digits of the class at *at. */
static size_t
run(bask_str text, size_t at, size_t max, unsigned char class)
{
    size_t len = 0;
    while (len < max && at + len < text.len && bask_octet_is(text.ptr[at + len], class))
        len++;
    return len;
}

/* Four numbers up to 255 without leading zeros. */
static bool
is_ipv4(bask_str text)
{
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        if (part > 0 && (at >= text.len || text.ptr[at++] != '.'))
            return false;
        size_t len = run(text, at, 3, BASK_OCTET_DIGIT);
        if (len == 0 || (len > 1 && text.ptr[at] == '0'))
            return false;
        if (len == 3 && memcmp(text.ptr + at, "255", 3) > 0)
            return false;
        at += len;
    }
    return at == text.len;
}

/* Eight groups of up to four digits; "::" stands for one or more of them, the last two may be IPv4.
 */
static bool
is_ipv6(bask_str text)
{
    int groups = 0;
    bool gap = text.len >= 2 && memcmp(text.ptr, "::", 2) == 0;
    size_t at = gap ? 2 : 0;
    while (at < text.len) {
        size_t len = run(text, at, 4, BASK_OCTET_HEX);
        size_t next = at + len;
        if (len == 0)
            return false;
        if (next < text.len && text.ptr[next] == '.') {
            groups += 2;
            return is_ipv4(bask_str_n(text.ptr + at, text.len - at)) &&
                   (gap ? groups < 8 : groups == 8);
        }
        groups++;
        at = next;
        if (at == text.len)
            break;
        if (text.ptr[at++] != ':' || at == text.len)
            return false;
        if (text.ptr[at] == ':') {
            if (gap)
                return false;
            gap = true;
            at++;
        }
    }
    return gap ? groups < 8 : groups == 8;
}

/* The length of the reg-name (or IPv4 address) at the front, 0 if there is none. */
static size_t
name_length(bask_str text)
{
    size_t at = 0;
    while (at < text.len) {
        if (bask_octet_is(text.ptr[at], BASK_OCTET_HOST))
            at++;
        else if (text.ptr[at] == '%' && run(text, at + 1, 2, BASK_OCTET_HEX) == 2)
            at += 3;
        else
            break;
    }
    return at;
}

/* The length of the address in brackets at the front, 0 if there is none. */
static size_t
bracket_length(bask_str text)
{
    const char *close = memchr(text.ptr, ']', text.len);
    if (!close)
        return 0;
    size_t len = (size_t)(close - text.ptr);
    return is_ipv6(bask_str_n(text.ptr + 1, len - 1)) ? len + 1 : 0;
}

static bool
is_port(bask_str text)
{
    unsigned port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!bask_octet_is(text.ptr[i], BASK_OCTET_DIGIT))
            return false;
        port = port * 10 + (unsigned)(text.ptr[i] - '0');
        if (port > 65535)
            return false;
    }
    return true;
}

bool
bask_host_is_authority(bask_str text, bool need_port)
{
    if (text.len == 0)
        return false;
    size_t host = text.ptr[0] == '[' ? bracket_length(text) : name_length(text);
    if (host == 0)
        return false;
    if (host == text.len)
        return !need_port;
    if (text.ptr[host] != ':')
        return false;
    bask_str port = bask_str_n(text.ptr + host + 1, text.len - host - 1);
    return is_port(port) && (port.len > 0 || !need_port);
}
