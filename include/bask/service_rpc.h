/*
 * The service "rpc": functions of other servers, by the uwsgi protocol (modifier 173).
 *
 * Functions of its own a plugin keeps itself. Others reach them by jobs (BASK_JOB_CALL): the answer
 * of end_job is the result; none, or an empty one, tells the caller that there is none.
 */
#pragma once

#include <bask/str.h>

#include <stddef.h>
#include <stdint.h>

enum { BASK_RPC_ARGUMENTS = 254, BASK_RPC_ITEM = 65535 };

struct bask_service_rpc {
    uint32_t size;
    uint32_t max; /* functions that a plugin may have: --rpc-max */

    /* Calls a function of the server at `node` ("host:port", "/path"). `items` is its name and its
     * arguments, each as (u16le n, n bytes). Blocks, at most for --socket-timeout without progress.
     * 0 and a result, which is the caller's until `release`; else a bask_err, and `error` has one
     * sentence: BASK_E_NOTFOUND there is no such node, BASK_E_LIMIT items or result are too large,
     * BASK_E_CLOSED no function or no result, BASK_E_TIMEOUT, BASK_E_SYNTAX no answer of this
     * protocol, BASK_E_SYSTEM. */
    int (*call)(bask_str node, bask_str items, bask_str *ret_result, char *error,
                size_t error_size);
    void (*release)(bask_str result);
};
