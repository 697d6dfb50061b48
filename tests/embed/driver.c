/*
 * Does with the embedding library what its command line says, step by step, and prints what came of
 * it: "kind value", or "error CODE" and the text. Also a library whose `drive` a stock pypy3 calls.
 *
 * usage: driver [NAME=VALUE of the configuration]... [STEP ARGUMENT]...
 */
#include <pypy_embed.h>

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int drive(int argc, char **argv);

static struct pypy_embed *pypy;
static const char *homes[8];
static const char *argv_of_python[] = {"program", "-x", NULL};
static struct pypy_embed_config config = {.argc = 2, .argv = argv_of_python};
static size_t stack_kib = PYPY_EMBED_STACK >> 10;

static void
print_value(struct pypy_embed_value *value)
{
    static const char *const kinds[] = {"none", "bool", "int", "float", "bytes", "str", "object"};
    printf("%s", kinds[value->kind]);
    if (value->kind == PYPY_EMBED_BOOL || value->kind == PYPY_EMBED_INT)
        printf(" %" PRId64, value->integer);
    else if (value->kind == PYPY_EMBED_FLOAT)
        printf(" %g", value->number);
    for (size_t i = 0; i < value->len; i++)
        printf("%s%02x", i ? "" : " ", (unsigned char)value->data[i]);
    puts("");
}

static void
report(int err, char *error, struct pypy_embed_value *value)
{
    if (err) {
        printf("error %d\n%s\n", err, error);
        pypy_embed_free_text(error);
    }
    if (!err || err == PYPY_EMBED_EXITED)
        print_value(value);
    if (pypy)
        pypy_embed_release(pypy, value);
    pypy_embed_clear(value);
}

/* Python's pypy_embed.echo(x): the first argument, or an error of this number. */
static int
echo(void *context, const struct pypy_embed_value *args, size_t count,
     struct pypy_embed_value *ret_result)
{
    struct pypy_embed_value first = count ? args[0] : pypy_embed_none();
    (void)context;
    if (count > 1)
        return (int)args[1].integer;
    if (first.kind == PYPY_EMBED_BYTES || first.kind == PYPY_EMBED_STR)
        return pypy_embed_copy(ret_result, first.kind, first.data, first.len);
    *ret_result = first;
    return 0;
}

/* Python's pypy_embed.again(expression): evaluates it, from within a call. */
static int
again(void *context, const struct pypy_embed_value *args, size_t count,
      struct pypy_embed_value *ret_result)
{
    char *error;
    (void)context;
    (void)count;
    int err = pypy_embed_eval(pypy, args[0].data, ret_result, &error);
    if (err) {
        pypy_embed_copy(ret_result, PYPY_EMBED_STR, error, strlen(error));
        pypy_embed_free_text(error);
    }
    return err;
}

/* Calls sys:intern or whatever with values of every kind that can be made. */
static int
call_echo(const char *name, struct pypy_embed_value *ret_result, char **ret_error)
{
    struct pypy_embed_value args[] = {
        pypy_embed_none(),         pypy_embed_bool(7),        pypy_embed_int(INT64_MIN),
        pypy_embed_float(-0.5),    pypy_embed_bytes("\0", 1), pypy_embed_str("\xc3\xa9\xff"),
        pypy_embed_bytes(NULL, 0),
    };
    return pypy_embed_call(pypy, name, args, sizeof args / sizeof *args, ret_result, ret_error);
}

/* An object of Python: made, passed, its method called, given back. */
static int
use_object(const char *expression, struct pypy_embed_value *ret_result, char **ret_error)
{
    struct pypy_embed_value object;
    int err = pypy_embed_eval(pypy, expression, &object, ret_error);
    if (err)
        return err;
    err = pypy_embed_call_object(pypy, &object, "__repr__", NULL, 0, ret_result, ret_error);
    if (!err) {
        print_value(ret_result);
        pypy_embed_clear(ret_result);
        err = pypy_embed_call(pypy, "type", &object, 1, ret_result, ret_error);
    }
    pypy_embed_release(pypy, &object);
    return err;
}

/* A child of fork(2) alone tries to evaluate. */
static int
try_raw_child(const char *expression)
{
    pid_t child = fork();
    if (child == 0) {
        struct pypy_embed_value value = pypy_embed_none();
        char *error = NULL;
        int err = pypy_embed_eval(pypy, expression, &value, &error);
        report(err, error, &value);
        fflush(stdout);
        _exit(0);
    }
    return waitpid(child, NULL, 0) == child ? 0 : PYPY_EMBED_STATE;
}

