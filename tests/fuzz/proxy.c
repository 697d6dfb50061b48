/*
 * Any bytes as what proxies and SCGI gateways say: a PROXY header, a Forwarded field, a list of
 * hops, a network, a netstring. Views lie inside, and headers end where they say.
 */
#include "proto/proxy.h"
#include "proto/forwarded.h"
#include "proto/scgi.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(bask_str view, const char *buf, size_t len)
{
    assert(view.len == 0 || (view.ptr >= buf && view.ptr + view.len <= buf + len));
}

static void
check_found(const struct bask_hop *hops, int count, const char *buf, size_t len)
{
    struct bask_ip ip;
    bask_str port;
    assert(count >= -1 && count <= 8);
    for (int i = 0; i < count; i++) {
        inside(hops[i].node, buf, len);
        inside(hops[i].proto, buf, len);
        inside(hops[i].host, buf, len);
        bask_hop_node(hops[i].node, &ip, &port);
    }
}

static void
check_hops(const char *buf, size_t len)
{
    struct bask_hop hops[8];
    struct bask_ip ip;
    bask_str port, item, list = bask_str_n(buf, len);
    bool whole;
    int end_count = bask_hops_parse_end(list, hops, 8, &whole);
    check_found(hops, end_count, buf, len);
    int count = bask_hops_parse(list, hops, 8);
    check_found(hops, count, buf, len);
    assert(whole == (count >= 0) && (!whole || count == end_count));
    while (bask_hop_last(&list, &item)) {
        inside(item, buf, len);
        if (!bask_hop_node(item, &ip, &port))
            inside(port, buf, port.len ? len : 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bask_proxy proxy;
    struct bask_ip_net net;
    bask_str variables, name, value;
    char *buf = malloc(size ? size : 1);
    memcpy(buf, data, size);
    int rc = bask_proxy_parse(buf, size, &proxy);
    assert(rc >= -2 && rc != 0 && rc <= (int)size);
    if (rc > 0)
        for (size_t have = 0; have < (size_t)rc; have++)
            assert(bask_proxy_parse(buf, have, &proxy) == -2);
    check_hops(buf, size);
    if (!bask_ip_net_parse(bask_str_n(buf, size), &net))
        assert(net.bits <= 128 && bask_ip_net_has(&net, &net.ip));
    rc = bask_scgi_parse(buf, size, 4096, &variables);
    assert(rc >= -2 && rc != 0 && rc <= (int)size);
    if (rc > 0) {
        inside(variables, buf, (size_t)rc - 1);
        while (bask_scgi_next(&variables, &name, &value) == 1) {
            assert(name.len);
            inside(name, buf, size);
            inside(value, buf, size);
        }
    }
    free(buf);
    return 0;
}
