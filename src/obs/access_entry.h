/* What is known of a request when its line is written. */
#pragma once

#include "base/str.h"

#include <stdint.h>

enum { BASK_ACCESS_NUMBER = 24 }; /* bytes that a number may need */

/* What few lines show is looked for by name, and only then. Absent: there is none. */
struct bask_access_finder {
    /* A variable of the request: "HTTP_REFERER". `number` has BASK_ACCESS_NUMBER bytes. */
    bask_str (*variable)(const void *request, bask_str name, char *number);
    /* What the application noted. */
    bask_str (*noted)(const void *request, bask_str name);
};

struct bask_access_entry {
    bask_str remote_addr, method, uri, protocol;
    uint64_t status;
    uint64_t variables, variable_bytes;  /* of the request */
    uint64_t header_count, header_bytes; /* of the response */
    uint64_t body_bytes;
    uint64_t request_bytes; /* of its body */
    uint64_t modifier1, modifier2;
    uint64_t read_errors, write_errors;
    int64_t elapsed_us;
    uint64_t requests; /* of this worker so far */
    uint64_t thread;
    int app;          /* which application answered; -1: none */
    bool is_broken;   /* the client left before the end */
    bool by_kernel;   /* a file that the kernel has sent */
    const char *note; /* how it ended, with a space before it; or "" */
    const struct bask_access_finder *finder;
    const void *request; /* for `finder` */
};
