/* The program's own side of the border: values, and C functions that Python calls. */
#include "border.h"
#include "private.h"

#include <stdlib.h>
#include <string.h>

/* Never freed: Python may hold the function for as long as the process lives. */
struct function {
    pypy_embed_function call;
    void *context;
    struct function *next;
};
static _Atomic(struct function *) functions; /* all, so that tools for leaks find them */

struct pypy_embed_value
pypy_embed_none(void)
{
    return (struct pypy_embed_value){.kind = PYPY_EMBED_NONE};
}

struct pypy_embed_value
pypy_embed_bool(int truth)
{
    return (struct pypy_embed_value){.kind = PYPY_EMBED_BOOL, .integer = truth != 0};
}

struct pypy_embed_value
pypy_embed_int(int64_t integer)
{
    return (struct pypy_embed_value){.kind = PYPY_EMBED_INT, .integer = integer};
}

struct pypy_embed_value
pypy_embed_float(double number)
{
    return (struct pypy_embed_value){.kind = PYPY_EMBED_FLOAT, .number = number};
}

struct pypy_embed_value
pypy_embed_bytes(const void *data, size_t len)
{
    return (struct pypy_embed_value){.kind = PYPY_EMBED_BYTES, .data = data, .len = len};
}

struct pypy_embed_value
pypy_embed_str(const char *text)
{
    return (struct pypy_embed_value){.kind = PYPY_EMBED_STR, .data = text, .len = strlen(text)};
}

int
pypy_embed_copy(struct pypy_embed_value *ret_value, enum pypy_embed_kind kind, const void *data,
                size_t len)
{
    char *copy = malloc(len + 1);
    if (!copy)
        return PYPY_EMBED_NOMEM;
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    *ret_value = (struct pypy_embed_value){.kind = kind, .data = copy, .len = len, .owned = copy};
    return 0;
}

void
pypy_embed_clear(struct pypy_embed_value *value)
{
    if (value->kind == PYPY_EMBED_OBJECT)
        return; /* Python's, not ours */
    free(value->owned);
    *value = pypy_embed_none();
}

/* For Python's results. */
int
embed_set_data(struct pypy_embed_value *value, int kind, const char *data, size_t len)
{
    return pypy_embed_copy(value, (enum pypy_embed_kind)kind, data, len);
}

int
embed_call_host(void *function, const struct pypy_embed_value *args, size_t count,
                struct pypy_embed_value *result)
{
    const struct function *registered = function;
    return registered->call(registered->context, args, count, result);
}

int
pypy_embed_register(struct pypy_embed *pypy, const char *name, pypy_embed_function function,
                    void *context, char **ret_error)
{
    int err = guard_enter(pypy, ret_error);
    if (err)
        return err;
    struct function *registered = malloc(sizeof *registered);
    if (!registered)
        return text_error(ret_error, PYPY_EMBED_NOMEM, "out of memory");
    *registered = (struct function){.call = function, .context = context};
    struct embed_call call = {.operation = OP_REGISTER, .name = name, .function = registered};
    err = call_python(&call, ret_error);
    if (err)
        free(registered);
    else
        registered->next = atomic_exchange(&functions, registered);
    return err;
}
