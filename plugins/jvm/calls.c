/*
 * Calls from Java and into Java. All that crosses are bytes and arrays of bytes: what they mean is
 * Java's own business (uwsgi.java). An exception never stays pending behind a call into Java.
 */
#include "private.h"

#include "classes.h"

#include <bask/service_signal.h>

#include <jni.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOCAL_REFERENCES = 16, ERROR_SIZE = 512 };

static jclass uwsgi, bytes_class;
static jmethodID invoke, start, option, describe;

static jbyteArray
to_java(JNIEnv *env, bask_str text)
{
    jbyteArray array = (*env)->NewByteArray(env, (jsize)text.len);
    if (array && text.len)
        (*env)->SetByteArrayRegion(env, array, 0, (jsize)text.len, (const jbyte *)text.ptr);
    return array;
}

/* A copy in memory of malloc(3), for an array that is not empty; else an absent text. -1: there is
 * no memory. */
static int
from_java(JNIEnv *env, jbyteArray array, bask_str *ret_text)
{
    jsize len = array ? (*env)->GetArrayLength(env, array) : 0;
    char *copy = len ? malloc((size_t)len) : NULL;
    if (len && !copy)
        return -1;
    if (len)
        (*env)->GetByteArrayRegion(env, array, 0, len, (jbyte *)copy);
    *ret_text = (bask_str){copy, (size_t)len};
    return 0;
}

/* -1 if the last call threw: then that is in the log, with its stack trace, and over. */
static int
check(JNIEnv *env, const char *what)
{
    jthrowable error = (*env)->ExceptionOccurred(env);
    bask_str text = {0};
    if (!error)
        return 0;
    (*env)->ExceptionClear(env);
    jbyteArray described =
        describe ? (*env)->CallStaticObjectMethod(env, uwsgi, describe, error) : NULL;
    (*env)->ExceptionClear(env); /* it may fail again, for want of memory */
    if (described && from_java(env, described, &text))
        text = (bask_str){0};
    jvm_note(BASK_LOG_ERROR, "%s raised:\n%.*s", what, BASK_FMT(text));
    free((char *)text.ptr);
    return -1;
}

static jobjectArray
make_arguments(JNIEnv *env, const bask_str *arguments, uint32_t count)
{
    jobjectArray array = (*env)->NewObjectArray(env, (jsize)count, bytes_class, NULL);
    for (uint32_t i = 0; array && i < count; i++) {
        jbyteArray one = to_java(env, arguments[i]);
        if (!one)
            return NULL;
        (*env)->SetObjectArrayElement(env, array, (jsize)i, one);
        (*env)->DeleteLocalRef(env, one);
    }
    return array;
}

static int
call_function(void *function, bask_str name, const bask_str *arguments, uint32_t count,
              bask_str *ret_result)
{
    JNIEnv *env = jvm_attach();
    char what[BASK_RPC_NAME + 32];
    bask_str result = {0};
    if (!env || (*env)->PushLocalFrame(env, LOCAL_REFERENCES))
        return -1;
    snprintf(what, sizeof what, "the RPC function %.*s", BASK_FMT(name));
    jobjectArray array = make_arguments(env, arguments, count);
    jbyteArray given =
        array ? (*env)->CallStaticObjectMethod(env, uwsgi, invoke, (jint)(intptr_t)function, array)
              : NULL;
    int err = check(env, what);
    if (!err)
        err = from_java(env, given, &result);
    (*env)->PopLocalFrame(env, NULL);
    if (!err)
        *ret_result = result;
    return err;
}

static const struct bask_rpc_language language = {
    .size = sizeof language,
    .name = "Java",
    .call = call_function,
};

/* The natives of class uwsgi */

static jboolean JNICALL
define(JNIEnv *env, jclass class, jbyteArray name, jint number)
{
    bask_str key;
    (void)class;
    if (from_java(env, name, &key))
        return JNI_FALSE;
    int err = jvm_rpc->define(key, &language, (void *)(intptr_t)number);
    free((char *)key.ptr);
    return err ? JNI_FALSE : JNI_TRUE;
}

/* Copies of all, in one piece of memory. NULL: there is none. */
static char *
copy_arguments(JNIEnv *env, jobjectArray array, bask_str *out, uint32_t count)
{
    size_t total = 1;
    for (uint32_t i = 0; i < count; i++) {
        jbyteArray one = (*env)->GetObjectArrayElement(env, array, (jsize)i);
        out[i].len = (size_t)(*env)->GetArrayLength(env, one);
        total += out[i].len;
        (*env)->DeleteLocalRef(env, one);
    }
    char *bytes = malloc(total), *at = bytes;
    for (uint32_t i = 0; bytes && i < count; i++) {
        jbyteArray one = (*env)->GetObjectArrayElement(env, array, (jsize)i);
        (*env)->GetByteArrayRegion(env, one, 0, (jsize)out[i].len, (jbyte *)at);
        (*env)->DeleteLocalRef(env, one);
        out[i].ptr = at;
        at += out[i].len;
    }
    return bytes;
}

static jbyteArray JNICALL
call_at(JNIEnv *env, jclass class, jbyteArray java_node, jbyteArray java_name, jobjectArray array)
{
    bask_str arguments[BASK_RPC_ARGUMENTS], node = {0}, name = {0}, result = {0};
    uint32_t count = (uint32_t)(*env)->GetArrayLength(env, array);
    (void)class;
    char *bytes = copy_arguments(env, array, arguments, count);
    int err = !bytes || from_java(env, java_node, &node) || from_java(env, java_name, &name) ||
              jvm_rpc->call_at(node, name, arguments, count, &result);
    jbyteArray given = !err && result.len ? to_java(env, result) : NULL;
    if (!err)
        jvm_rpc->release(result);
    free((char *)name.ptr);
    free((char *)node.ptr);
    free(bytes);
    return given;
}

