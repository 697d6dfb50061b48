/*
 * What the server offers applications beyond requests: services, and jobs.
 *
 * A service is a struct of functions, one header each (service_NAME.h), that
 * bask_host.service("NAME") returns. Its first member is its size: slots are added at the end only,
 * and a plugin that wants a new one compares first. The functions may be called from any thread of
 * the plugin unless said otherwise.
 *
 * A job is work for an application thread that is no request: next() returned NULL and job() says
 * which. The thread does it and tells the end with end_job(); what is in the job is valid until
 * then. Only a plugin that names a kind in bask_plugin.jobs gets jobs of that kind.
 */
#pragma once

#include <bask/str.h>

#include <stdint.h>

enum bask_job_kind {
    BASK_JOB_SIGNAL = 1, /* a signal came: see service_signal.h */
    BASK_JOB_CALL,       /* a function is called from elsewhere: see service_rpc.h */
};

/* For bask_plugin.jobs. */
#define BASK_JOBS(kind) (1u << (kind))

struct bask_job {
    uint32_t size;   /* of this struct, as the host was built */
    uint32_t kind;   /* enum bask_job_kind */
    uint32_t number; /* SIGNAL: which */
    bask_str name;   /* CALL: of the function, never empty */
    bask_str items;  /* CALL: its arguments, well formed: (u16le n, n bytes)* */
};
