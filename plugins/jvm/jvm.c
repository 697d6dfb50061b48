/*
 * The JVM guest: functions in Java, callable by name from the application, from other languages,
 * and from other servers.
 *
 * A JVM does not survive a fork, so each worker has one of its own, made before its application's
 * post-fork hooks run; it ends with its process. It gets none of the server's signals.
 */
#include "private.h"

#include <jni.h>

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VERSION = JNI_VERSION_1_8, OWN_OPTIONS = 3 };

static struct {
    struct bask_values main_classes, classes, classpath, options;
} options;

const struct bask_host *jvm_host;
const struct bask_service_rpc *jvm_rpc;

static void *library;
static JavaVM *vm;
static pid_t home;             /* the process that the JVM is in */
static pthread_key_t attached; /* of threads that have to be detached when they end */

#define AT(member) ((size_t)((char *)&options.member - (char *)&options))
static const struct bask_option rows[] = {
    {"jvm-main-class", NULL, 0, BASK_OPT_LIST, AT(main_classes), 0, 0, NULL, "CLASS",
     "start a JVM in each worker and run this class's main()"},
    {"jvm-class", NULL, 0, BASK_OPT_LIST, AT(classes), 0, 0, NULL, "CLASS",
     "start a JVM in each worker and load this class, which runs its static initializers"},
    {"jvm-classpath", NULL, 0, BASK_OPT_LIST, AT(classpath), 0, 0, NULL, "PATH[:PATH...]",
     "folders and jars where the JVM looks for classes"},
    {"jvm-opt", NULL, 0, BASK_OPT_LIST, AT(options), 0, 0, NULL, "OPTION",
     "an option of the JVM's own, such as -Xmx256m"},
};

static const struct bask_option_table table = {
    .group = "JVM",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .values = &options,
};

void
jvm_note(enum bask_log_level level, const char *format, ...)
{
    char *line;
    va_list arguments;
    va_start(arguments, format);
    int len = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (len < 0)
        return;
    jvm_host->log(level, (bask_str){line, (size_t)len});
    free(line);
}

static bool
wanted(void)
{
    return options.main_classes.count || options.classes.count;
}

/* Only what a fork does not break: the library is there and is one. */
static int
load(const struct bask_host *host)
{
    char tried[4096];
    jvm_host = host;
    jvm_rpc = host->service("rpc");
    if (library || (library = jvm_open_library(tried, sizeof tried)))
        return 0;
    jvm_note(BASK_LOG_ERROR,
             "there is no JVM (on Debian: apt-get install default-jre-headless; "
             "or JAVA_HOME names one). Tried:%s",
             tried);
    return -1;
}

/* "-Djava.class.path=.:one:two": the current folder is there, as in uWSGI. */
static char *
classpath_option(void)
{
    static const char name[] = "-Djava.class.path=.";
    size_t size = sizeof name;
    for (size_t i = 0; i < options.classpath.count; i++)
        size += options.classpath.items[i].text.len + 1;
    char *option = malloc(size), *at = option;
    if (!option)
        return NULL;
    at = stpcpy(at, name);
    for (size_t i = 0; i < options.classpath.count; i++) {
        *at++ = ':';
        at = stpcpy(at, options.classpath.items[i].text.ptr);
    }
    return option;
}

/* The JVM suspends its threads by a signal: one that no application uses, unless the user says. Its
 * threads take no others, so that these go to threads that wait for them. */
static jint
create(JavaVMInitArgs *arguments, JNIEnv **ret_env)
{
    static const char variable[] = "_JAVA_SR_SIGNUM";
    static const int its_own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    jint (*create_vm)(JavaVM **, void **, void *);
    char number[16];
    sigset_t all, before;
    *(void **)&create_vm = dlsym(library, "JNI_CreateJavaVM");
    if (!create_vm)
        return JNI_ERR;
    bool is_free = !getenv(variable);
    snprintf(number, sizeof number, "%d", SIGRTMIN + 9);
    if (is_free)
        setenv(variable, number, 1);
    sigfillset(&all);
    for (size_t i = 0; i < sizeof its_own / sizeof *its_own; i++)
        sigdelset(&all, its_own[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    jint result = create_vm(&vm, (void **)ret_env, arguments);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (is_free)
        unsetenv(variable); /* children have a Java of their own */
    return result;
}

/* -Xrs: signals are the server's. -Xss: threads of Java's may call Python, which needs a stack. */
static int
create_with_options(JNIEnv **ret_env)
{
    char *path = classpath_option();
    size_t count = OWN_OPTIONS + options.options.count;
    JavaVMOption *list = calloc(count, sizeof *list);
    if (!path || !list) {
        free(path);
        free(list);
        return -1;
    }
    list[0].optionString = (char[]){"-Xrs"};
    list[1].optionString = (char[]){"-Xss4m"};
    list[2].optionString = path;
    for (size_t i = 0; i < options.options.count; i++)
        list[OWN_OPTIONS + i].optionString = (char *)options.options.items[i].text.ptr;
    JavaVMInitArgs arguments = {.version = VERSION, .nOptions = (jint)count, .options = list};
    jint result = create(&arguments, ret_env);
    free(list);
    free(path);
    if (result)
        jvm_note(BASK_LOG_ERROR,
                 "worker %u: the JVM does not start (JNI error %d); its own words "
                 "are above, --jvm-opt has its options",
                 jvm_host->worker_id(), (int)result);
    return result ? -1 : 0;
}

static void
detach(void *unused)
{
    (void)unused;
    if (getpid() == home)
        (*vm)->DetachCurrentThread(vm);
}

JNIEnv *
jvm_attach(void)
{
    void *env;
    if (getpid() != home) {
        jvm_note(BASK_LOG_ERROR, "there is no JVM in process %d: the application has forked it",
                 (int)getpid());
        return NULL;
    }
    if ((*vm)->GetEnv(vm, &env, VERSION) == JNI_OK)
        return env;
    JavaVMAttachArgs arguments = {.version = VERSION, .name = (char[]){"bask"}};
    if ((*vm)->AttachCurrentThreadAsDaemon(vm, &env, &arguments)) {
        jvm_note(BASK_LOG_ERROR, "the JVM does not take this thread");
        return NULL;
    }
    pthread_setspecific(attached, vm);
    return env;
}

static int
start_classes(JNIEnv *env)
{
    int err = 0;
    for (size_t i = 0; i < options.classes.count && !err; i++)
        err = jvm_start_class(env, options.classes.items[i].text, false);
    for (size_t i = 0; i < options.main_classes.count && !err; i++)
        err = jvm_start_class(env, options.main_classes.items[i].text, true);
    return err;
}

static int
post_fork(void)
{
    JNIEnv *env;
    home = getpid();
    if (pthread_key_create(&attached, detach) || create_with_options(&env) || jvm_calls_start(env))
        return -1;
    return start_classes(env);
}

/* Waiting for its threads would take as long as they like. The process ends, and they with it. */
static void
fini(void)
{
}

const struct bask_guest bask_guest_jvm = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof bask_guest_jvm,
    .name = "jvm",
    .summary = "functions in Java, beside the application",
    .options = &table,
    .wanted = wanted,
    .load = load,
    .post_fork = post_fork,
    .fini = fini,
    .abi_minor = BASK_ABI_MINOR,
};
