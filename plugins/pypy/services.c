/* The services as Python calls them: functions with pointers and lengths. */
#include "services.h"

#include <bask/service_rpc.h>

static const struct bask_host *host;
static const struct bask_service_rpc *rpc;

void
services_init(const struct bask_host *functions)
{
    host = functions;
    rpc = host->service("rpc");
}

const struct bask_job *
glue_job(struct bask_thread *thread)
{
    return host->job(thread);
}

void
glue_end_job(const struct bask_job *job, int failed, const char *answer, size_t len)
{
    host->end_job(job, failed, (bask_str){answer, len});
}

uint32_t
glue_rpc_max(void)
{
    return rpc->max;
}

int
glue_rpc_call(const char *node, size_t node_len, const char *items, size_t items_len,
              bask_str *ret_result, char *error, size_t error_size)
{
    return rpc->call((bask_str){node, node_len}, (bask_str){items, items_len}, ret_result, error,
                     error_size);
}

void
glue_rpc_release(const bask_str *result)
{
    rpc->release(*result);
}
