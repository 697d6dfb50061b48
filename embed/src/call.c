/* Calls into Python: one operation each, described by a struct embed_call that Python reads. */
#include "border.h"
#include "private.h"

#include <stdlib.h>
#include <string.h>

/* The traceback, or what went wrong in place of one. */
void
embed_fail(struct embed_call *call, const char *text, size_t len)
{
    text_free(call->error);
    text_error(&call->error, 0, "%.*s", (int)len, text);
}

/* Asks the Python half; result and error are the caller's then. */
int
call_python(struct embed_call *call, char **ret_error)
{
    int err = embed_enter(call);
    char *error = call->error;
    call->error = NULL;
    if (err && !error)
        text_error(&error, err, "PyPy could not report what went wrong");
    if (err && ret_error)
        *ret_error = error;
    else
        text_free(error);
    return err;
}

/* The same for those whose result the user may want. */
static int
call_for_result(struct pypy_embed *pypy, struct embed_call *call,
                struct pypy_embed_value *ret_result, char **ret_error)
{
    int err = guard_enter(pypy, ret_error);
    if (err)
        return err;
    err = call_python(call, ret_error);
    if (ret_result && (!err || err == PYPY_EMBED_EXITED)) {
        *ret_result = call->result;
    } else {
        pypy_embed_release(pypy, &call->result);
        pypy_embed_clear(&call->result);
    }
    return err;
}

int
pypy_embed_exec(struct pypy_embed *pypy, const char *source, const char *name,
                struct pypy_embed_value *ret_result, char **ret_error)
{
    struct embed_call call = {
        .operation = OP_EXEC, .name = name ? name : "<embedded>", .text = source};
    return call_for_result(pypy, &call, ret_result, ret_error);
}

int
pypy_embed_exec_file(struct pypy_embed *pypy, const char *path, struct pypy_embed_value *ret_result,
                     char **ret_error)
{
    struct embed_call call = {.operation = OP_EXEC_FILE, .name = path};
    return call_for_result(pypy, &call, ret_result, ret_error);
}

int
pypy_embed_eval(struct pypy_embed *pypy, const char *expression,
                struct pypy_embed_value *ret_result, char **ret_error)
{
    struct embed_call call = {.operation = OP_EVAL, .text = expression};
    return call_for_result(pypy, &call, ret_result, ret_error);
}

int
pypy_embed_import(struct pypy_embed *pypy, const char *module, struct pypy_embed_value *ret_result,
                  char **ret_error)
{
    struct embed_call call = {.operation = OP_IMPORT, .name = module};
    return call_for_result(pypy, &call, ret_result, ret_error);
}

int
pypy_embed_call(struct pypy_embed *pypy, const char *name, const struct pypy_embed_value *args,
                size_t count, struct pypy_embed_value *ret_result, char **ret_error)
{
    struct embed_call call = {.operation = OP_CALL, .name = name, .args = args, .count = count};
    return call_for_result(pypy, &call, ret_result, ret_error);
}

int
pypy_embed_call_object(struct pypy_embed *pypy, const struct pypy_embed_value *object,
                       const char *method, const struct pypy_embed_value *args, size_t count,
                       struct pypy_embed_value *ret_result, char **ret_error)
{
    struct embed_call call = {
        .operation = OP_CALL_OBJECT,
        .name = method,
        .object = object,
        .args = args,
        .count = count,
    };
    return call_for_result(pypy, &call, ret_result, ret_error);
}

void
pypy_embed_release(struct pypy_embed *pypy, struct pypy_embed_value *object)
{
    if (object->kind != PYPY_EMBED_OBJECT)
        return;
    struct embed_call call = {.operation = OP_RELEASE, .object = object};
    if (!guard_enter(pypy, NULL))
        call_python(&call, NULL);
    *object = pypy_embed_none();
}

pid_t
pypy_embed_fork(struct pypy_embed *pypy, char **ret_error)
{
    struct embed_call call = {.operation = OP_FORK};
    int err = guard_enter(pypy, ret_error);
    if (!err)
        err = guard_process(ret_error);
    if (!err)
        err = call_python(&call, ret_error);
    return err ? err : (pid_t)call.result.integer;
}

int
pypy_embed_check_signals(struct pypy_embed *pypy, char **ret_error)
{
    struct embed_call call = {.operation = OP_CHECK_SIGNALS};
    return call_for_result(pypy, &call, NULL, ret_error);
}

int
pypy_embed_end(struct pypy_embed *pypy, char **ret_error)
{
    struct embed_call call = {.operation = OP_END};
    int err = call_for_result(pypy, &call, NULL, ret_error);
    if (!err)
        pypy->step = ENDED;
    return err;
}
