/*
 * Preloaded into a server: lets fork(2) fail, hang or die, and moves the wall clock.
 *
 * What shall happen to the next forks is a word in the file "fork-in-master" or "fork-in-zygote" of
 * the folder $BASK_FAULTS; no file: nothing. The wall clock is ahead by the seconds that stand as a
 * 64-bit number in the file "clock".
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static pid_t first; /* the process that was started; its children inherit this */
static const volatile int64_t *ahead;

static int
open_fault(const char *name)
{
    char path[4096];
    const char *folder = getenv("BASK_FAULTS");
    snprintf(path, sizeof path, "%s/%s", folder ? folder : ".", name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

__attribute__((constructor)) static void
set_up(void)
{
    first = getpid();
    int fd = open_fault("clock");
    if (fd < 0)
        return;
    void *memory = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
    ahead = memory == MAP_FAILED ? NULL : memory;
    close(fd);
}

/* "before", "parent" or "child", and what: "fail", "hang" or "kill". */
static void
act(const char *word, const char *where)
{
    size_t len = strlen(where);
    if (strncmp(word, where, len) != 0)
        return;
    if (strcmp(word + len, "-kill") == 0)
        kill(getpid(), SIGKILL);
    while (strcmp(word + len, "-hang") == 0)
        usleep(10000);
}

pid_t
fork(void)
{
    pid_t (*real)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");
    char word[32] = "";
    int fd = open_fault(getpid() == first ? "fork-in-master" : "fork-in-zygote");
    if (fd >= 0) {
        ssize_t n = read(fd, word, sizeof word - 1);
        word[n > 0 ? n : 0] = '\0';
        close(fd);
    }
    act(word, "before");
    if (strcmp(word, "fail") == 0) {
        errno = EAGAIN;
        return -1;
    }
    pid_t pid = real();
    act(word, pid ? "parent" : "child");
    return pid;
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
    int failure = (int)syscall(SYS_clock_gettime, id, t);
    if (!failure && ahead && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        t->tv_sec += *ahead;
    return failure;
}

time_t
time(time_t *ret_time)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    if (ret_time)
        *ret_time = t.tv_sec;
    return t.tv_sec;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    tv->tv_sec = t.tv_sec;
    tv->tv_usec = t.tv_nsec / 1000;
    return 0;
}