static jbyteArray JNICALL
name_of(JNIEnv *env, jclass class, jint number)
{
    bask_str name;
    (void)class;
    return jvm_rpc->name((uint32_t)number, &name) ? NULL : to_java(env, name);
}

static void JNICALL
write_log(JNIEnv *env, jclass class, jbyteArray line)
{
    bask_str text;
    (void)class;
    if (from_java(env, line, &text))
        return;
    jvm_host->log(BASK_LOG_INFO, text);
    free((char *)text.ptr);
}

/* Null, or why not. */
static jbyteArray JNICALL
raise_signal(JNIEnv *env, jclass class, jint number)
{
    const struct bask_service_signal *signals = jvm_host->service("signal");
    char error[ERROR_SIZE];
    (void)class;
    if (!signals->raise((uint32_t)number, error, sizeof error))
        return NULL;
    return to_java(env, (bask_str){error, strlen(error)});
}

static jint JNICALL
worker_id(JNIEnv *env, jclass class)
{
    (void)env;
    (void)class;
    return (jint)jvm_host->worker_id();
}

static jint JNICALL
pid(JNIEnv *env, jclass class)
{
    (void)env;
    (void)class;
    return (jint)getpid();
}

static const JNINativeMethod natives[] = {
    {(char[]){"worker_id"}, (char[]){"()I"}, (void *)worker_id},
    {(char[]){"pid"}, (char[]){"()I"}, (void *)pid},
    {(char[]){"define"}, (char[]){"([BI)Z"}, (void *)define},
    {(char[]){"call_at"}, (char[]){"([B[B[[B)[B"}, (void *)call_at},
    {(char[]){"name"}, (char[]){"(I)[B"}, (void *)name_of},
    {(char[]){"write_log"}, (char[]){"([B)V"}, (void *)write_log},
    {(char[]){"raise"}, (char[]){"(I)[B"}, (void *)raise_signal},
};

/* Into the loader of the user's classes, so that these see them. */
static int
define_classes(JNIEnv *env)
{
    jclass loaders = (*env)->FindClass(env, "java/lang/ClassLoader");
    jmethodID get = loaders ? (*env)->GetStaticMethodID(env, loaders, "getSystemClassLoader",
                                                        "()Ljava/lang/ClassLoader;")
                            : NULL;
    jobject loader = get ? (*env)->CallStaticObjectMethod(env, loaders, get) : NULL;
    for (size_t i = 0; loader && jvm_classes[i].name; i++) {
        jclass class = (*env)->DefineClass(env, jvm_classes[i].name, loader, jvm_classes[i].bytes,
                                           (jsize)jvm_classes[i].size);
        if (!class)
            return -1;
        if (strcmp(jvm_classes[i].name, "uwsgi") == 0)
            uwsgi = (*env)->NewGlobalRef(env, class);
    }
    return uwsgi ? 0 : -1;
}

static int
find_methods(JNIEnv *env)
{
    jclass found = (*env)->FindClass(env, "[B");
    bytes_class = found ? (*env)->NewGlobalRef(env, found) : NULL;
    if (!bytes_class ||
        (*env)->RegisterNatives(env, uwsgi, natives, sizeof natives / sizeof *natives))
        return -1;
    describe = (*env)->GetStaticMethodID(env, uwsgi, "describe", "(Ljava/lang/Throwable;)[B");
    invoke = (*env)->GetStaticMethodID(env, uwsgi, "invoke", "(I[[B)[B");
    start = (*env)->GetStaticMethodID(env, uwsgi, "start", "([BZ)V");
    option = (*env)->GetStaticMethodID(env, uwsgi, "option", "([B[B)V");
    return describe && invoke && start && option ? 0 : -1;
}

/* One value; of an option that is given several times the next one. */
static int
tell_option(JNIEnv *env, bask_str name, size_t index)
{
    char key[128];
    bask_str value;
    snprintf(key, sizeof key, "%.*s", BASK_FMT(name));
    if (jvm_host->option(key, index, &value))
        return -1;
    (*env)->CallStaticVoidMethod(env, uwsgi, option, to_java(env, name),
                                 value.ptr ? to_java(env, value) : NULL);
    return check(env, "the options of Java");
}

static void
tell_options(JNIEnv *env)
{
    bask_str name;
    for (size_t n = 0; !jvm_host->option_given(n, &name); n++) {
        if ((*env)->PushLocalFrame(env, LOCAL_REFERENCES))
            return;
        for (size_t index = 0; !tell_option(env, name, index); index++)
            (*env)->EnsureLocalCapacity(env, LOCAL_REFERENCES);
        (*env)->PopLocalFrame(env, NULL);
    }
}

int
jvm_calls_start(JNIEnv *env)
{
    if ((*env)->PushLocalFrame(env, LOCAL_REFERENCES))
        return -1;
    int err = define_classes(env) || find_methods(env);
    if (err)
        check(env, "the server's classes in Java");
    (*env)->PopLocalFrame(env, NULL);
    if (!err)
        tell_options(env);
    return err ? -1 : 0;
}

int
jvm_start_class(JNIEnv *env, bask_str name, bool is_main)
{
    char what[512];
    if ((*env)->PushLocalFrame(env, LOCAL_REFERENCES))
        return -1;
    snprintf(what, sizeof what, "--jvm-%s %.*s", is_main ? "main-class" : "class", BASK_FMT(name));
    (*env)->CallStaticVoidMethod(env, uwsgi, start, to_java(env, name), (jboolean)is_main);
    int err = check(env, what);
    (*env)->PopLocalFrame(env, NULL);
    return err;
}
