/*
 * IP addresses as data, and networks of them. IPv4 is held as ::ffff:a.b.c.d, so that a client is
 * the same whichever kind of socket it came by.
 */
#pragma once

#include "base/str.h"

struct bask_ip {
    unsigned char bytes[16];
};

struct bask_ip_net {
    struct bask_ip ip;
    unsigned bits; /* of the 128 that count */
};

#define BASK_IP_TEXT 46 /* with its NUL */

/* "192.0.2.1" or "2001:db8::1", no brackets, no zone. 0 or BASK_E_SYNTAX. */
int bask_ip_parse(bask_str text, struct bask_ip *ret_ip);
bool bask_ip_is_v4(const struct bask_ip *ip);
/* As people write it; the length. */
size_t bask_ip_write(const struct bask_ip *ip, char out[static BASK_IP_TEXT]);

/* "10.0.0.0/8", "2001:db8::/32", or an address alone. BASK_E_SYNTAX, also where bits are set that
 * the length does not cover: what was meant is not clear then. */
int bask_ip_net_parse(bask_str text, struct bask_ip_net *ret_net);
bool bask_ip_net_has(const struct bask_ip_net *net, const struct bask_ip *ip);