/* The child evaluates and is ended; the parent waits for it and says how it ended. */
static int
try_child(const char *expression, struct pypy_embed_value *ret_result, char **ret_error)
{
    int status;
    pid_t child = pypy_embed_fork(pypy, ret_error);
    if (child < 0)
        return (int)child;
    if (child == 0) {
        struct pypy_embed_value value = pypy_embed_none();
        char *error = NULL;
        int err = pypy_embed_eval(pypy, expression, &value, &error);
        report(err, error, &value);
        fflush(stdout);
        _exit(err || pypy_embed_end(pypy, NULL) ? 1 : 0);
    }
    waitpid(child, &status, 0);
    *ret_result = pypy_embed_int(status);
    return 0;
}

static int
load_into_process(const char *path)
{
    return dlopen(path, RTLD_NOW | RTLD_LOCAL) ? 0 : PYPY_EMBED_NOTFOUND;
}

static int
start(const char *again_name, struct pypy_embed_value *value, char **ret_error)
{
    int err = pypy_embed_load(&config, &pypy, ret_error);
    if (!err)
        err = pypy_embed_start(pypy, ret_error);
    if (!err)
        err = pypy_embed_register(pypy, "echo", echo, NULL, ret_error);
    if (!err)
        err = pypy_embed_register(pypy, again_name, again, NULL, ret_error);
    if (!err)
        pypy_embed_copy(value, PYPY_EMBED_STR, pypy_embed_home(pypy),
                        strlen(pypy_embed_home(pypy)));
    return err;
}

static void
step(const char *what, const char *argument)
{
    struct pypy_embed_value value = pypy_embed_none();
    char *error = NULL;
    int err = 0;
#define IF(name, call)                                                                             \
    if (strcmp(what, name) == 0)                                                                   \
    err = call
    IF("start", start(argument, &value, &error));
    IF("exec", pypy_embed_exec(pypy, argument, "driven.py", &value, &error));
    IF("file", pypy_embed_exec_file(pypy, argument, &value, &error));
    IF("eval", pypy_embed_eval(pypy, argument, &value, &error));
    IF("import", pypy_embed_import(pypy, argument, &value, &error));
    IF("call", pypy_embed_call(pypy, argument, NULL, 0, &value, &error));
    IF("kinds", call_echo(argument, &value, &error));
    IF("object", use_object(argument, &value, &error));
    IF("register", pypy_embed_register(pypy, argument, echo, NULL, &error));
    IF("fork", try_child(argument, &value, &error));
    IF("raw-fork", try_raw_child(argument));
    IF("signals", pypy_embed_check_signals(pypy, &error));
    IF("raise", raise(atoi(argument)));
    IF("dlopen", load_into_process(argument));
    IF("end", pypy_embed_end(pypy, &error));
#undef IF
    report(err, error ? error : strdup(""), &value);
    fflush(stdout);
}

static void *
step_on_thread(void *context)
{
    char **words = context;
    step(words[0], words[1]);
    return NULL;
}

static void
on_thread(char **words)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_kib << 10);
    if (pthread_create(&thread, &attributes, step_on_thread, words) == 0)
        pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

/* NAME=VALUE: the configuration. */
static int
configure(char *word)
{
    static size_t home_count;
    char *value = strchr(word, '=');
    if (!value)
        return 0;
    *value++ = '\0';
    if (strcmp(word, "library") == 0)
        config.library = value;
    if (strcmp(word, "home") == 0)
        homes[home_count++] = value, config.homes = homes;
    if (strcmp(word, "flags") == 0)
        config.flags = (unsigned)atoi(value);
    if (strcmp(word, "executable") == 0)
        config.executable = value;
    if (strcmp(word, "nursery") == 0)
        config.nursery = value;
    if (strcmp(word, "stack") == 0)
        stack_kib = (size_t)atoi(value);
    return 1;
}

int
drive(int argc, char **argv)
{
    int i = 1;
    while (i < argc && configure(argv[i]))
        i++;
    while (i + 1 < argc) {
        if (strcmp(argv[i], "thread") == 0) {
            on_thread(&argv[i + 1]);
            i += 3;
        } else {
            step(argv[i], argv[i + 1]);
            i += 2;
        }
    }
    pypy_embed_free(&pypy);
    return 0;
}

int
main(int argc, char **argv)
{
    return drive(argc, argv);
}
