/*
 * A program with a pool of C threads, all of which call Python, while Python calls C from threads
 * of its own. Nothing is attached; each thread is given a stack that is large enough.
 */
#include <pypy_embed.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { THREADS = 4, CALLS = 500 };

static struct pypy_embed *pypy;
static atomic_llong counted, failures;

static const char source[] =
    "import pypy_embed, threading\n"
    "def triangle(n):\n"
    "    pypy_embed.count(1)\n"
    "    return sum(range(n + 1))\n"
    "def recurse():\n"
    "    return recurse()\n"
    "def count_in_threads(threads, times):\n"
    "    def run():\n"
    "        for _ in range(times):\n"
    "            pypy_embed.count(1)\n"
    "    running = [threading.Thread(target=run) for _ in range(threads)]\n"
    "    for thread in running: thread.start()\n"
    "    for thread in running: thread.join()\n";

/* Called by Python from any thread, without PyPy's lock: what it shares it has to guard itself. */
static int
count(void *context, const struct pypy_embed_value *args, size_t arg_count,
      struct pypy_embed_value *ret_result)
{
    (void)context;
    (void)ret_result;
    counted += arg_count == 1 && args[0].kind == PYPY_EMBED_INT ? args[0].integer : 0;
    return 0;
}

static int
complain(const char *what, char *error)
{
    failures++;
    fprintf(stderr, "%s: %s\n", what, error);
    pypy_embed_free_text(error);
    return 1;
}

static void *
work(void *context)
{
    char *error;
    struct pypy_embed_value result;
    (void)context;
    for (int64_t n = 0; n < CALLS; n++) {
        struct pypy_embed_value argument = pypy_embed_int(n);
        if (pypy_embed_call(pypy, "triangle", &argument, 1, &result, &error))
            complain("triangle", error);
        else if (result.integer != n * (n + 1) / 2)
            failures++;
    }
    /* An endless recursion is an exception here as on any thread, if the stack is large enough. */
    if (pypy_embed_call(pypy, "recurse", NULL, 0, NULL, &error) == PYPY_EMBED_RAISED)
        pypy_embed_free_text(error);
    else
        failures++;
    return NULL;
}

/* A thread whose stack is too small is refused; it would crash sooner or later. */
static void *
try_small(void *context)
{
    char *error;
    (void)context;
    if (pypy_embed_exec(pypy, "pass", NULL, NULL, &error) == PYPY_EMBED_STATE) {
        puts("a thread with a small stack is refused");
        pypy_embed_free_text(error);
    }
    return NULL;
}

static int
start_thread(pthread_t *thread, size_t stack, void *(*run)(void *))
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    int err = pthread_create(thread, &attributes, run, NULL);
    pthread_attr_destroy(&attributes);
    return err;
}

static int
run_pool(void)
{
    pthread_t pool[THREADS], small;
    struct pypy_embed_value args[] = {pypy_embed_int(3), pypy_embed_int(100)};
    char *error;
    for (int i = 0; i < THREADS; i++)
        if (start_thread(&pool[i], PYPY_EMBED_STACK, work))
            return 1;
    if (pypy_embed_call(pypy, "count_in_threads", args, 2, NULL, &error))
        complain("count_in_threads", error);
    for (int i = 0; i < THREADS; i++)
        pthread_join(pool[i], NULL);
    if (start_thread(&small, (size_t)256 << 10, try_small))
        return 1;
    pthread_join(small, NULL);
    printf("Python counted to %lld in C, %lld failures\n", counted, failures);
    return failures != 0;
}

int
main(void)
{
    struct pypy_embed_config config = {.flags = 0};
    char *error;
    int status = 1;
    if (pypy_embed_load(&config, &pypy, &error) || pypy_embed_start(pypy, &error) ||
        pypy_embed_register(pypy, "count", count, NULL, &error) ||
        pypy_embed_exec(pypy, source, "pool.py", NULL, &error))
        return complain("start", error);
    status = run_pool();
    if (pypy_embed_end(pypy, &error))
        return complain("end", error);
    pypy_embed_free(&pypy);
    return status;
}
