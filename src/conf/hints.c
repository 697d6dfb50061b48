/*
 * What there is instead of options of uWSGI's that this server does not have. Knows names, and
 * nothing of what they would do.
 */
#include "conf/private.h"

#include "base/str.h"

static const char threads[] = "use threads = N, on which the same application runs";
static const char gateway[] = "put nginx or another gateway in front";
static const char supervisor[] = "start each server by systemd or in a container";
static const char language[] = "what it runs needs a server of its own";
static const char routing[] =
    "there is no internal routing: let the application or a gateway such as nginx do it";
static const char wsgi[] = "the protocol of applications is WSGI: use module or wsgi-file";
static const char spread[] = "signals, caches and locks are those of one server";

/* A name that ends in '*' is the beginning of one; the first one that matches counts. */
static const struct {
    const char *name, *hint;
} hints[] = {
    {"gevent*", threads},
    {"asyncio", threads},
    {"greenlet", threads},
    {"ugreen*", threads},
    {"tornado", threads},
    {"stackless", threads},
    {"fiber", threads},
    {"coroae", threads},
    {"loop", threads},
    {"https*",
     "TLS is for nginx or another gateway in front, and http-socket for what stands behind"},
    {"suwsgi-socket", gateway},
    {"ssl-*", gateway},
    {"sni*", gateway},
    {"http-to", "http is served by the workers themselves, and there is nothing behind it"},
    {"http-subscription*", gateway},
    {"http-*", "http is served by the workers themselves, and no router needs to be told"},
    {"fastrouter*", gateway},
    {"rawrouter*", gateway},
    {"sslrouter*", gateway},
    {"forkpty*", gateway},
    {"tuntap*", gateway},
    {"subscri*", gateway},
    {"unsubscribe*", gateway},
    {"start-unsubscribed", gateway},
    {"legion*", gateway},
    {"zerg*", "reuse-port lets servers share a socket, and an upgrade hands it on"},
    {"emperor*", supervisor},
    {"early-emperor", supervisor},
    {"vassal*", supervisor},
    {"imperial*", supervisor},
    {"exec-as-*", supervisor},
    {"hook-as-*", supervisor},
    {"hook-emperor-*", supervisor},
    {"call-as-*", supervisor},
    {"mount-as-*", supervisor},
    {"umount-as-*", supervisor},
    {"route*", routing},
    {"error-route*", routing},
    {"final-route*", routing},
    {"response-route*", routing},
    {"wsgi-lite", wsgi},
    {"pump", wsgi},
    {"web3", wsgi},
    {"python-raw", wsgi},
    {"php*", language},
    {"psgi*", language},
    {"perl*", language},
    {"plshell*", language},
    {"rack*", language},
    {"rails*", language},
    {"ruby*", language},
    {"rb*", language},
    {"rvm-path", language},
    {"cgi*", language},
    {"webdav*", language},
    {"mono-*", language},
    {"v8-*", language},
    {"cache-udp-*", spread},
    {"cache-sync", spread},
    {"carbon*", "collect what the stats tell"},
    {"snmp*", "collect what the stats tell"},
};

const char *
bask_conf_hint(bask_str name)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (bask_str_fits(name, bask_str_of(hints[i].name)))
            return hints[i].hint;
    return NULL;
}
