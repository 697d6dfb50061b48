/*
 * A program that loads the server as a library, calls it with its own command line, and then still
 * has what was its own: usage: library-host LIBRARY OPTION...
 *
 * With $HOST_PYPY it loads that library of PyPy before, and starts it if $HOST_STARTS_PYPY is
 * "yes". It ends with what the server returned; with 99 if something of it was not given back.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
    caught = number;
}

static void
lost(const char *what)
{
    fprintf(stderr, "host: %s was not given back\n", what);
    exit(99);
}

/* Signals, the mask, who adopts orphans. */
static void
look_around(const char *environment)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGTSTP, SIGPIPE};
    int adopts = -1;
    sigset_t mask;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        raise(numbers[i]);
        if (caught != numbers[i])
            lost(strsignal(numbers[i]));
    }
    sigprocmask(SIG_SETMASK, NULL, &mask);
    if (!sigismember(&mask, SIGUSR2))
        lost("the mask of signals");
    if (prctl(PR_GET_CHILD_SUBREAPER, &adopts, 0, 0, 0) || adopts)
        lost("the state of a subreaper");
    if (getenv("HOME") != environment)
        lost("the environment");
    if (waitpid(-1, NULL, WNOHANG) != -1)
        lost("children were left:");
}

static void
have_pypy(void)
{
    const char *name = getenv("HOST_PYPY");
    void *pypy = name ? dlopen(name, RTLD_NOW | RTLD_GLOBAL) : NULL;
    if (!pypy || strcmp(getenv("HOST_STARTS_PYPY"), "yes") != 0)
        return;
    ((int (*)(void))dlsym(pypy, "rpython_startup_code"))();
    ((int (*)(char *, int))dlsym(pypy, "pypy_setup_home"))(NULL, 1);
    ((void (*)(void))dlsym(pypy, "pypy_init_threads"))();
}

int
main(int argc, char **argv)
{
    sigset_t blocked;
    const char *environment = getenv("HOME");
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
    if (argc < 2 || !library) {
        fprintf(stderr, "host: %s\n", dlerror());
        return 98;
    }
    int (*init)(int, char **, char **) =
        (int (*)(int, char **, char **))dlsym(library, "bask_init");
    have_pypy();
    for (int number = 1; number < NSIG; number++)
        signal(number, on_signal);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    argv[1] = argv[0];
    int code = init(argc - 1, argv + 1, NULL);
    fprintf(stderr, "host: the server returned %d\n", code);
    look_around(environment);
    if (init(argc - 1, argv + 1, NULL) != 1)
        lost("the second call");
    dlclose(library);
    return code;
}
