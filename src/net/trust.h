/*
 * Which proxies are believed, and about what. Private to net/ but for its place in struct
 * bask_listeners.
 */
#pragma once

#include "net/sockets.h"
#include "proto/ip.h"

enum bask_forwarded { BASK_FORWARDED_NONE, BASK_FORWARDED_X, BASK_FORWARDED_STANDARD };

struct bask_trust {
    struct bask_ip_net *nets;
    size_t count;
    bool local; /* unix sockets */
    enum bask_forwarded forwarded;
};

/* From the options. BASK_E_SYNTAX with a sentence; BASK_E_NOMEM. */
int bask_trust_init(struct bask_trust *trust, const struct bask_socket_options *options,
                    char *error, size_t error_size);
void bask_trust_fini(struct bask_trust *trust);

bool bask_trust_has(const struct bask_trust *trust, const struct bask_ip *ip);
/* The same of the address of a connection; "" is that of a unix socket. */
bool bask_trust_has_peer(const struct bask_trust *trust, const char *address);
