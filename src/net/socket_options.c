/* The rows of listening sockets beside those of HTTP. */
#include "net/sockets.h"

#define AT(member) offsetof(struct bask_socket_options, member)
#define TRAIT(member) offsetof(struct bask_socket_options, traits.member)

static const struct bask_option rows[] = {
    {"uwsgi-socket", NULL, 0, BASK_OPT_LIST, AT(uwsgi), 0, 0, NULL, "ADDRESS",
     "speak the uwsgi protocol here, whatever --protocol says", .flags = BASK_OPT_FIXED},
    {"allowed-modifiers", NULL, 0, BASK_OPT_STRING, AT(modifiers.text), 0, 0, NULL, "N[,N...]",
     "serve only these packets of the uwsgi protocol: 0 and 30 requests, 17 tasks, 100 pings, 110 "
     "signals, 173 RPC"},
    {"fastcgi-socket", NULL, 0, BASK_OPT_LIST, AT(fastcgi), 0, 0, NULL, "ADDRESS",
     "speak FastCGI here, behind fastcgi_pass, mod_proxy_fcgi, fcgi-app", .flags = BASK_OPT_FIXED},
    {"fastcgi-nph-socket", NULL, 0, BASK_OPT_LIST, AT(fastcgi_nph), 0, 0, NULL, "ADDRESS",
     "the same, for gateways that expect a status line of HTTP", .flags = BASK_OPT_FIXED},
    {"scgi-socket", NULL, 0, BASK_OPT_LIST, AT(scgi), 0, 0, NULL, "ADDRESS",
     "speak SCGI here, behind scgi_pass, mod_proxy_scgi", .flags = BASK_OPT_FIXED},
    {"scgi-nph-socket", NULL, 0, BASK_OPT_LIST, AT(scgi_nph), 0, 0, NULL, "ADDRESS",
     "the same, for gateways that expect a status line of HTTP", .flags = BASK_OPT_FIXED},
    {"protocol", "socket-protocol", 0, BASK_OPT_STRING, AT(protocol), 0, 0, NULL, "NAME",
     "what --socket speaks: uwsgi (the default), http, fastcgi, scgi, fastcgi-nph or scgi-nph",
     .flags = BASK_OPT_FIXED},
    {"shared-socket", "undeferred-shared-socket", 0, BASK_OPT_LIST, AT(shared), 0, 0, NULL,
     "ADDRESS", "an address that other socket options call =0, the next one =1 and so on",
     .flags = BASK_OPT_FIXED},
    {"abstract-socket", NULL, 'a', BASK_OPT_FLAG, AT(abstract), 0, 0, NULL, NULL,
     "unix sockets have abstract names, in no folder", .flags = BASK_OPT_FIXED},
    {"reuse-port", NULL, 0, BASK_OPT_FLAG, TRAIT(reuse_port), 0, 0, NULL, NULL,
     "other servers with this option may have the same ports (SO_REUSEPORT)",
     .flags = BASK_OPT_FIXED},
    {"freebind", NULL, 0, BASK_OPT_FLAG, TRAIT(freebind), 0, 0, NULL, NULL,
     "addresses may be some that this machine does not have yet (IP_FREEBIND)",
     .flags = BASK_OPT_FIXED},
    {"so-keepalive", NULL, 0, BASK_OPT_FLAG, TRAIT(keep_alive), 0, 0, NULL, NULL,
     "have the system look whether silent clients are still there (SO_KEEPALIVE)",
     .flags = BASK_OPT_FIXED},
    {"socket-sndbuf", "so-sndbuf", 0, BASK_OPT_SIZE, TRAIT(send_buffer), 0, 1 << 30, "0", "BYTES",
     "the system's buffer for what is sent (SO_SNDBUF), 0: the system decides",
     .flags = BASK_OPT_FIXED},
    {"socket-rcvbuf", "so-rcvbuf", 0, BASK_OPT_SIZE, TRAIT(receive_buffer), 0, 1 << 30, "0",
     "BYTES", "the same for what is received (SO_RCVBUF)", .flags = BASK_OPT_FIXED},
    {"tcp-fast-open", "tcp-fastopen", 0, BASK_OPT_INT, TRAIT(fast_open), 0, 1 << 16, "0", "N",
     "accept data with the first packet, from N clients at once (TCP_FASTOPEN)",
     .flags = BASK_OPT_FIXED},
    {"defer-accept", NULL, 0, BASK_OPT_DURATION, TRAIT(defer_ms), 0, 3600000, "0", "SECONDS",
     "accept TCP connections when their first bytes come, or after so long (TCP_DEFER_ACCEPT)",
     .flags = BASK_OPT_FIXED},
    {"no-defer-accept", NULL, 0, BASK_OPT_FLAG, AT(no_defer_accept), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: the default"},
    {"tcp-nodelay", NULL, 0, BASK_OPT_FLAG, AT(tcp_nodelay), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: it is always so"},
    {"so-send-timeout", "socket-send-timeout so-write-timeout socket-write-timeout", 0,
     BASK_OPT_DURATION, AT(send_ms), 0, 86400000, "0", "SECONDS",
     "give up on a response that makes no progress for so long, 0: as --socket-timeout says"},
    {"enable-proxy-protocol", "http-enable-proxy-protocol", 0, BASK_OPT_FLAG, AT(proxy_protocol), 0,
     0, NULL, NULL,
     "HTTP connections begin with a PROXY header (version 1 or 2), believed of --trusted-proxy",
     .flags = BASK_OPT_FIXED},
    {"forwarded", NULL, 0, BASK_OPT_STRING, AT(forwarded), 0, 0, NULL, "FIELDS",
     "believe --trusted-proxy about clients: x-forwarded (X-Forwarded-For, -Proto, -Host, -Port) "
     "or forwarded (RFC 7239)",
     .flags = BASK_OPT_FIXED},
    {"trusted-proxy", "trusted-proxies", 0, BASK_OPT_LIST, AT(trusted), 0, 0, NULL, "ADDRESS",
     "a proxy: an address, a network like 10.0.0.0/8, loopback, unix or any (default: loopback "
     "and unix); several may be joined by commas",
     .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_socket_option_table(struct bask_socket_options *values)
{
    return (struct bask_option_table){
        .group = "Sockets and proxies",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}
