/*
 * What proxies say of the client in fields of the request: Forwarded (RFC 7239), and the older
 * X-Forwarded-*, whose lists each proxy makes longer at their end.
 */
#pragma once

#include "proto/ip.h"

/* One hop: what a proxy has seen of whoever came to it. Views; absent where nothing is said. */
struct bask_hop {
    bask_str node;  /* for=: "192.0.2.1", "[2001:db8::1]:4711", "unknown", "_hidden" */
    bask_str proto; /* "https" */
    bask_str host;
};

/* An address, with or without a port; IPv6 with or without brackets where there is no port. 0;
 * BASK_E_SYNTAX: no address. `ret_port` is empty if there is none. */
int bask_hop_node(bask_str node, struct bask_ip *ret_ip, bask_str *ret_port);

/* Takes the last item off a list with commas, trimmed. False: there is none left. */
bool bask_hop_last(bask_str *list, bask_str *ret_item);
/* The item that is the n-th from the end, 0 the last; the first one of a shorter list; absent if
 * the list is empty. */
bask_str bask_hop_nth(bask_str list, size_t n);

/* The hops of a Forwarded field, the first ones first. How many; -1: malformed, or over `max`.
 * Quoted text loses its quotes and must hold no backslash. */
int bask_hops_parse(bask_str field, struct bask_hop *ret_hops, size_t max);
/* The same of a field whose front may be anybody's: where it cannot be read, or has too many hops,
 * what can be read at its end, and it is not whole. How many; 0: nothing. */
int bask_hops_parse_end(bask_str field, struct bask_hop *ret_hops, size_t max, bool *ret_whole);

/* "http" or "https", in any case: what a scheme may be that a proxy names. */
bool bask_hop_is_scheme(bask_str text);
