/* Rows of what clients are allowed, and what follows from them together. */
#include "net/net.h"

#include "base/err.h"

#define AT(member) offsetof(struct bask_client_limits, member)

enum { KEEPALIVE_ON = 1, KEEPALIVE_ON_MS = 1000, DAY_MS = 86400000 };
static const int64_t never_ms = 36500LL * DAY_MS; /* deadlines can be counted with it */

static const struct bask_option rows[] = {
    {"limit-request-line", NULL, 0, BASK_OPT_SIZE, AT(line_bytes), 0, 1 << 20, "8k", "BYTES",
     "the longest request line, 0 for no limit but buffer-size; a longer one gets 414"},
    {"limit-request-fields", NULL, 0, BASK_OPT_INT, AT(fields), 1, 128, "128", "N",
     "the most header fields of a request, at most 128; with more it gets 431"},
    {"http-keepalive", NULL, 0, BASK_OPT_DURATION, AT(keepalive), 0, DAY_MS, "1", "[SECONDS]",
     "0: close each connection after its answer; more than 1: http-keepalive-timeout"},
    {"http-keepalive-requests", NULL, 0, BASK_OPT_INT, AT(requests), 0, INT64_MAX, "0", "N",
     "close a connection after so many requests, 0 for no limit"},
    {"min-body-rate", NULL, 0, BASK_OPT_SIZE, AT(body_rate), 0, 1 << 30, "240", "BYTES",
     "give up on a request body that is waited for and brings less a second, 0 for no limit"},
    {"min-response-rate", NULL, 0, BASK_OPT_SIZE, AT(response_rate), 0, 1 << 30, "240", "BYTES",
     "cut off a client that is waited for and takes less of its answer a second, 0 for no limit"},
    {"max-connections", "worker-connections", 0, BASK_OPT_INT, AT(connections), 0, 1 << 30, "0",
     "N", "connections a worker has at once; 0: seven eighths of the descriptors it may have"},
    {"max-connections-per-address", NULL, 0, BASK_OPT_INT, AT(of_address), 0, 1 << 30, "0", "N",
     "connections an address has with a worker at once, more are closed, 0 for no limit; a "
     "--trusted-proxy has none"},
};

struct bask_option_table
bask_client_limits_option_table(struct bask_client_limits *values)
{
    return (struct bask_option_table){
        .group = "Limits for clients",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

/* No limit is one that nobody reaches: requests need not ask whether there is one. */
static void
settle(int64_t *limit)
{
    if (*limit == 0)
        *limit = INT64_MAX;
}

/* As in uWSGI the word alone, or 1, says no more than that connections are kept. */
void
bask_net_options_settle(struct bask_net_options *options)
{
    struct bask_client_limits *clients = &options->clients;
    int64_t keepalive = clients->keepalive;
    settle(&clients->line_bytes);
    settle(&clients->fields);
    settle(&clients->requests);
    if (keepalive == 0 || options->fields.closes)
        clients->requests = 1;
    if (keepalive > KEEPALIVE_ON && keepalive != KEEPALIVE_ON_MS)
        options->idle_ms = keepalive;
    if (options->idle_ms == 0)
        options->idle_ms = never_ms;
}
