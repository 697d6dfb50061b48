/*
 * A PyPy made of paper: a library with PyPy's symbols, for the unit tests of embed/. What it does
 * is said by environment variables. LACKS_NAME leaves a symbol out; FOR_PYTHON_2 adds one that only
 * PyPy for Python 2 has.
 *
 *   FAKE_STARTUP   what rpython_startup_code returns
 *   FAKE_HOMES     what pypy_setup_home returns, a digit a call; '-' is -1
 *   FAKE_VERSION   sys.hexversion, in hexadecimal
 *   FAKE_MODULE    what pypy_init_embedded_cffi_module returns
 *   FAKE_SET_UP    what the set-up of Python returns
 */
#include "border.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rpython_startup_code(void);
int pypy_setup_home(char *home, int verbose);
void pypy_init_threads(void);
int pypy_init_embedded_cffi_module(int version, void *module);
void *PyPyString_FromString(void);

static long
number(const char *variable, long otherwise, int base)
{
    const char *value = getenv(variable);
    return value && *value ? strtol(value, NULL, base) : otherwise;
}

#ifdef FOR_PYTHON_2
void *
PyPyString_FromString(void)
{
    return NULL;
}
#endif

#ifndef LACKS_STARTUP
int
rpython_startup_code(void)
{
    return (int)number("FAKE_STARTUP", 0, 10);
}
#endif

#ifndef LACKS_SETUP_HOME
int
pypy_setup_home(char *home, int verbose)
{
    static int calls;
    const char *results = getenv("FAKE_HOMES");
    (void)home;
    (void)verbose;
    if (!results || (int)strlen(results) <= calls)
        return 0;
    char result = results[calls++];
    return result == '-' ? -1 : result - '0';
}
#endif

#ifndef LACKS_INIT_THREADS
void
pypy_init_threads(void)
{
}
#endif

/* What the Python half would do, as far as C can tell. */
static int
operate(struct embed_call *call)
{
    if (!call->name)
        return 0;
    if (strcmp(call->name, "raise") == 0) {
        embed_fail(call, "first", 5);
        embed_fail(call, "Traceback", 9);
        return PYPY_EMBED_RAISED;
    }
    if (strcmp(call->name, "mute") == 0)
        return PYPY_EMBED_RAISED;
    if (strcmp(call->name, "text") == 0)
        return embed_set_data(&call->result, PYPY_EMBED_STR, "text", 4);
    if (strcmp(call->name, "host") == 0)
        return embed_call_host(call->function, NULL, 0, &call->result);
    call->result = pypy_embed_int((int64_t)call->count);
    return 0;
}

/* The arguments of the function that is called are in `args`, and its result goes there. */
static void
call_python(const void *function, char *args)
{
    struct embed_call *call;
    (void)function;
    memcpy(&call, args, sizeof call);
    int result = call->operation == 0 ? (int)number("FAKE_SET_UP", 0, 10) : operate(call);
    memcpy(args, &result, sizeof result);
}

#ifndef LACKS_INIT_MODULE
int
pypy_init_embedded_cffi_module(int version, void *module)
{
    struct {
        const char *name;
        void (*init)(const void *p[]);
        const char *code;
    } *given = module;
    const void *exchanged[2] = {(const void *)(intptr_t)0x0A03, NULL};
    (void)version;
    memcpy(&exchanged[1], &(void (*)(const void *, char *)){call_python}, sizeof exchanged[1]);
    given->init(exchanged);
    embed_python_version((uint32_t)number("FAKE_VERSION", 0x03090cf0, 16));
    return (int)number("FAKE_MODULE", 0, 10);
}
#endif
