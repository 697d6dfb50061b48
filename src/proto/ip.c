/* IP addresses and networks: text, bytes, and which is part of which. */
#include "proto/ip.h"

#include "base/err.h"

#include <arpa/inet.h>

static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

int
bask_ip_parse(bask_str text, struct bask_ip *ret_ip)
{
    char copy[BASK_IP_TEXT];
    struct bask_ip ip;
    if (text.len >= sizeof copy || text.len == 0 || memchr(text.ptr, '\0', text.len))
        return BASK_E_SYNTAX;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    memcpy(ip.bytes, v4_prefix, sizeof v4_prefix);
    if (inet_pton(AF_INET, copy, ip.bytes + 12) != 1 && inet_pton(AF_INET6, copy, ip.bytes) != 1)
        return BASK_E_SYNTAX;
    *ret_ip = ip;
    return BASK_OK;
}

bool
bask_ip_is_v4(const struct bask_ip *ip)
{
    return memcmp(ip->bytes, v4_prefix, sizeof v4_prefix) == 0;
}

size_t
bask_ip_write(const struct bask_ip *ip, char out[static BASK_IP_TEXT])
{
    bool v4 = bask_ip_is_v4(ip);
    inet_ntop(v4 ? AF_INET : AF_INET6, ip->bytes + (v4 ? 12 : 0), out, BASK_IP_TEXT);
    return strlen(out);
}

/* Without the bits from `bits` on. */
static struct bask_ip
cut_off(const struct bask_ip *ip, unsigned bits)
{
    struct bask_ip cut = {{0}};
    memcpy(cut.bytes, ip->bytes, bits / 8);
    if (bits % 8)
        cut.bytes[bits / 8] = ip->bytes[bits / 8] & (unsigned char)(0xff00 >> bits % 8);
    return cut;
}

int
bask_ip_net_parse(bask_str text, struct bask_ip_net *ret_net)
{
    bask_str address = text, length;
    struct bask_ip_net net;
    long long bits = -1;
    bool has_length = bask_str_cut(text, '/', &address, &length);
    if (bask_ip_parse(address, &net.ip) || (has_length && bask_str_to_i64(length, &bits)))
        return BASK_E_SYNTAX;
    unsigned own = memchr(address.ptr, ':', address.len) ? 128 : 32;
    if (bits > own)
        return BASK_E_SYNTAX;
    net.bits = 128 - own + (has_length ? (unsigned)bits : own);
    struct bask_ip cut = cut_off(&net.ip, net.bits);
    if (memcmp(&cut, &net.ip, sizeof cut) != 0)
        return BASK_E_SYNTAX;
    *ret_net = net;
    return BASK_OK;
}

bool
bask_ip_net_has(const struct bask_ip_net *net, const struct bask_ip *ip)
{
    struct bask_ip cut = cut_off(ip, net->bits);
    return memcmp(&cut, &net->ip, sizeof cut) == 0;
}
