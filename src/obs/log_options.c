/* The rows of the log's file. */
#include "obs/log_options.h"

#include "base/err.h"

#define AT(member) offsetof(struct bask_log_options, member)

static const struct bask_option rows[] = {
    {"log-maxsize", NULL, 0, BASK_OPT_SIZE, AT(max_bytes), 0, INT64_MAX, "0", "BYTES",
     "begin a new file of --logto or --daemonize when it is larger than this; 0: never",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"log-backupname", NULL, 0, BASK_OPT_STRING, AT(backup_name), 0, 0, NULL, "FILE",
     "the name that the old file gets, in the place of one that has it, instead of NAME.TIME",
     .flags = BASK_OPT_FIXED},
    {"log-truncate", NULL, 0, BASK_OPT_FLAG, AT(truncate), 0, 0, NULL, NULL,
     "the file of the log is empty at the start of the server", .flags = BASK_OPT_FIXED},
    {"log-reopen", NULL, 0, BASK_OPT_FLAG, AT(reopen), 0, 0, NULL, NULL,
     "a reload opens the file of the log again, after something has moved it",
     .flags = BASK_OPT_FIXED},
    {"logfile-chmod", NULL, 0, BASK_OPT_STRING, AT(chmod), 0, 0, NULL, "MODE",
     "permissions of the file of the log, in octal", .flags = BASK_OPT_FIXED},
    {"log-master", NULL, 0, BASK_OPT_FLAG, AT(by_master), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: each process writes whole lines itself; see --logger",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"threaded-logger", NULL, 0, BASK_OPT_FLAG, AT(threaded), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: loggers have a process of their own", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"log-master-bufsize", NULL, 0, BASK_OPT_SIZE, AT(longest), 0, INT64_MAX, "8192", "BYTES",
     "accepted for uWSGI's sake: loggers take lines of up to 64 KiB", .flags = BASK_OPT_FIXED},
    {"log-master-stream", NULL, 0, BASK_OPT_FLAG, AT(stream), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: loggers get lines out of a pipe", .flags = BASK_OPT_FIXED},
    {"log-master-req-stream", NULL, 0, BASK_OPT_FLAG, AT(request_stream), 0, 0, NULL, NULL,
     "the same for those of --req-logger", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_log_option_table(struct bask_log_options *values)
{
    return (struct bask_option_table){
        .group = "Log",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

int
bask_log_mode(const struct bask_log_options *options, unsigned *ret_mode)
{
    bask_str text = options->chmod;
    unsigned mode = 0;
    if (text.ptr && (!text.len || text.len > 4))
        return BASK_E_SYNTAX;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7')
            return BASK_E_SYNTAX;
        mode = mode * 8 + (unsigned)(text.ptr[i] - '0');
    }
    if (text.ptr && (mode > 0777 || !(mode & 0200)))
        return BASK_E_SYNTAX;
    *ret_mode = mode;
    return BASK_OK;
}
