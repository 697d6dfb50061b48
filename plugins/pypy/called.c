/*
 * Calls from other languages into Python, in threads that Python may never have seen: PyPy takes in
 * any thread by itself, but its limit of recursion is of no use on a stack that is smaller.
 */
#include "called.h"

#include "glue.h"

#include <bask/stack.h>
#include <pypy_embed.h>

#include <stdio.h>

static const struct bask_host *host;

/* Where Python's part of the stack ends it cannot even log that. */
static int
call(void *function, bask_str name, const bask_str *arguments, uint32_t count, bask_str *ret_result)
{
    enum { UNTOLD = -2 }; /* what bask_py_call gives if an exception left it */
    char line[BASK_RPC_NAME + 128];
    int len, err = -1;
    if (bask_stack_left() < PYPY_EMBED_STACK_MIN) {
        len = snprintf(line, sizeof line,
                       "the RPC function %.*s was not called: its thread has less than %zu KiB of "
                       "stack left for Python",
                       BASK_FMT(name), PYPY_EMBED_STACK_MIN >> 10);
    } else {
        err = bask_py_call((uint32_t)(uintptr_t)function, &name, arguments, count, ret_result);
        if (err != UNTOLD)
            return err;
        len = snprintf(line, sizeof line,
                       "the RPC function %.*s: calls lead too deep, or there is no memory left",
                       BASK_FMT(name));
    }
    host->log(BASK_LOG_ERROR, (bask_str){line, (size_t)len});
    return -1;
}

const struct bask_rpc_language *
called_language(const struct bask_host *functions)
{
    static const struct bask_rpc_language language = {
        .size = sizeof language,
        .by_job = 1,
        .name = "Python",
        .call = call,
    };
    host = functions;
    return &language;
}
