/* The rows; each says why there is nothing to do. */
#include "main/accepted.h"

#include <stddef.h>

#define FLAG(name, aliases, why)                                                                   \
    {                                                                                              \
        name, aliases, 0, BASK_OPT_FLAG, offsetof(struct bask_accepted_options, flag), 0, 0, NULL, \
            NULL, "accepted for uWSGI's sake: " why                                                \
    }
#define NUMBER(name, aliases, short_name, argument, why)                                           \
    {                                                                                              \
        name, aliases, short_name, BASK_OPT_INT, offsetof(struct bask_accepted_options, number),   \
            0, INT64_MAX, NULL, argument, "accepted for uWSGI's sake: " why                        \
    }
#define TEXT(name, argument, why)                                                                  \
    {                                                                                              \
        name, NULL, 0, BASK_OPT_STRING, offsetof(struct bask_accepted_options, text), 0, 0, NULL,  \
            argument, "accepted for uWSGI's sake: " why                                            \
    }

static const struct bask_option rows[] = {
    FLAG("close-on-exec", "close-on-exec2",
         "connections and sockets are never left to programs that are executed"),
    FLAG("http-auto-chunked", NULL, "answers of unknown length are chunked in HTTP/1.1 anyway"),
    FLAG("http-cheap", NULL, "there is no router process that could wait for work"),
    TEXT("http-quiet", "BOOL", "there is no router that could fail to reach a worker"),
    NUMBER("http-processes", "http-workers", 0, "N", "--processes serve HTTP themselves"),
    NUMBER("http-connect-timeout", NULL, 0, "SECONDS", "no router has to connect to a worker"),
    NUMBER("http-gracetime", NULL, 0, "SECONDS", "no router gives a worker up"),
    NUMBER("http-harakiri", NULL, 0, "SECONDS", "there is no router process that could hang"),
    NUMBER("http-events", NULL, 0, "N", "how many events a wait may bring is the server's to know"),
    NUMBER("http-buffer-size", NULL, 0, "BYTES", "buffers grow as they have to"),
    NUMBER("max-vars", NULL, 'v', "N", "room for variables is made; --limit-request-fields counts"),
    NUMBER("body-read-warning", NULL, 0, "MEGABYTES",
           "bodies are in memory up to --post-buffering, and in a file beyond it"),
    NUMBER("backtrace-depth", NULL, 0, "N", "what a crash tells has no depth to be set"),
    NUMBER("heartbeat", NULL, 0, "SECONDS", "there is no emperor to be told"),
    FLAG("skip-zero", NULL, "descriptor 0 is seen to anyway"),
    FLAG("use-abort", NULL, "a crash ends by its signal, which leaves a core where one is wanted"),
    FLAG("persistent-ipcsem", NULL, "locks are in memory and leave nothing in the system"),
    TEXT("ftok", "FILE", "locks are in memory and need no key"),
    TEXT("lock-engine", "NAME", "there is one kind of lock, in shared memory"),
};

struct bask_option_table
bask_accepted_option_table(struct bask_accepted_options *values)
{
    return (struct bask_option_table){
        .group = "Accepted for uWSGI's sake",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}
