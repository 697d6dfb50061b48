/* Rows of the process model and of the command line itself. */
#include "main/options.h"

#define PROCESS(member) offsetof(struct bask_main_options, process.member)
#define SERVICE(member) offsetof(struct bask_main_options, service.member)

static const struct bask_option process_rows[] = {
    {"master", NULL, 'M', BASK_OPT_FLAG, PROCESS(master), 0, 0, NULL, NULL,
     "run a master that supervises the workers", .flags = BASK_OPT_FIXED},
    {"processes", "workers", 'p', BASK_OPT_INT, PROCESS(workers), 1, 1024, "1", "N",
     "worker processes, or auto: one a CPU; more than one implies --master",
     .flags = BASK_OPT_FIXED | BASK_OPT_CPUS},
    {"threads", NULL, 0, BASK_OPT_INT, PROCESS(threads), 1, 1024, "1", "N",
     "application threads in each worker", .flags = BASK_OPT_FIXED},
    {"thread-stacksize", "threads-stacksize thread-stack-size threads-stack-size", 0, BASK_OPT_INT,
     PROCESS(thread_stack_kib), 0, 1 << 20, "0", "KILOBYTES",
     "stack of each application thread; fewer than the usual 8192 count as so many, for PyPy"},
    {"enable-threads", NULL, 'T', BASK_OPT_FLAG, PROCESS(enable_threads), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: threads of the application always work"},
    {"async", NULL, 0, BASK_OPT_INT, PROCESS(async), 0, 1 << 20, "1", "N",
     "accepted for uWSGI's sake if it is 1: there are no cores but threads"},
    {"lazy-apps", NULL, 0, BASK_OPT_FLAG, PROCESS(lazy_apps), 0, 0, NULL, NULL,
     "load the application in each worker instead of once before they are forked"},
    {"ready-timeout", NULL, 0, BASK_OPT_DURATION, PROCESS(ready_timeout_ms), 0, 86400000, "300",
     "SECONDS", "a version that is not loaded and ready by then is given up; 0: no limit",
     .flags = BASK_OPT_FIXED},
    {"need-app", NULL, 0, BASK_OPT_FLAG, PROCESS(need_app), 0, 0, "true", NULL,
     "refuse to start without an application (exit status 22)"},
    {"max-apps", NULL, 0, BASK_OPT_INT, PROCESS(max_apps), 1, 4096, "64", "N",
     "applications that a process may have", .flags = BASK_OPT_FIXED},
    {"cpu-affinity", NULL, 0, BASK_OPT_INT, PROCESS(cpu_affinity), 0, 1024, "0", "N",
     "keep each worker to N CPUs of its own, as far as there are; 0: no"},
    {"worker-exec", "worker-exec2", 0, BASK_OPT_STRING, PROCESS(worker_exec), 0, 0, NULL, "COMMAND",
     "workers are this program: the first socket is its standard input, all have LISTEN_FDS",
     .flags = BASK_OPT_FIXED},
    {"disable-logging", NULL, 'L', BASK_OPT_FLAG, PROCESS(disable_logging), 0, 0, NULL, NULL,
     "no line for each request"},
};

static const struct bask_option service_rows[] = {
    {"daemonize", NULL, 'd', BASK_OPT_STRING, SERVICE(daemonize), 0, 0, NULL, "FILE|HOST:PORT",
     "run in the background and log to this file or UDP address; the command ends when it serves",
     .flags = BASK_OPT_FIXED},
    {"daemonize2", NULL, 0, BASK_OPT_STRING, SERVICE(daemonize2), 0, 0, NULL, "FILE|HOST:PORT",
     "the same, but the log stays where it is until the application is loaded",
     .flags = BASK_OPT_FIXED},
    {"logto", NULL, 0, BASK_OPT_STRING, SERVICE(logto), 0, 0, NULL, "FILE|HOST:PORT",
     "log to this file or UDP address", .flags = BASK_OPT_FIXED},
    {"logto2", NULL, 0, BASK_OPT_STRING, SERVICE(logto2), 0, 0, NULL, "FILE|HOST:PORT",
     "the same, once privileges are dropped: the file belongs to --uid", .flags = BASK_OPT_FIXED},
    {"pidfile", NULL, 0, BASK_OPT_STRING, SERVICE(pidfile), 0, 0, NULL, "FILE",
     "write the process id of the master here, before privileges are dropped",
     .flags = BASK_OPT_FIXED},
    {"pidfile2", NULL, 0, BASK_OPT_STRING, SERVICE(pidfile2), 0, 0, NULL, "FILE",
     "the same, once privileges are dropped", .flags = BASK_OPT_FIXED},
    {"safe-pidfile", NULL, 0, BASK_OPT_STRING, SERVICE(safe_pidfile), 0, 0, NULL, "FILE",
     "as --pidfile, but refuse to start if the file names another Bask that runs",
     .flags = BASK_OPT_FIXED},
    {"safe-pidfile2", NULL, 0, BASK_OPT_STRING, SERVICE(safe_pidfile2), 0, 0, NULL, "FILE",
     "the same, once privileges are dropped", .flags = BASK_OPT_FIXED},
    {"vacuum", NULL, 0, BASK_OPT_FLAG, SERVICE(vacuum), 0, 0, "true", NULL,
     "remove unix sockets and pidfiles at the end", .flags = BASK_OPT_FIXED},
    {"reload", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "PIDFILE",
     "tell the server with this pidfile to reload, and exit"},
    {"stop", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "PIDFILE",
     "tell the server with this pidfile to stop, and exit"},
    {"pause", "suspend resume", 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "PIDFILE",
     "tell the server with this pidfile to pause or to go on, and exit"},
    {"signal", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "ADDRESS,SIGNAL",
     "raise this signal of the application in the server with this uwsgi socket, and exit"},
    {"ping", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "ADDRESS",
     "ask the server with this uwsgi socket how it is, and exit: 0 well, 1 no answer, 2 it warns"},
    {"nagios", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, NULL,
     "ask the first --socket how it is, in Nagios's way: 0 well, 1 it warns, 2 no answer, 3 no "
     "address"},
    {"ping-timeout", NULL, 0, BASK_OPT_DURATION,
     offsetof(struct bask_main_options, ping_timeout_ms), 0, 86400000, "3", "SECONDS",
     "how long --ping, --nagios and --signal wait; 0: 3 s"},
};

static const struct bask_option general_rows[] = {
    {"plugin", "plugins", 0, BASK_OPT_LIST, offsetof(struct bask_main_options, plugins), 0, 0, NULL,
     "NAME|FILE",
     "the application host (pypy, null), languages beside it (lua, jvm), or shared objects",
     .flags = BASK_OPT_AT_ONCE},
    {"need-plugin", "need-plugins", 0, BASK_OPT_LIST,
     offsetof(struct bask_main_options, needed_plugins), 0, 0, NULL, "NAME|FILE",
     "the same, but one that is not there ends the start", .flags = BASK_OPT_AT_ONCE},
    {"plugins-dir", "plugin-dir", 0, BASK_OPT_LIST,
     offsetof(struct bask_main_options, plugin_folders), 0, 0, NULL, "FOLDER",
     "look here for NAME_plugin.so if --plugin names what is not built in",
     .flags = BASK_OPT_AT_ONCE},
    {"plugins-list", "plugin-list", 0, BASK_OPT_FLAG,
     offsetof(struct bask_main_options, plugins_list), 0, 0, NULL, NULL,
     "log the plugins that are built in or loaded"},
    {"help", NULL, 'h', BASK_OPT_ACTION, 0, 0, 0, NULL, "[GROUP]",
     "show the options, or those of one group, and exit"},
    {"help-list", "dump-options", 0, BASK_OPT_ACTION, 0, 0, 0, NULL, NULL,
     "show the names of all options, one a line, and exit"},
    {"help-markdown", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, NULL,
     "show the reference of all options as Markdown and exit"},
    {"show-config", NULL, 0, BASK_OPT_FLAG, offsetof(struct bask_main_options, show_config), 0, 0,
     NULL, NULL, "write the configuration to the standard output as an ini file, then go on"},
    {"get", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "NAME",
     "show the value of an option or a placeholder and exit"},
    {"print-sym", "print-symbol", 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "NAME",
     "show a text that is embedded in this program, such as pypy_setup, and exit"},
    {"build-plugin", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, "FOLDER",
     "build the plugin in this folder, or of this source, as NAME_plugin.so here, and exit"},
    {"dot-h", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, NULL,
     "show the headers that plugins see, as one, and exit"},
    {"cflags", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, NULL,
     "show the flags that plugins in C are compiled with and exit"},
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
