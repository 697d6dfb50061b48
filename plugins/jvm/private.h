/* What the files of the JVM plugin share. The JVM's own header only those see who call it. */
#pragma once

#include <bask/guest.h>
#include <bask/service_rpc.h>

struct JNINativeInterface_;
typedef const struct JNINativeInterface_ *JNIEnv; /* as jni.h has it */

/* jvm.c */
extern const struct bask_host *jvm_host;
extern const struct bask_service_rpc *jvm_rpc;
__attribute__((format(printf, 2, 3))) void jvm_note(enum bask_log_level level, const char *format,
                                                    ...);
/* What JNI has for the calling thread, which is attached if it was not. NULL: the log says why. */
JNIEnv *jvm_attach(void);

/* find.c */
/* Opens the JVM's library. NULL: what was tried is in `tried`. */
void *jvm_open_library(char *tried, size_t size);

/* calls.c */
/* Makes the server's classes known to Java, and Java's functions to the server. */
int jvm_calls_start(JNIEnv *env);
/* Loads a class and, if it is a main class, runs its main(). */
int jvm_start_class(JNIEnv *env, bask_str name, bool is_main);
