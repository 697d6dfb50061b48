/* The rows of loggers. */
#include "logs/logs.h"

#define AT(member) offsetof(struct bask_logs_options, member)
#define ENCODER "\"ENCODER[:NAME] [ARGUMENT]\""
#define LISTED(name, aliases, member, argument, help)                                              \
    {                                                                                              \
        name, aliases, 0, BASK_OPT_LIST, AT(member), 0, 0, NULL, argument, help, "master",         \
            BASK_OPT_FIXED                                                                         \
    }

static const struct bask_option rows[] = {
    LISTED("logger", NULL, loggers, "\"[NAME ]KIND[:ARGUMENT]\"",
           "all lines go there: file, fd, stdio, socket, syslog, rsyslog, pipe or systemd"),
    LISTED("req-logger", "logger-req", request_loggers, "\"[NAME ]KIND[:ARGUMENT]\"",
           "lines about requests go there instead of beside the others"),
    LISTED("log-socket", NULL, sockets, "ADDRESS", "the same as --logger socket:ADDRESS"),
    {"log-syslog", NULL, 0, BASK_OPT_STRING, AT(syslog), 0, 0, NULL, "[IDENT[,FACILITY]]",
     "the same as --logger syslog:IDENT,FACILITY", "master", BASK_OPT_FIXED},
    {"logger-list", "loggers-list", 0, BASK_OPT_FLAG, AT(list), 0, 0, NULL, NULL,
     "log at the start what kinds of loggers there are", .flags = BASK_OPT_FIXED},
    LISTED("log-route", NULL, routes, "\"NAME REGEXP\"",
           "lines that match go to the loggers of this name, and to no other"),
    LISTED("log-req-route", NULL, request_routes, "\"NAME REGEXP\"",
           "the same for lines about requests that have loggers of their own"),
    LISTED("log-filter", NULL, filters, "REGEXP", "only lines that match one of these are logged"),
    LISTED("log-drain", NULL, drains, "REGEXP", "lines that match are not logged"),
    LISTED("log-encoder", NULL, encoders, ENCODER,
           "what becomes of a line, in order: prefix, suffix, nl, format or json"),
    LISTED("log-req-encoder", NULL, request_encoders, ENCODER,
           "the same for lines about requests that have loggers of their own"),
};

struct bask_option_table
bask_logs_option_table(struct bask_logs_options *values)
{
    return (struct bask_option_table){
        .group = "Loggers",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}
