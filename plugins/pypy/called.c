/*
 * Calls from other languages into Python, in threads that Python may never have seen: PyPy takes in
 * any thread by itself, but its limit of recursion is of no use on a stack that is smaller.
 */
#include "called.h"

#include "glue.h"

#include <pypy_embed.h>

#include <pthread.h>
#include <stdio.h>

static const struct bask_host *host;

/* The lowest address of the calling thread's stack; NULL if that cannot be told. */
static const char *
stack_low(void)
{
    static _Thread_local void *low;
    pthread_attr_t attributes;
    size_t size;
    if (low || pthread_getattr_np(pthread_self(), &attributes))
        return low;
    if (pthread_attr_getstack(&attributes, &low, &size))
        low = NULL;
    pthread_attr_destroy(&attributes);
    return low;
}

static bool
has_stack(void)
{
    const char *low = stack_low(), *here = (const char *)__builtin_frame_address(0);
    return !low || (size_t)(here - low) >= PYPY_EMBED_STACK_MIN;
}

static int
call(void *function, bask_str name, const bask_str *arguments, uint32_t count, bask_str *ret_result)
{
    if (has_stack())
        return bask_py_call((uint32_t)(uintptr_t)function, &name, arguments, count, ret_result);
    char line[BASK_RPC_NAME + 128];
    int len = snprintf(line, sizeof line,
                       "the RPC function %.*s was not called: its thread has less than %zu KiB of "
                       "stack left for Python",
                       BASK_FMT(name), PYPY_EMBED_STACK_MIN >> 10);
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
