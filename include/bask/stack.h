/*
 * How much stack the calling thread has left: functions are called in threads of other languages,
 * which may have little, and call each other as deep as they like.
 */
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* SIZE_MAX if that cannot be told. */
static inline size_t
bask_stack_left(void)
{
    static __thread void *low; /* the lowest address of the thread's stack */
    const char *here = (const char *)__builtin_frame_address(0);
    pthread_attr_t attributes;
    size_t size;
    if (!low && pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &low, &size))
            low = NULL;
        pthread_attr_destroy(&attributes);
    }
    return low ? (size_t)(here - (const char *)low) : SIZE_MAX;
}
