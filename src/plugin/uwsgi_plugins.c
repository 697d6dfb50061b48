/* A table of names; the first one that matches counts. */
#include "plugin/uwsgi_plugins.h"

#include "base/str.h"

#define PART BASK_UWSGI_PLUGIN_PART
#define NEEDLESS BASK_UWSGI_PLUGIN_NEEDLESS
#define ABSENT BASK_UWSGI_PLUGIN_ABSENT

static const char language[] =
    "what it runs needs a server of its own: PHP-FPM, puma, a CGI gateway or uWSGI itself";
static const char routing[] =
    "there is no internal routing: let the application or a gateway such as nginx do it";
static const char router[] = "put nginx or another gateway in front";
static const char figures[] = "collect what --metric counts and `bask-ctl status` tells";
static const char emperor[] = "start each server by systemd or in a container";
static const char alarm[] = "--alarm can run a command, raise a signal, write a line or send UDP";
static const char logger[] = "log to a file, a socket or syslog";

/* A name that ends in '*' is the beginning of one. */
static const struct {
    const char *name;
    enum bask_uwsgi_plugin kind;
    const char *instead;
} known[] = {
    {"python", PART, NULL},
    {"python2*", PART, NULL}, /* what is python_something may be a plugin of ours */
    {"python3*", PART, NULL},
    {"wsgi", PART, NULL},
    {"http", PART, NULL},
    {"corerouter", PART, NULL},
    {"cache", PART, NULL},
    {"rpc", PART, NULL},
    {"signal", PART, NULL},
    {"spooler", PART, NULL},
    {"ping", PART, NULL},
    {"symcall", NEEDLESS, NULL},
    {"echo", NEEDLESS, NULL},
    {"dummy", NEEDLESS, NULL},
    {"notfound", NEEDLESS, NULL},
    {"clock_*", NEEDLESS, NULL},
    {"dumbloop", NEEDLESS, NULL},
    {"cheaper_backlog2", PART, NULL},
    {"cheaper_busyness", PART, NULL},
    {"logfile", PART, NULL},
    {"logsocket", PART, NULL},
    {"syslog", PART, NULL},
    {"rsyslog", PART, NULL},
    {"logpipe", NEEDLESS, NULL},
    {"logcrypto", NEEDLESS, NULL},
    {"logzmq", ABSENT, logger},
    {"redislog", ABSENT, logger},
    {"mongodblog", ABSENT, logger},
    {"graylog2", ABSENT, logger},
    {"systemd_logger", ABSENT, "systemd takes the log of its services by itself"},
    {"exception_log", NEEDLESS, NULL},
    {"gevent", NEEDLESS, NULL},
    {"greenlet", NEEDLESS, NULL},
    {"asyncio", NEEDLESS, NULL},
    {"tornado", NEEDLESS, NULL},
    {"stackless", NEEDLESS, NULL},
    {"fiber", NEEDLESS, NULL},
    {"ugreen", NEEDLESS, NULL},
    {"stats_pusher_*", NEEDLESS, NULL},
    {"carbon", ABSENT, figures},
    {"zabbix", ABSENT, figures},
    {"rrdtool", ABSENT, figures},
    {"nagios", NEEDLESS, NULL},
    {"router_*", ABSENT, routing},
    {"transformation_*", ABSENT, routing},
    {"geoip", ABSENT, routing},
    {"ssi", ABSENT, routing},
    {"fastrouter", ABSENT, router},
    {"rawrouter", ABSENT, router},
    {"sslrouter", ABSENT, router},
    {"forkptyrouter", ABSENT, router},
    {"tuntap", ABSENT, router},
    {"zergpool", ABSENT, "--reuse-port and an upgrade share sockets"},
    {"emperor_*", ABSENT, emperor},
    {"alarm_*", ABSENT, alarm},
    {"airbrake", ABSENT, alarm},
    {"php*", ABSENT, language},
    {"cgi", ABSENT, language},
    {"psgi*", ABSENT, language},
    {"coroae", ABSENT, language},
    {"rack*", ABSENT, language},
    {"ruby*", ABSENT, language},
    {"rbthreads", ABSENT, language},
    {"mono", ABSENT, language},
    {"v8", ABSENT, language},
    {"gccgo", ABSENT, language},
    {"webdav", ABSENT, language},
};

/* "/usr/lib/uwsgi/python3_plugin.so" is "python3". */
static bask_str
bare(bask_str name)
{
    static const bask_str ending = BASK_STR("_plugin.so");
    size_t begin = name.len;
    while (begin && name.ptr[begin - 1] != '/')
        begin--;
    name = bask_str_n(name.ptr + begin, name.len - begin);
    if (bask_str_ends(name, ending))
        name.len -= ending.len;
    return name;
}

enum bask_uwsgi_plugin
bask_uwsgi_plugin(bask_str name, const char **ret_instead)
{
    name = bare(name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bask_str_fits(name, bask_str_of(known[i].name))) {
            *ret_instead = known[i].instead;
            return known[i].kind;
        }
    return BASK_UWSGI_PLUGIN_NONE;
}
