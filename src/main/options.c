/* Rows of the process model and of the command line itself. */
#include "main/options.h"

#define PROCESS(member) offsetof(struct bask_main_options, process.member)
#define SERVICE(member) offsetof(struct bask_main_options, service.member)

static const struct bask_option process_rows[] = {
    {"master", NULL, 'M', BASK_OPT_FLAG, PROCESS(master), 0, 0, NULL, NULL,
     "run a master that supervises the workers"},
    {"processes", "workers", 'p', BASK_OPT_INT, PROCESS(workers), 1, 1024, "1", "N",
     "worker processes; more than one implies --master"},
    {"threads", NULL, 0, BASK_OPT_INT, PROCESS(threads), 1, 1024, "1", "N",
     "application threads in each worker"},
    {"enable-threads", NULL, 'T', BASK_OPT_FLAG, PROCESS(enable_threads), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: threads of the application always work"},
    {"lazy-apps", NULL, 0, BASK_OPT_FLAG, PROCESS(lazy_apps), 0, 0, NULL, NULL,
     "load the application in each worker instead of once before they are forked"},
    {"ready-timeout", NULL, 0, BASK_OPT_DURATION, PROCESS(ready_timeout_ms), 0, 86400000, "300",
     "SECONDS", "a version that is not loaded and ready by then is given up; 0: no limit"},
    {"need-app", NULL, 0, BASK_OPT_FLAG, PROCESS(need_app), 0, 0, "true", NULL,
     "refuse to start without an application (exit status 22)"},
    {"disable-logging", NULL, 'L', BASK_OPT_FLAG, PROCESS(disable_logging), 0, 0, NULL, NULL,
     "no line for each request"},
};

static const struct bask_option service_rows[] = {
    {"daemonize", NULL, 'd', BASK_OPT_STRING, SERVICE(daemonize), 0, 0, NULL, "FILE|HOST:PORT",
     "run in the background and log to this file or UDP address; the command ends when it serves"},
    {"daemonize2", NULL, 0, BASK_OPT_STRING, SERVICE(daemonize2), 0, 0, NULL, "FILE|HOST:PORT",
     "the same, but the log stays where it is until the application is loaded"},
    {"logto", NULL, 0, BASK_OPT_STRING, SERVICE(logto), 0, 0, NULL, "FILE|HOST:PORT",
     "log to this file or UDP address"},
    {"logto2", NULL, 0, BASK_OPT_STRING, SERVICE(logto2), 0, 0, NULL, "FILE|HOST:PORT",
     "the same, once privileges are dropped: the file belongs to --uid"},
    {"pidfile", NULL, 0, BASK_OPT_STRING, SERVICE(pidfile), 0, 0, NULL, "FILE",
     "write the process id of the master here, before privileges are dropped"},
    {"pidfile2", NULL, 0, BASK_OPT_STRING, SERVICE(pidfile2), 0, 0, NULL, "FILE",
     "the same, once privileges are dropped"},
    {"safe-pidfile", NULL, 0, BASK_OPT_STRING, SERVICE(safe_pidfile), 0, 0, NULL, "FILE",
     "as --pidfile, but refuse to start if the file names another Bask that runs"},
    {"safe-pidfile2", NULL, 0, BASK_OPT_STRING, SERVICE(safe_pidfile2), 0, 0, NULL, "FILE",
     "the same, once privileges are dropped"},
    {"vacuum", NULL, 0, BASK_OPT_FLAG, SERVICE(vacuum), 0, 0, "true", NULL,
     "remove unix sockets and pidfiles at the end"},
    {"reload", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "PIDFILE",
     "tell the server with this pidfile to reload, and exit"},
    {"stop", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "PIDFILE",
     "tell the server with this pidfile to stop, and exit"},
    {"pause", "suspend resume", 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "PIDFILE",
     "tell the server with this pidfile to pause or to go on, and exit"},
};

static const struct bask_option general_rows[] = {
    {"plugin", "plugins need-plugin", 0, BASK_OPT_LIST, offsetof(struct bask_main_options, plugins),
     0, 0, NULL, "NAME|FILE", "the application host: pypy, null, or the path of a shared object"},
    {"help", NULL, 'h', BASK_OPT_ACTION, 0, 0, 0, NULL, "[GROUP]",
     "show the options, or those of one group, and exit"},
    {"help-list", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, NULL,
     "show the names of all options, one a line, and exit"},
    {"help-markdown", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, NULL,
     "show the reference of all options as Markdown and exit"},
    {"version", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, NULL, "show the version and exit"},
};

struct bask_option_table
bask_process_option_table(struct bask_main_options *values)
{
    return (struct bask_option_table){
        .group = "Processes",
        .rows = process_rows,
        .count = sizeof process_rows / sizeof *process_rows,
        .values = values,
    };
}

struct bask_option_table
bask_service_option_table(struct bask_main_options *values)
{
    return (struct bask_option_table){
        .group = "Service",
        .rows = service_rows,
        .count = sizeof service_rows / sizeof *service_rows,
        .values = values,
    };
}

struct bask_option_table
bask_general_option_table(struct bask_main_options *values)
{
    return (struct bask_option_table){
        .group = "General",
        .rows = general_rows,
        .count = sizeof general_rows / sizeof *general_rows,
        .values = values,
    };
}
