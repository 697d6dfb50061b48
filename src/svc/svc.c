/* The services by name, and their options. */
#include "svc/private.h"

#include <stddef.h>
#include <string.h>

static const struct bask_shared nothing;

struct bask_svc_setup svc;
const struct bask_shared *svc_shared = &nothing;

static const struct {
    const char *name;
    const void *functions;
} services[] = {
    {"aide", &svc_aide_functions}, {"lock", &svc_lock}, {"mule", &svc_mule},
    {"process", &svc_process},     {"rpc", &svc_rpc},   {"signal", &svc_signal},
    {"spool", &svc_spool},
};

static const struct bask_option rows[] = {
    {"rpc-max", NULL, 0, BASK_OPT_INT, offsetof(struct bask_svc_options, rpc_max), 1, 65536, "64",
     "N", "functions that an application may register for RPC"},
};

struct bask_option_table
bask_svc_option_table(struct bask_svc_options *values)
{
    return (struct bask_option_table){
        .group = "Services",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

void
bask_svc_set_up(const struct bask_svc_setup *setup)
{
    svc = *setup;
    svc_shared = setup->shared ? setup->shared : &nothing;
    svc_lock.count = bask_locks_count(svc_shared->locks);
    svc_rpc.max = (uint32_t)setup->options->rpc_max;
}

const void *
bask_svc_find(const char *name)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (strcmp(services[i].name, name) == 0)
            return services[i].functions;
    return NULL;
}
