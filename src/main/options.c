/* Rows of the process model and of the command line itself. */
#include "main/options.h"

#define PROCESS(member) offsetof(struct bask_main_options, process.member)

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
    {"chdir", NULL, 0, BASK_OPT_STRING, PROCESS(chdir), 0, 0, NULL, "DIR",
     "change to this folder before the application is loaded"},
    {"disable-logging", NULL, 'L', BASK_OPT_FLAG, PROCESS(disable_logging), 0, 0, NULL, NULL,
     "no line for each request"},
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
bask_general_option_table(struct bask_main_options *values)
{
    return (struct bask_option_table){
        .group = "General",
        .rows = general_rows,
        .count = sizeof general_rows / sizeof *general_rows,
        .values = values,
    };
}
