/*
 * A program that loads its Python once and forks children, which inherit it with the machine code
 * that the JIT has made; another thread is inside Python meanwhile. At the end it shows that a
 * child of fork(2) alone is refused: PyPy's lock may be held by a thread that does not exist there.
 */
#include <pypy_embed.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3 };

static struct pypy_embed *pypy;
static atomic_bool stop;

static const char source[] =
    "import atexit, os, random, sys, threading\n"
    "parent = os.getpid()\n"
    "state = random.getstate()\n"
    "loaded = ['by the parent']\n"
    "os.register_at_fork(after_in_child=lambda: loaded.append('told of the fork'))\n"
    "atexit.register(lambda: os.getpid() == parent or print('atexit of the child', flush=True))\n"
    "def work():\n"
    "    return sum(i * i % 7 for i in range(2000))\n"
    "def child(number):\n"
    "    main = threading.current_thread() is threading.main_thread()\n"
    "    print('child', number, loaded, work() == expected, main, random.random() != "
    "0.13436424411240122)\n"
    "    return number\n"
    "expected = work()\n"
    "print('written before the fork, once')\n";

static int
failed(const char *what, char *error)
{
    fprintf(stderr, "%s: %s\n", what, error);
    pypy_embed_free_text(error);
    return 1;
}

/* A thread that is in Python all the time. */
static void *
be_busy(void *context)
{
    (void)context;
    while (!stop)
        pypy_embed_call(pypy, "work", NULL, 0, NULL, NULL);
    return NULL;
}

static int
run_child(int number)
{
    struct pypy_embed_value argument = pypy_embed_int(number), result;
    char *error;
    if (pypy_embed_call(pypy, "child", &argument, 1, &result, &error))
        return failed("child", error);
    if (pypy_embed_end(pypy, &error))
        return failed("end of a child", error);
    return (int)result.integer;
}

static int
run_children(void)
{
    char *error;
    for (int number = 0; number < CHILDREN; number++) {
        int status;
        pid_t child = pypy_embed_fork(pypy, &error);
        if (child < 0)
            return failed("fork", error);
        if (child == 0)
            _exit(run_child(number));
        if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != number)
            return 1;
    }
    return 0;
}

static int
show_refusal(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        char *error;
        if (pypy_embed_call(pypy, "work", NULL, 0, NULL, &error) == PYPY_EMBED_STATE)
            fprintf(stdout, "refused: %s\n", error);
        fflush(stdout);
        _exit(0);
    }
    return child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

int
main(void)
{
    struct pypy_embed_config config = {.flags = 0};
    pthread_t busy;
    char *error;
    if (pypy_embed_load(&config, &pypy, &error) || pypy_embed_start(pypy, &error) ||
        pypy_embed_exec(pypy, source, "children.py", NULL, &error))
        return failed("start", error);
    /* The default stack of 8 MB will do; see pool.c where that is not known. */
    if (pthread_create(&busy, NULL, be_busy, NULL))
        return 1;
    int status = run_children();
    stop = true;
    pthread_join(busy, NULL);
    if (show_refusal())
        status = 1;
    if (pypy_embed_end(pypy, &error))
        return failed("end", error);
    pypy_embed_free(&pypy);
    return status;
}
