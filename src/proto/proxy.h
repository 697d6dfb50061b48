/*
 * The header of the PROXY protocol, versions 1 and 2: what stands before all else on a connection
 * that a proxy has opened, and says who has opened it to the proxy.
 */
#pragma once

#include "proto/ip.h"

#include <stdint.h>

enum { BASK_PROXY_USUAL = 536 }; /* bytes that a header has at most, as the standard wishes */

struct bask_proxy {
    bool known; /* of IP addresses; else the proxy speaks for itself, or does not know */
    bool tls;   /* the client came by TLS (version 2 only) */
    struct bask_ip source, target;
    uint16_t source_port, target_port;
};

/* > 0: its length; -1: it is none; -2: more is needed. */
int bask_proxy_parse(const char *buf, size_t len, struct bask_proxy *ret_proxy);
