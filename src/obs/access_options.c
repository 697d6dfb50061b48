/* The rows of rules for the access log, and what they mean. */
#include "obs/access.h"

#define AT(member) offsetof(struct bask_access_rules, member)

static const struct bask_option rows[] = {
    {"log-4xx", NULL, 0, BASK_OPT_FLAG, AT(client_errors), 0, 0, NULL, NULL,
     "with --disable-logging: a line for each answer with a status 4xx all the same"},
    {"log-5xx", NULL, 0, BASK_OPT_FLAG, AT(server_errors), 0, 0, NULL, NULL,
     "the same for a status 5xx"},
    {"log-slow", NULL, 0, BASK_OPT_INT, AT(slow_ms), 0, INT64_MAX / 1000, "0", "MILLISECONDS",
     "the same for requests that take so long or longer; 0: no"},
    {"log-big", NULL, 0, BASK_OPT_SIZE, AT(big_bytes), 0, INT64_MAX, "0", "BYTES",
     "the same for answers with a body of this size or a larger one; 0: no"},
    {"log-zero", NULL, 0, BASK_OPT_FLAG, AT(zero), 0, 0, NULL, NULL,
     "the same for answers without a body"},
    {"log-sendfile", NULL, 0, BASK_OPT_FLAG, AT(sendfile), 0, 0, NULL, NULL,
     "the same for files that the kernel sends"},
    {"log-ioerror", NULL, 0, BASK_OPT_FLAG, AT(broken), 0, 0, NULL, NULL,
     "the same for clients that leave before the end of their answer"},
};

struct bask_option_table
bask_access_option_table(struct bask_access_rules *values)
{
    return (struct bask_option_table){
        .group = "Access log",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

bool
bask_access_has_rules(const struct bask_access_rules *rules)
{
    return rules->zero || rules->client_errors || rules->server_errors || rules->sendfile ||
           rules->broken || rules->slow_ms || rules->big_bytes;
}

bool
bask_access_is_wanted(const struct bask_access_rules *rules, const struct bask_access_entry *entry)
{
    unsigned hundreds = entry->status / 100;
    return (rules->zero && !entry->body_bytes) || (rules->client_errors && hundreds == 4) ||
           (rules->server_errors && hundreds == 5) || (rules->sendfile && entry->by_kernel) ||
           (rules->broken && entry->is_broken) ||
           (rules->slow_ms && entry->elapsed_us >= rules->slow_ms * 1000) ||
           (rules->big_bytes && entry->body_bytes >= (uint64_t)rules->big_bytes);
}
