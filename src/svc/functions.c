/*
 * The table is sorted by name. Its lock is never held while a function runs, so functions may call
 * and define others. A name stays where it is for ever: views of it are handed out.
 */
#include "svc/functions.h"

#include "base/err.h"
#include "obs/log.h"
#include "proto/rpc.h"
#include "svc/private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct function {
    bask_str name;
    const struct bask_rpc_language *language;
    void *function;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct function *functions;
static uint32_t count, room;

/* The application may fork while another of its threads is in here. */
static void
before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void
after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

static int
compare(bask_str a, bask_str b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Where the name is, or would be. With the lock. */
static uint32_t
position(bask_str name, bool *ret_found)
{
    uint32_t low = 0, high = count;
    *ret_found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare(functions[middle].name, name);
        if (order == 0)
            *ret_found = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* With the lock. */
static int
make_room(void)
{
    if (count >= svc_rpc.max)
        return BASK_E_LIMIT;
    if (!functions && pthread_atfork(before_fork, after_fork, after_fork))
        return BASK_E_NOMEM;
    if (count < room)
        return BASK_OK;
    uint32_t more = room ? 2 * room : 16;
    struct function *larger = realloc(functions, more * sizeof *larger);
    if (!larger)
        return BASK_E_NOMEM;
    functions = larger;
    room = more;
    return BASK_OK;
}

static int
add(bask_str name, uint32_t at, struct function function)
{
    int err = make_room();
    if (err)
        return err;
    char *copy = malloc(name.len);
    if (!copy)
        return BASK_E_NOMEM;
    memcpy(copy, name.ptr, name.len);
    function.name = bask_str_n(copy, name.len);
    memmove(functions + at + 1, functions + at, (count - at) * sizeof *functions);
    functions[at] = function;
    count++;
    return BASK_OK;
}

int
svc_functions_define(bask_str name, const struct bask_rpc_language *language, void *function)
{
    if (name.len < 1 || name.len > BASK_RPC_NAME)
        return BASK_E_RANGE;
    int err = BASK_OK;
    bool found;
    pthread_mutex_lock(&lock);
    uint32_t at = position(name, &found);
    if (found) {
        functions[at].language = language;
        functions[at].function = function;
    } else {
        err = add(name, at, (struct function){.language = language, .function = function});
    }
    pthread_mutex_unlock(&lock);
    return err;
}

int
svc_functions_find(bask_str name, const struct bask_rpc_language **ret_language,
                   void **ret_function)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    uint32_t at = name.len ? position(name, &found) : 0;
    if (found) {
        *ret_language = functions[at].language;
        *ret_function = functions[at].function;
    }
    pthread_mutex_unlock(&lock);
    return found ? BASK_OK : BASK_E_NOTFOUND;
}

/* A name as it came from elsewhere, for the log. */
static const char *
printable(bask_str name, char out[BASK_RPC_NAME + 1])
{
    size_t len = name.len < BASK_RPC_NAME ? name.len : BASK_RPC_NAME;
    for (size_t i = 0; i < len; i++)
        out[i] = name.ptr[i] >= ' ' && name.ptr[i] <= '~' ? name.ptr[i] : '?';
    out[len] = '\0';
    return out;
}

int
svc_functions_call(bask_str name, const bask_str *arguments, uint32_t argument_count,
                   bask_str *ret_result)
{
    const struct bask_rpc_language *language;
    void *function;
    char text[BASK_RPC_NAME + 1];
    if (!svc_functions_find(name, &language, &function))
        return language->call(function, name, arguments, argument_count, ret_result);
    bask_log(BASK_LOG_WARN, "the RPC function %s is not registered", printable(name, text));
    return BASK_E_NOTFOUND;
}

int
svc_functions_name(uint32_t n, bask_str *ret_name)
{
    int err = BASK_E_NOTFOUND;
    pthread_mutex_lock(&lock);
    if (n < count) {
        *ret_name = functions[n].name;
        err = BASK_OK;
    }
    pthread_mutex_unlock(&lock);
    return err;
}

bool
bask_functions_are_direct(bask_str name)
{
    const struct bask_rpc_language *language;
    void *function;
    return !svc_functions_find(name, &language, &function) && !language->by_job;
}

int
bask_functions_answer(bask_str name, bask_str items, bask_str *ret_result)
{
    bask_str arguments[BASK_RPC_ARGUMENTS], item;
    char text[BASK_RPC_NAME + 1];
    uint32_t n = 0;
    while (bask_rpc_next(&items, &item) == 1) {
        if (n == BASK_RPC_ARGUMENTS) {
            bask_log(BASK_LOG_WARN, "the RPC function %s was called with more than %d arguments",
                     printable(name, text), BASK_RPC_ARGUMENTS);
            return BASK_E_LIMIT;
        }
        arguments[n++] = item;
    }
    return svc_functions_call(name, arguments, n, ret_result);
}
