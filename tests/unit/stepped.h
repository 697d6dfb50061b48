/* A process that is killed after so many instructions, for what must be whole wherever that is. */
#pragma once

#include "test.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0 /* else their instructions would be stepped through, too */
#endif

/* Steps a child through `act`, which gives 0, and kills it; false: it was done before. */
static bool
stop_after(int (*act)(void *context), void *context, long instructions)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
            _exit(2);
        raise(SIGSTOP);
        _exit(act(context) ? 1 : 0);
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status))
        skip(); /* somebody traces the test, or forbids to trace */
    for (long i = 0; i < instructions && WIFSTOPPED(status); i++)
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) || waitpid(child, &status, 0) < 0)
            break;
    if (WIFEXITED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
        return false;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return true;
}
