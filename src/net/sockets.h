/*
 * The options of listening sockets, and of what stands before them. Part of struct
 * bask_net_options.
 */
#pragma once

#include "net/modifiers.h"
#include "sys/sock.h"

#include <bask/option.h>

struct bask_socket_options {
    struct bask_values uwsgi, fastcgi, fastcgi_nph, scgi, scgi_nph;
    struct bask_values shared;         /* addresses that "=N" means */
    bask_str protocol;                 /* of --socket; absent: uwsgi */
    bool abstract;                     /* unix sockets are in no folder */
    struct bask_sock_traits traits;    /* of those that this server opens */
    int64_t send_ms;                   /* --so-send-timeout; 0: --socket-timeout is meant */
    bool tcp_nodelay, no_defer_accept; /* accepted: it is always so, or never */
    struct bask_modifiers modifiers;   /* of the uwsgi protocol */
    bool proxy_protocol;
    bask_str forwarded;         /* which fields of a trusted proxy are believed; absent: none */
    struct bask_values trusted; /* addresses of proxies; none: those of this machine */
};

/* The rows of these options; `values` is the struct they fill. */
struct bask_option_table bask_socket_option_table(struct bask_socket_options *values);
