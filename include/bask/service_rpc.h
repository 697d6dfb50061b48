/*
 * The service "rpc": functions by name. Those of this process, in whatever language they are
 * written, and those of other servers, by the uwsgi protocol (modifier 173).
 *
 * A language (the plugin's, a guest's) tells the names of its functions with `define`; the process
 * has one table, and the last to define a name has it. What is defined before a fork workers have.
 *
 * Calls from other servers end up at the functions, too: by jobs (BASK_JOB_CALL) in the plugin's
 * language, where the answer of end_job is the result, and directly in those of guests. No result,
 * or an empty one, tells the caller that there is none.
 */
#pragma once

#include <bask/str.h>

#include <stddef.h>
#include <stdint.h>

enum { BASK_RPC_ARGUMENTS = 254, BASK_RPC_ITEM = 65535, BASK_RPC_NAME = 254 };

/* A language that has functions. */
struct bask_rpc_language {
    uint32_t size;
    uint32_t by_job; /* 1: calls from other servers come as jobs */
    const char *name;
    /* Calls one, in any thread, with any bytes as arguments. 0 and a result, in memory of malloc(3)
     * that is the caller's, or an absent one; -1: it failed, and the log says how. */
    int (*call)(void *function, bask_str name, const bask_str *arguments, uint32_t count,
                bask_str *ret_result);
};

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

    /* `function` is what the language calls it by. BASK_E_RANGE: a name has 1 to 254 bytes;
     * BASK_E_LIMIT: there are `max`; BASK_E_NOMEM. */
    int (*define)(bask_str name, const struct bask_rpc_language *language, void *function);
    /* Whose a function of this process is, and its `function`. BASK_E_NOTFOUND. */
    int (*find)(bask_str name, const struct bask_rpc_language **ret_language, void **ret_function);
    /* Calls a function of this process. As bask_rpc_language.call; BASK_E_NOTFOUND. */
    int (*call_here)(bask_str name, const bask_str *arguments, uint32_t count,
                     bask_str *ret_result);
    /* The same in this process, where `node` is empty, or in the server at `node`. What `call`
     * would have said the log says. For guests. */
    int (*call_at)(bask_str node, bask_str name, const bask_str *arguments, uint32_t count,
                   bask_str *ret_result);
    /* The n-th name; it lasts as long as the process. BASK_E_NOTFOUND at the end. */
    int (*name)(uint32_t n, bask_str *ret_name);
    /* Sends a packet of the uwsgi protocol, whatever it is: its modifiers are modifier1 | modifier2
     * << 8, and it has at most 64 KiB. All that comes back is the caller's until `release`; waits
     * at most `timeout_ms` without progress, 0: --socket-timeout. Errors as in `call`. */
    int (*send)(bask_str node, uint32_t modifiers, bask_str packet, int timeout_ms,
                bask_str *ret_answer, char *error, size_t error_size);
};
